"""TCP ports of this machine: who listens, and whether ours can."""

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from inngest_devtools.processes import END_TIMEOUT
from inngest_devtools.words import t


@dataclass(frozen=True)
class Taken:
    """Why nothing of ours can listen on a port.

    Args:
        reason: As in "is held by python (pid 7, in /home/me)".
        folder: Where that program runs; None where it is not known.
    """

    reason: str
    folder: Path | None = None


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


def wait_until_free(ports: Iterable[int]) -> None:
    """Wait, but not for ever, for the ports of a process that has ended: it holds them until the
    last of its threads is gone.
    """
    deadline = time.monotonic() + END_TIMEOUT
    for port in ports:
        while not is_free(port) and time.monotonic() < deadline:
            time.sleep(0.02)


def is_free(port: int) -> bool:
    """Whether ours could listen there."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return not listens(port)


def find_taken(port: int) -> Taken | None:
    """Who has a port, or None if it is free."""
    try:
        if not listens(port):
            socket.create_server(("127.0.0.1", port)).close()
            return None
    except PermissionError:
        return Taken(t("is reserved by the system (on Windows by Hyper-V or WSL)"))
    except OSError:
        pass  # bound by a program that does not listen yet
    return _describe_holder(port)


def _describe_holder(port: int) -> Taken:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if port in listening_ports(process):
                return _describe(process)
    return Taken(t("is held by a program of another user"))


def _describe(process: psutil.Process) -> Taken:
    known = process.as_dict(["name", "cwd"])
    reason = t(
        "is held by {program} (pid {pid}, in {folder})",
        program=known["name"] or "?",
        pid=process.pid,
        folder=known["cwd"] or "?",
    )
    return Taken(reason, Path(known["cwd"]) if known["cwd"] else None)
