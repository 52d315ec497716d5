"""`dev-server doctor`: what is wrong between app and Dev Server, and what to type."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from inngest_devtools import dev_server, inngest_cli
from inngest_devtools.adopt import command as adopt
from inngest_devtools.adopt.sources import read_sources
from inngest_devtools.app_settings import check_app_settings
from inngest_devtools.database import check_database
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.loopback import fetch, is_up
from inngest_devtools.processes import explain_taken
from inngest_devtools.project import command, get_project, read_app_port, read_inngest_settings
from inngest_devtools.server_config import (
    CONFIG_FILE,
    SERVE_PATH,
    ServerConfig,
    app_url,
    check_target,
    read_config,
)
from inngest_devtools.sync import count_functions, look

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
        "settings", read_inngest_settings, ".env and the environment are valid"
    )
    own_settings = _attempt("variables", check_app_settings, "{}")
    valid_config = _attempt("config", read_config, f"{CONFIG_FILE} is valid")
    yield from (valid_settings, own_settings, valid_config)
    if "fail" in (valid_settings.status, valid_config.status):
        yield Check("the rest", "warn", "not checked", "correct the above first")
        return
    config = read_config()
    yield _attempt("address", lambda: check_target(config), f"the app talks to {config.url}")
    yield _attempt("database", lambda: check_database(config), "{}")
    functions, problem = _count_served()
    server = _check_server(config)
    healthy = server.status == "ok"
    yield from _check_ports(config, is_app_up=functions is not None or problem is not None)
    yield server
    yield _check_app(functions, problem)
    if functions is None or not healthy:
        yield Check("sync", "warn", "not checked: it takes both")
    else:
        yield _check_sync(functions, config)
    yield (
        _check_event(config)
        if healthy
        else Check("event", "warn", "not checked: it takes the Dev Server")
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
    except DevtoolsError as error:
        return Check(name, "fail", str(error))


def _check_cli() -> Check:
    found = _attempt("cli", inngest_cli.find_cli, "")
    if found.status == "fail":
        return found
    if not (cli := inngest_cli.find_cli()):
        return Check("cli", "fail", "the Inngest CLI is not installed", command("install"))
    if not (version := inngest_cli.read_version(cli)):
        return Check(
            "cli", "fail", f"{cli} does not run here", f"remove it, then {command('install')}"
        )
    if version != inngest_cli.VERSION:
        detail = f"{cli} is {version}, this project is made for {inngest_cli.VERSION}"
        return Check("cli", "warn", detail, command("install"))
    return Check("cli", "ok", f"{version}, {cli}")


def _check_ports(config: ServerConfig, *, is_app_up: bool) -> list[Check]:
    """Ports that something of ours needs and does not have."""
    needed = (
        {}
        if dev_server.find_running()
        else {port: f'give "{key}" another port' for key, port in config.ports.items()}
    )
    if not is_app_up:
        needed[read_app_port()] = "set PORT in .env to another one"
    taken = {port: reason for port in needed if (reason := explain_taken(port))}
    fails = [
        Check("ports", "fail", f"{port} {taken[port]}", f"free it, or {needed[port]}")
        for port in taken
    ]
    return fails or [Check("ports", "ok", "free, or our own")]


def _check_server(config: ServerConfig) -> Check:
    process = dev_server.find_running()
    if not process:
        return Check(
            "server",
            "fail",
            "the Dev Server does not run",
            f"{command('dev')}, or {command('start')}",
        )
    if not is_up(f"{config.url}/health", timeout=TIMEOUT):
        detail = f"the Dev Server runs (pid {process.pid}) but does not answer at {config.url}"
        return Check("server", "fail", detail, f"{command('logs')}, then {command('restart')}")
    return Check("server", "ok", f"{config.url} answers (pid {process.pid})")


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
        return None, f"the answer was {json.dumps(reply)[:100]}"


def _check_app(functions: int | None, problem: str | None) -> Check:
    if functions is not None:
        return Check("app", "ok", f"{app_url()} answers, with {count_functions(functions)}")
    place = f"{app_url()}{SERVE_PATH}"
    if problem:
        return Check(
            "app",
            "fail",
            f"{place}: {problem}",
            "is that this app? if so, let its middlewares pass requests to 127.0.0.1",
        )
    fix = f"{command('dev')}; where that runs, it says why the app does not"
    return Check("app", "fail", f"no app answers at {place}", fix)


def _check_sync(functions: int, config: ServerConfig) -> Check:
    seen = look(read_inngest_settings().inngest_app_id, config)
    if seen.error:
        return Check(
            "sync", "fail", f"not synced: {seen.error}", f"correct that, then {command('start')}"
        )
    detail = f"{len(seen.functions)} of {count_functions(functions)} synced"
    if len(seen.functions) == functions:
        return Check("sync", "ok", detail)
    return Check("sync", "fail", detail, command("start"))


def _check_event(config: ServerConfig) -> Check:
    """Send an event that no function listens to, and read it back."""
    event = {"name": "dev-server/doctor", "data": {}}
    try:
        id = fetch("POST", f"{config.url}/e/doctor", event, timeout=TIMEOUT)["ids"][0]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        return Check("event", "fail", f"not taken: {error!r}", command("restart"))
    deadline = time.monotonic() + EVENT_TIMEOUT
    while time.monotonic() < deadline:
        if is_up(
            f"{config.url}/v1/events/{id}?t={time.monotonic_ns()}"
        ):  # its answers are cached, by the whole URL
            return Check("event", "ok", "sent and received")
        time.sleep(0.1)
    return Check(
        "event", "fail", f"sent, but not received in {EVENT_TIMEOUT:.0f} s", command("restart")
    )
