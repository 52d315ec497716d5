"""What the Dev Server is told: inngest.config.json, checked here because the CLI ignores what it
does not know.
"""

import difflib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from inngest_devtools.errors import DevtoolsError
from inngest_devtools.project import (
    PROJECT_ROOT,
    command,
    read_app_port,
    read_inngest_settings,
    read_variable,
)
from inngest_devtools.words import t

CONFIG_FILE = "bin/inngest/inngest.config.json"  # below the project's root

PORTS = {  # keys, and the ports that the CLI takes without them
    "port": 8288,
    "connect-gateway-port": 8289,
    "connect-gateway-grpc-port": 50052,
    "connect-executor-grpc-port": 50053,
}
# Every key that `inngest dev` 1.43 reads.
KEYS: dict[str, type] = {
    **dict.fromkeys(PORTS, int),
    **dict.fromkeys(
        ("poll-interval", "retry-interval", "queue-workers", "tick", "debug-api-port"), int
    ),
    **dict.fromkeys(("postgres-max-idle-conns", "postgres-max-open-conns"), int),
    **dict.fromkeys(("postgres-conn-max-idle-time", "postgres-conn-max-lifetime"), int),
    **dict.fromkeys(("host", "connect-gateway-grpc-ip", "connect-executor-grpc-ip"), str),
    **dict.fromkeys(
        ("sqlite-dir", "postgres-uri", "system-trace-endpoint", "system-trace-url-path"), str
    ),
    **dict.fromkeys(("no-discovery", "no-poll", "persist"), bool),
    "sdk-url": list,
}
OLD_NAMES = {"database": "postgres-uri", "pool-size": "postgres-max-open-conns", "urls": "sdk-url"}


@dataclass(frozen=True)
class ServerConfig:
    """`options` is all that the file says."""

    options: dict[str, Any]
    ports: dict[str, int]
    sdk_urls: list[str]
    postgres_uri: str | None = None
    persist: bool = False
    sqlite_dir: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['port']}"


def app_url() -> str:
    return f"http://127.0.0.1:{read_app_port()}"


def read_config() -> ServerConfig:
    """The project's inngest.config.json; a DevtoolsError if it says what the CLI would ignore,
    misread or refuse.
    """
    try:
        values = json.loads((PROJECT_ROOT / CONFIG_FILE).read_text("utf-8-sig"))
    except FileNotFoundError:
        raise DevtoolsError(
            t("{file} is missing: restore it with `git checkout {file}`.", file=CONFIG_FILE)
        ) from None
    except UnicodeDecodeError:
        raise DevtoolsError(t("{file} is not UTF-8: save it as UTF-8.", file=CONFIG_FILE)) from None
    except json.JSONDecodeError as error:
        raise DevtoolsError(
            t(
                "{file}, line {line}: not JSON: {problem}.",
                file=CONFIG_FILE,
                line=error.lineno,
                problem=error.msg,
            )
        ) from None
    if not isinstance(values, dict):
        raise DevtoolsError(
            t('{file} is not an object: write {{"port": 8288, ...}}.', file=CONFIG_FILE)
        )
    if problems := [problem for key, value in values.items() if (problem := _explain(key, value))]:
        raise DevtoolsError(
            "\n          ".join(
                t("{place}: {problem}", place=CONFIG_FILE, problem=problem) for problem in problems
            )
        )
    ports = {key: values.get(key, default) for key, default in PORTS.items()}
    for port in ports.values():
        if len(keys := [key for key in ports if ports[key] == port]) > 1:
            raise DevtoolsError(
                t(
                    "{file}: {key} and {other} are both {port}: give each a port of its own.",
                    file=CONFIG_FILE,
                    key=keys[0],
                    other=keys[1],
                    port=port,
                )
            )
    return ServerConfig(
        values,
        ports,
        sdk_urls=values.get("sdk-url", []),
        postgres_uri=read_variable("INNGEST_POSTGRES_URI") or values.get("postgres-uri"),
        persist=values.get("persist", False),
        sqlite_dir=values.get("sqlite-dir"),
    )


def _explain(key: str, value: Any) -> str | None:
    if key not in KEYS:
        name = key.lower().replace("_", "-")
        nearest = (
            [OLD_NAMES[name]] if name in OLD_NAMES else difflib.get_close_matches(name, KEYS, n=1)
        )
        advice = (
            t('write "{key}", which is {type}', key=nearest[0], type=_name_type(KEYS[nearest[0]]))
            if nearest
            else t("remove it")
        )
        return t('the Dev Server knows no key "{key}": {advice}.', key=key, advice=advice)
    if type(value) is not KEYS[key] or (
        isinstance(value, list) and not all(isinstance(url, str) for url in value)
    ):
        return t(
            '"{key}" is {value}, but has to be {type}.',
            key=key,
            value=json.dumps(value),
            type=_name_type(KEYS[key]),
        )
    if key == "host" and value not in ("127.0.0.1", "localhost"):
        return t(
            '"host" is "{value}": write "127.0.0.1", for the Dev Server asks nobody for a '
            "password.",
            value=value,
        )
    if key in PORTS and value not in range(1, 65536):
        return t('"{key}" is {value}: choose one from 1 to 65535.', key=key, value=value)
    return None


def _name_type(kind: type) -> str:
    if kind is int:
        return t("a whole number")
    if kind is bool:
        return t("true or false")
    return t("a text") if kind is str else t("a list of texts")


def check_target(config: ServerConfig) -> None:
    """A DevtoolsError unless the app and this Dev Server mean each other."""
    settings = read_inngest_settings()
    app_port = read_app_port()
    if settings.is_production:
        raise DevtoolsError(
            t(
                "The app is in production mode, the Dev Server takes apps in dev mode only: set "
                "INNGEST_DEV=1 in .env and remove INNGEST_SIGNING_KEY, or run `{dev}`.",
                dev=command("dev --no-server"),
            )
        )
    for key, port in config.ports.items():
        if port == app_port:
            raise DevtoolsError(
                t(
                    '{port} is both PORT of the app and "{key}" in {file}: change one of them.',
                    port=port,
                    key=key,
                    file=CONFIG_FILE,
                )
            )
    for origin in (settings.api_origin, settings.event_api_origin):
        url = urlsplit(origin)
        if url.hostname not in ("127.0.0.1", "localhost") or url.port != config.ports["port"]:
            raise DevtoolsError(
                t(
                    "The app talks to {origin}, but the Dev Server listens on {url}: set "
                    "INNGEST_BASE_URL={url} in .env, and no other address of Inngest.",
                    origin=origin,
                    url=config.url,
                )
            )
