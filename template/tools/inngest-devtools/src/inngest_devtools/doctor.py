"""`dev-server doctor`: what is wrong between app and Dev Server, and what to type."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from inngest_devtools.adopt import command as adopt
from inngest_devtools.adopt.sources import read_sources
from inngest_devtools.app_settings import check_app_settings
from inngest_devtools.dev_server import inngest_cli, lifecycle
from inngest_devtools.dev_server.config import (
    CONFIG_FILE,
    ServerConfig,
    app_url,
    check_target,
    read_config,
)
from inngest_devtools.dev_server.database import check_database
from inngest_devtools.dev_server.port_conflicts import find_conflict
from inngest_devtools.dev_server.sync import count_functions, look
from inngest_devtools.errors import DevtoolsError, NotChecked
from inngest_devtools.loopback import fetch, is_up
from inngest_devtools.project import (
    SERVE_PATH,
    command,
    get_project,
    read_app_port,
    read_inngest_settings,
)
from inngest_devtools.words import t

TIMEOUT = 2.0  # seconds for an answer
EVENT_TIMEOUT = 3.0  # seconds until a sent event can be read back


@dataclass(frozen=True)
class Check:
    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    fix: str = ""


def examine() -> Iterator[Check]:
    """Every check, in the order in which one depends on another."""
    if not get_project().is_new:
        yield from _check_adoption()
    yield _check_cli()
    valid_settings = _attempt(
        "settings", read_inngest_settings, t(".env and the environment are valid")
    )
    valid_config = _attempt("config", read_config, t("{file} is valid", file=CONFIG_FILE))
    yield valid_settings
    if valid_settings.status == "ok":
        yield _attempt("variables", check_app_settings, "{}")
    yield valid_config
    if "fail" in (valid_settings.status, valid_config.status):
        yield Check("the rest", "warn", t("not checked"), t("correct the above first"))
        return
    config = read_config()
    yield _attempt(
        "address", lambda: check_target(config), t("the app talks to {url}", url=config.url)
    )
    yield _attempt("database", lambda: check_database(config), "{}")
    functions, problem = _count_served()
    server = _check_server(config)
    healthy = server.status == "ok"
    yield from _check_ports(config, is_app_up=functions is not None or problem is not None)
    yield server
    yield _check_app(functions, problem)
    if functions is None or not healthy:
        yield Check("sync", "warn", t("not checked: it takes both"))
    else:
        yield _check_sync(functions, config)
    yield (
        _check_event(config)
        if healthy
        else Check("event", "warn", t("not checked: it takes the Dev Server"))
    )


def _check_adoption() -> Iterator[Check]:
    """What a project that stands still needs: packages, pins, the two lines."""
    project = get_project()
    for finding in adopt.check(project, read_sources(project)):
        yield Check(finding.name, finding.status, finding.detail, finding.fix)


def _attempt(name: str, action: Callable[[], object], detail: str) -> Check:
    """A check that fails with an error's words; "{}" in `detail` is what the action returned."""
    try:
        return Check(name, "ok", detail.format(action()))
    except NotChecked as error:
        return Check(name, "warn", str(error))
    except DevtoolsError as error:
        return Check(name, "fail", str(error))


def _check_cli() -> Check:
    found = _attempt("cli", inngest_cli.find_cli, "")
    if found.status == "fail":
        return found
    if not (cli := inngest_cli.find_cli()):
        return Check("cli", "fail", t("the Inngest CLI is not installed"), command("install"))
    if not (version := inngest_cli.read_version(cli)):
        return Check(
            "cli",
            "fail",
            t("{cli} does not run here", cli=cli),
            t("remove it, then {install}", install=command("install")),
        )
    if version != inngest_cli.VERSION:
        detail = t(
            "{cli} is {version}, this project is made for {wanted}",
            cli=cli,
            version=version,
            wanted=inngest_cli.VERSION,
        )
        return Check("cli", "warn", detail, command("install"))
    return Check("cli", "ok", f"{version}, {cli}")


def _check_ports(config: ServerConfig, *, is_app_up: bool) -> list[Check]:
    """Ports that something of ours needs and does not have."""
    server_ports = {} if lifecycle.find_running() else config.ports
    conflicts = {port: find_conflict(port, key) for key, port in server_ports.items()}
    if not is_app_up:
        conflicts[read_app_port()] = find_conflict(read_app_port())
    fails = [
        Check("ports", "fail", f"{port} {conflict.reason}", conflict.advice)
        for port, conflict in conflicts.items()
        if conflict
    ]
    return fails or [Check("ports", "ok", t("free, or our own"))]


def _check_server(config: ServerConfig) -> Check:
    process = lifecycle.find_running()
    if not process:
        return Check(
            "server",
            "fail",
            t("the Dev Server does not run"),
            t("{dev}, or {start}", dev=command("dev"), start=command("start")),
        )
    if not is_up(f"{config.url}/health", timeout=TIMEOUT):
        detail = t(
            "the Dev Server runs (pid {pid}) but does not answer at {url}",
            pid=process.pid,
            url=config.url,
        )
        return Check(
            "server",
            "fail",
            detail,
            t("{logs}, then {restart}", logs=command("logs"), restart=command("restart")),
        )
    return Check("server", "ok", t("{url} answers (pid {pid})", url=config.url, pid=process.pid))


def _count_served() -> tuple[int | None, str | None]:
    """How many functions the app says that it has; or what it says instead; neither where none
    answers.
    """
    try:
        reply = fetch("GET", app_url() + SERVE_PATH, timeout=TIMEOUT)
    except OSError:
        return None, None
    except ValueError as error:
        return None, str(error)
    try:
        return int(reply["function_count"]), None
    except (ValueError, KeyError, TypeError):
        return None, t("the answer was {reply}", reply=json.dumps(reply)[:100])


def _check_app(functions: int | None, problem: str | None) -> Check:
    if functions is not None:
        return Check(
            "app",
            "ok",
            t(
                "{url} answers, with {functions}",
                url=app_url(),
                functions=count_functions(functions),
            ),
        )
    place = f"{app_url()}{SERVE_PATH}"
    if problem:
        return Check(
            "app",
            "fail",
            t("{place}: {problem}", place=place, problem=problem),
            t("is that this app? if so, let its middlewares pass requests to 127.0.0.1"),
        )
    fix = t("{dev}; where that runs, it says why the app does not", dev=command("dev"))
    return Check("app", "fail", t("no app answers at {place}", place=place), fix)


def _check_sync(functions: int, config: ServerConfig) -> Check:
    seen = look(read_inngest_settings().inngest_app_id, config)
    if seen.error:
        return Check(
            "sync",
            "fail",
            t("not synced: {error}", error=seen.error),
            t("correct that, then {start}", start=command("start")),
        )
    detail = t(
        "{known} of {functions} synced",
        known=len(seen.functions),
        functions=count_functions(functions),
    )
    if len(seen.functions) == functions:
        return Check("sync", "ok", detail)
    return Check("sync", "fail", detail, command("start"))


def _check_event(config: ServerConfig) -> Check:
    """Send an event that no function listens to, and read it back."""
    event = {"name": "dev-server/doctor", "data": {}}
    try:
        id = fetch("POST", f"{config.url}/e/doctor", event, timeout=TIMEOUT)["ids"][0]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        return Check("event", "fail", t("not taken: {error!r}", error=error), command("restart"))
    deadline = time.monotonic() + EVENT_TIMEOUT
    while time.monotonic() < deadline:
        if is_up(
            f"{config.url}/v1/events/{id}?t={time.monotonic_ns()}"
        ):  # its answers are cached, by the whole URL
            return Check("event", "ok", t("sent and received"))
        time.sleep(0.1)
    return Check(
        "event",
        "fail",
        t("sent, but not received in {timeout:.0f} s", timeout=EVENT_TIMEOUT),
        command("restart"),
    )
