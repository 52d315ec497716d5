"""The Dev Server as a process: one for the project, found again by its pid and start time."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from inngest_devtools.dev_server.config import CONFIG_FILE, ServerConfig, app_url
from inngest_devtools.dev_server.inngest_cli import QUIET, find_cli
from inngest_devtools.dev_server.install import install
from inngest_devtools.dev_server.port_conflicts import check_port
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.logs import Tail
from inngest_devtools.loopback import is_up
from inngest_devtools.ports import listening_ports, wait_until_free
from inngest_devtools.processes import (
    end_family,
    exit_code,
    find_again,
    find_family,
    identify,
    spawn,
)
from inngest_devtools.project import PROJECT_ROOT, SERVE_PATH, STATE, read_variable
from inngest_devtools.words import t

PID_FILE = STATE / "dev-server.json"
LOG_FILE = STATE / "dev-server.log"
HEALTH_TIMEOUT = 30.0  # seconds
MOVED = "Port conflict, using new port"  # the CLI's words, and all that it says of it

# All that the server gets of the environment: any INNGEST_* variable beats its file, and LOG_LEVEL
# beats its flags.
PASSED_VARIABLES = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "TMP", "TEMP", "XDG_CONFIG_HOME"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT"),
    *("USERPROFILE", "APPDATA", "LOCALAPPDATA"),
)


def find_running() -> psutil.Process | None:
    """The project's server. A pid that meanwhile belongs to a stranger is none."""
    try:
        return find_again(json.loads(PID_FILE.read_text("utf-8")))
    except (OSError, ValueError):
        return None


def make_state_folder() -> None:
    """The folder for what runs and what it says; git sees none of it."""
    try:
        STATE.mkdir(exist_ok=True)
        (STATE / ".gitignore").write_text("*\n", "utf-8")
    except OSError as error:
        raise _explain_state(error.strerror) from None


def _explain_state(reason: object) -> DevtoolsError:
    return DevtoolsError(
        t(
            "{folder} cannot be used: {reason}. Make room, or remove it: nothing needs the logs "
            "and the history in it.",
            folder=STATE,
            reason=reason,
        )
    )


@contextmanager
def lock() -> Iterator[None]:
    """One start or stop at a time.

    SQLite locks alike on every system, and lets go when the process ends, however.
    """
    make_state_folder()
    with closing(
        sqlite3.connect(STATE / "lock.db", timeout=HEALTH_TIMEOUT, isolation_level=None)
    ) as database:
        try:
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise DevtoolsError(
                t("Another start or stop of the Dev Server is at work: wait for it or end it.")
            ) from None
        except sqlite3.DatabaseError as error:
            raise _explain_state(error) from None
        yield


def find_or_launch(
    config: ServerConfig, group: dict[str, Any], *flags: str
) -> tuple[psutil.Process, bool]:
    """The project's server, and whether it was started now; installs the CLI first if there is
    none.
    """
    cli = find_cli() or install()
    with lock():
        if process := find_running():
            return process, False
        _check_ports(config)
        LOG_FILE.write_bytes(b"")
        try:
            process = spawn([*_command(cli, config), *flags], LOG_FILE, _environment(), group)
        except OSError as error:
            raise DevtoolsError(
                t(
                    "{cli} does not run: {reason}. Is it made for this system?",
                    cli=cli,
                    reason=error.strerror,
                )
            ) from None
        PID_FILE.write_text(json.dumps(identify(process)), "utf-8")
        return process, True


def _check_ports(config: ServerConfig) -> None:
    """From a taken one the CLI would move to the next, without a word."""
    for key, port in config.ports.items():
        check_port(port, key)


def _command(cli: Path, config: ServerConfig) -> list[str]:
    address = ["--host", "127.0.0.1", "--port", str(config.ports["port"])]
    command = [str(cli), "dev", "--config", CONFIG_FILE, *address]
    for url in (app_url() + SERVE_PATH, *config.sdk_urls[1:]):  # PORT beats the file's first
        command += ["--sdk-url", url]
    return command


def _environment() -> dict[str, str]:
    environment = {name: os.environ[name] for name in PASSED_VARIABLES if os.environ.get(name)}
    uri = read_variable("INNGEST_POSTGRES_URI")
    return environment | QUIET | ({"INNGEST_POSTGRES_URI": uri} if uri else {})


def end(process: psutil.Process) -> None:
    """End it with whatever it started; when this returns, its ports are free."""
    ports: set[int] = set()
    with suppress(psutil.Error):
        ports = listening_ports(process)
    end_family(process)
    wait_until_free(ports)


def wait_until_healthy(process: psutil.Process, config: ServerConfig) -> None:
    """Return when this very process answers at the configured address; a DevtoolsError with its
    last words if not.
    """
    deadline = time.monotonic() + HEALTH_TIMEOUT
    problem = None
    while not problem:
        if code := exit_code(process):
            problem = t("The Dev Server ended with exit code {code}.", code=code)
        elif MOVED in LOG_FILE.read_text("utf-8", "replace"):  # another program was faster
            problem = t(
                "One of the Dev Server's ports was taken, and it moved to another. Start again."
            )
        elif is_up(f"{config.url}/health") and _may_listen(process, config.ports["port"]):
            return
        elif time.monotonic() > deadline:
            problem = t(
                "The Dev Server did not answer at {url} within {timeout:.0f} s.",
                url=config.url,
                timeout=HEALTH_TIMEOUT,
            )
        time.sleep(0.05)
    lines = Tail(LOG_FILE).read()[-10:] or [t("(nothing)")]
    title = t(
        "{problem} The last lines of {name}:",
        problem=problem,
        name=LOG_FILE.relative_to(PROJECT_ROOT).as_posix(),
    )
    raise DevtoolsError("\n  ".join([title, *lines]))


def _may_listen(process: psutil.Process, port: int) -> bool:
    try:
        return any(port in listening_ports(member) for member in find_family(process))
    except psutil.Error:
        return True  # not every system tells
