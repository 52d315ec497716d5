"""The guide's `inngest.config.json`: the CLI reads other keys, and skips these without a word."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from inngest_devtools.words import t

# The keys that the CLI reads in its file, `inngest dev` and `inngest start`, 1.43.
KEYS = frozenset(
    [
        "sdk-url",
        "no-discovery",
        "no-poll",
        "host",
        "port",
        "poll-interval",
        "retry-interval",
        "queue-workers",
        "tick",
        "connect-gateway-port",
        "connect-gateway-grpc-port",
        "connect-gateway-grpc-ip",
        "connect-executor-grpc-port",
        "connect-executor-grpc-ip",
        "persist",
        "sqlite-dir",
        "postgres-uri",
        "postgres-max-idle-conns",
        "postgres-max-open-conns",
        "postgres-conn-max-idle-time",
        "postgres-conn-max-lifetime",
        "redis-uri",
        "signing-key",
        "event-key",
        "no-ui",
        "debug-api-port",
        "system-trace-endpoint",
        "system-trace-url-path",
    ]
)
# Other people's words for them, with `.` where one object lies in another.
MEANINGS = {
    "database.url": "postgres-uri",
    "database.uri": "postgres-uri",
    "database-url": "postgres-uri",
    "postgres.url": "postgres-uri",
    "postgres.uri": "postgres-uri",
    "postgres-url": "postgres-uri",
    "database.pool-size": "postgres-max-open-conns",
    "database.max-open-conns": "postgres-max-open-conns",
    "database.max-connections": "postgres-max-open-conns",
    "database.max-idle-conns": "postgres-max-idle-conns",
    "redis.url": "redis-uri",
    "redis.uri": "redis-uri",
    "redis-url": "redis-uri",
    "server.host": "host",
    "server.port": "port",
    "urls": "sdk-url",
    "url": "sdk-url",
    "sdk.url": "sdk-url",
    "sdk.urls": "sdk-url",
}
LISTS = frozenset({"sdk-url", "event-key"})  # a text in place of a list is skipped too
LOG_LEVELS = frozenset({"log-level", "loglevel", "log.level", "logging.level", "level"})
IDLE_CONNECTIONS = 10  # the server's default, never above the open ones


@dataclass
class Migrated:
    """A config's new text, what was done by line, and what a person decides by line."""

    text: str
    notes: list[tuple[int, str]] = field(default_factory=list)
    findings: list[tuple[int, str]] = field(default_factory=list)


def is_config(name: str) -> bool:
    return bool(re.fullmatch(r"inngest([._-][\w.-]+)?\.json", name, re.IGNORECASE))


def migrate_config(text: str) -> Migrated:
    """Turn the keys of a config into those that the CLI reads.

    What has no key is left out, since the CLI skips it anyway, and said.
    """
    result = Migrated(text)
    try:
        config = json.loads(text)
    except ValueError as error:
        result.findings.append(
            (getattr(error, "lineno", 0), t("is not JSON: {error}", error=error))
        )
        return result
    if not isinstance(config, dict):
        return result
    new: dict[str, Any] = {}
    for path, value in _flatten(config):
        _take(result, new, path, value)
    open_connections = new.get("postgres-max-open-conns")
    if isinstance(open_connections, int) and open_connections < IDLE_CONNECTIONS:
        new.setdefault("postgres-max-idle-conns", open_connections)
    if new.get("host") == "0.0.0.0":
        message = t(
            "host 0.0.0.0 shows the Dev Server, which asks for no password, to the "
            "whole network: 127.0.0.1"
        )
        result.findings.append((_line(text, "host"), message))
    if new != config:
        result.text = _write(text, new)
        result.notes.append((1, t("has the keys that the CLI reads")))
    return result


def _flatten(config: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    items: list[tuple[str, Any]] = []
    for key, value in config.items():
        path = f"{above}{key}"
        if isinstance(value, dict):
            items += _flatten(value, f"{path}.")
        else:
            items.append((path, value))
    return items


def _take(result: Migrated, new: dict[str, Any], path: str, value: Any) -> None:
    """Put one setting under its real key, or say that it has none."""
    text = result.text
    last = path.rpartition(".")[2]
    plain = _kebab(path)
    key = plain if plain in KEYS else MEANINGS.get(plain)
    line = _line(text, last)
    shown = json.dumps(value, ensure_ascii=False)
    if plain in LOG_LEVELS:
        message = t(
            "{path} has no key in this file: set the environment's "
            "LOG_LEVEL={value}, or --log-level {value}",
            path=path,
            value=value,
        )
        result.findings.append((line, message))
    elif key is None:
        result.findings.append(
            (line, t("{path}: {shown} is read by nothing: left out", path=path, shown=shown))
        )
    elif key == "postgres-uri" and not str(value).startswith(("postgres://", "postgresql://")):
        message = t(
            "{path} is no address of PostgreSQL ({kind}), the one database besides "
            "SQLite in sqlite-dir: left out",
            path=path,
            kind=str(value).partition(":")[0],
        )
        result.findings.append((line, message))
    elif key == "postgres-max-open-conns" and isinstance(value, int) and value < 2:
        result.findings.append(
            (
                line,
                t(
                    "{path}: {shown} is too few connections, the server wants 2: left out",
                    path=path,
                    shown=shown,
                ),
            )
        )
    else:
        new[key] = [value] if key in LISTS and isinstance(value, str) else value


def _kebab(path: str) -> str:
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", path)
    return words.replace("_", "-").lower()


def _line(text: str, key: str) -> int:
    match = re.search(rf'"{re.escape(key)}"\s*:', text)
    return text.count("\n", 0, match.start()) + 1 if match else 0


def _write(text: str, config: dict[str, Any]) -> str:
    """In the manner of the old text: its indent, line ends and end."""
    match = re.search(r"\n([ \t]+)\S", text)
    indent = match[1] if match else None
    new = json.dumps(config, ensure_ascii=False, indent=indent)
    end = text[len(text.rstrip()) :]
    new = new + end.replace("\r\n", "\n")
    return new.replace("\n", "\r\n") if "\r\n" in text else new
