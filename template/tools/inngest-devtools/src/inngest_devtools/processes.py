"""Processes and ports, alike on Linux, macOS and Windows."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from inngest_devtools.project import PROJECT_ROOT

END_TIMEOUT = 5.0  # seconds until a process that was asked to end is killed

if sys.platform == "win32":
    # Ctrl-C reaches neither; closing the window still ends the first, whose console is ours.
    OWN_GROUP: dict[str, Any] = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    DETACHED: dict[str, Any] = {
        "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    }
else:
    OWN_GROUP = DETACHED = {"start_new_session": True}


def spawn(
    command: Sequence[str], log: Path, env: dict[str, str], group: dict[str, Any]
) -> psutil.Popen:
    """Start a process in the project's root, in a group of its own (OWN_GROUP or DETACHED), that
    writes into a file.
    """
    with log.open("ab") as output:
        return psutil.Popen(
            command,
            cwd=PROJECT_ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            **group,
        )


def is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def exit_code(process: psutil.Process) -> int | None:
    """None while it runs, never 0 afterwards: that a part of us ended by itself is a failure."""
    if is_alive(process):
        return None
    code = None
    with suppress(psutil.Error):
        code = process.wait(timeout=1)  # its threads may take a moment longer
    return 128 - code if code and code < 0 else code or 1


def end_family(process: psutil.Process) -> None:
    """End a process and its descendants: politely, then by force."""
    family = find_family(process)
    for stop in (psutil.Process.terminate, psutil.Process.kill):
        for member in family:
            with suppress(psutil.Error):
                stop(member)
        deadline = time.monotonic() + END_TIMEOUT
        while (
            family := {member for member in family if is_alive(member)}
        ) and time.monotonic() < deadline:
            time.sleep(0.02)


def find_family(process: psutil.Process) -> set[psutil.Process]:
    """A process and its descendants, those whose own parent has died included."""
    family: set[psutil.Process] = set()
    if psutil.pid_exists(process.pid) and not process.is_running():
        return family  # its number is a stranger's by now
    for other in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if other.pid == process.pid or _was_started_by(process, other):
                family |= {other, *other.children(recursive=True)}
    return family


def _was_started_by(process: psutil.Process, other: psutil.Process) -> bool:
    """What still holds when a process has died: its session or, on Windows, that it is named as the
    parent.
    """
    if sys.platform == "win32":
        return other.ppid() == process.pid and other.create_time() >= process.create_time()
    return os.getsid(other.pid) == process.pid


def listening_ports(process: psutil.Process) -> set[int]:
    """Where a process listens; psutil.Error where the system does not tell."""
    return {
        one.laddr.port for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN
    }


def listens(port: int) -> bool:
    """Whether anything takes connections at a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def explain_taken(port: int) -> str | None:
    """Why nothing of ours can listen on a port of this machine, as in "is held by ..."; None if it
    is free.
    """
    try:
        if not listens(port):
            socket.create_server(("127.0.0.1", port)).close()
            return None
    except PermissionError:
        return "is reserved by the system (on Windows by Hyper-V or WSL)"
    except OSError:
        pass  # bound by a program that does not listen yet
    return f"is held by {_find_holder(port)}"


def _find_holder(port: int) -> str:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if port in listening_ports(process):
                known = process.as_dict(["name", "cwd"], ad_value="?")
                return f"{known['name']} (pid {process.pid}, in {known['cwd']})"
    return "a program of another user"
