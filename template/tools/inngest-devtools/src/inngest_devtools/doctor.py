"""`dev-server doctor`: what is wrong between app and Dev Server, and what to type."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from inngest_devtools import dev_server, inngest_cli
from inngest_devtools.adopt import command as adopt
from inngest_devtools.adopt.sources import read_sources
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.loopback import fetch, is_up
from inngest_devtools.processes import explain_taken
from inngest_devtools.project import get_project, read_app_port, read_inngest_settings
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
    valid_config = _attempt("config", read_config, f"{CONFIG_FILE} is valid")
    yield from (valid_settings, valid_config)
    if "fail" in (valid_settings.status, valid_config.status):
        yield Check("the rest", "warn", "not checked", "correct the above first")
        return
    config = read_config()
    yield _attempt("address", lambda: check_target(config), f"the app talks to {config.url}")
    functions, dev_server = _count_served(), _check_server(config)
    healthy = dev_server.status == "ok"
    yield from _check_ports(config, functions)
    yield dev_server
    if functions is None:
        detail = f"no app answers at {app_url()}{SERVE_PATH}"
        yield Check(
            "app", "fail", detail, "uv run dev; where that runs, it says why the app does not"
        )
    else:
        yield Check("app", "ok", f"{app_url()} answers, with {count_functions(functions)}")
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
    try:
        action()
    except DevtoolsError as error:
        return Check(name, "fail", str(error).removeprefix("ERROR:").strip())
    return Check(name, "ok", detail)


def _check_cli() -> Check:
    found = _attempt("cli", inngest_cli.find_cli, "")
    if found.status == "fail":
        return found
    if not (cli := inngest_cli.find_cli()):
        return Check("cli", "fail", "the Inngest CLI is not installed", "uv run dev-server install")
    if not (version := inngest_cli.read_version(cli)):
        return Check(
            "cli", "fail", f"{cli} does not run here", "remove it, then uv run dev-server install"
        )
    if version != inngest_cli.VERSION:
        detail = f"{cli} is {version}, this project is made for {inngest_cli.VERSION}"
        return Check("cli", "warn", detail, "uv run dev-server install")
    return Check("cli", "ok", f"{version}, {cli}")


def _check_ports(config: ServerConfig, functions: int | None) -> list[Check]:
    """Ports that something of ours needs and does not have."""
    needed = (
        {}
        if dev_server.find_running()
        else {port: f'give "{key}" another port' for key, port in config.ports.items()}
    )
    if functions is None:
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
            "uv run dev, or uv run dev-server start",
        )
    if not is_up(f"{config.url}/health", timeout=TIMEOUT):
        detail = f"the Dev Server runs (pid {process.pid}) but does not answer at {config.url}"
        return Check(
            "server", "fail", detail, "uv run dev-server logs, then uv run dev-server restart"
        )
    return Check("server", "ok", f"{config.url} answers (pid {process.pid})")


def _count_served() -> int | None:
    """How many functions the app says that it has; None when no app of ours answers."""
    try:
        return int(fetch("GET", app_url() + SERVE_PATH, timeout=TIMEOUT)["function_count"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _check_sync(functions: int, config: ServerConfig) -> Check:
    seen = look(read_inngest_settings().inngest_app_id, config)
    if seen.error:
        return Check(
            "sync",
            "fail",
            f"not synced: {seen.error}",
            "correct that, then uv run dev-server start",
        )
    detail = f"{len(seen.functions)} of {count_functions(functions)} synced"
    if len(seen.functions) == functions:
        return Check("sync", "ok", detail)
    return Check("sync", "fail", detail, "uv run dev-server start")


def _check_event(config: ServerConfig) -> Check:
    """Send an event that no function listens to, and read it back."""
    event = {"name": "dev-server/doctor", "data": {}}
    try:
        id = fetch("POST", f"{config.url}/e/doctor", event, timeout=TIMEOUT)["ids"][0]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        return Check("event", "fail", f"not taken: {error!r}", "uv run dev-server restart")
    deadline = time.monotonic() + EVENT_TIMEOUT
    while time.monotonic() < deadline:
        if is_up(
            f"{config.url}/v1/events/{id}?t={time.monotonic_ns()}"
        ):  # its answers are cached, by the whole URL
            return Check("event", "ok", "sent and received")
        time.sleep(0.1)
    return Check(
        "event",
        "fail",
        f"sent, but not received in {EVENT_TIMEOUT:.0f} s",
        "uv run dev-server restart",
    )
