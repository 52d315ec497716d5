"""Processes, alike on Linux, macOS and Windows."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from inngest_devtools.project import PROJECT_ROOT, get_project

END_TIMEOUT = 3.0  # seconds until a process that was asked to end is killed
CLOCK_TOLERANCE = 2.0  # seconds between two looks at a process's start: clocks get set

OWN_GROUP: dict[str, Any]
DETACHED: dict[str, Any]
if sys.platform == "win32":
    # Ctrl-C reaches neither; closing the window still ends the first, whose console is ours.
    OWN_GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    DETACHED = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
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


def app_command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """A command of this environment's Python, and the variables with which it finds the app.

    On Windows a virtual environment's `python.exe` only starts the real one: a process in between
    whose death would leave ours without a parent. `multiprocessing` starts it in the same way.
    """
    python: str = sys.executable
    environment = app_environment()
    if sys.platform == "win32":
        python = getattr(sys, "_base_executable", python)
        if python != sys.executable:
            environment["__PYVENV_LAUNCHER__"] = sys.executable
    return [python, *arguments], environment


def app_environment() -> dict[str, str]:
    """The variables of a process that imports the app."""
    paths = [str(get_project().import_root), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8:backslashreplace",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }


def is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def identify(process: psutil.Process) -> dict[str, float]:
    """What finds a process again, as JSON: its pid alone may be a stranger's by then."""
    return {"pid": process.pid, "started": process.create_time()}


def find_again(identity: Any) -> psutil.Process | None:
    """The process that was identified, if it still runs; None also for what is no identity."""
    try:
        process = psutil.Process(identity["pid"])
        is_same = abs(process.create_time() - identity["started"]) < CLOCK_TOLERANCE
    except (ValueError, KeyError, TypeError, psutil.Error):
        return None
    return process if is_same and is_alive(process) else None


def exit_code(process: psutil.Process) -> int | None:
    """None while it runs, never 0 afterwards: that a part of us ended by itself is a failure."""
    if is_alive(process):
        return None
    code = None
    with suppress(psutil.Error):
        code = process.wait(timeout=1)  # its threads may take a moment longer
    return readable_code(code)


def readable_code(code: int | None) -> int:
    """As a shell shows it: 137 for a process that was killed; 1 where nobody knows it."""
    return 128 - code if code and code < 0 else code or 1


def end_family(process: psutil.Process, grace: float = 0) -> None:
    """End a process and its descendants: politely, then by force.

    Args:
        process: The first of them; the others are asked when it has ended.
        grace: Seconds until it is asked a second time, which to the app means at once.
    """
    family = find_family(process)
    for patience in (grace, END_TIMEOUT):
        if patience:
            _signal([process], _terminate)
            _wait_for_end([process], patience)
    others = {*family, *find_family(process)} - {process}
    _signal([process], psutil.Process.kill)
    _signal(others, _terminate)
    _wait_for_end([process, *others], END_TIMEOUT)
    _signal(others, psutil.Process.kill)
    _wait_for_end(others, END_TIMEOUT)


def kill_family(process: psutil.Process) -> None:
    """End a process and its descendants at once; it does not wait for that."""
    _signal(find_family(process), psutil.Process.kill)


def _signal(members: Iterable[psutil.Process], stop: Callable[[psutil.Process], None]) -> None:
    for member in members:
        with suppress(psutil.Error):
            if is_alive(member):
                stop(member)


def _terminate(process: psutil.Process) -> None:
    """Ask it to end, also where it is stopped, as by Ctrl-Z, and would not hear that."""
    process.terminate()
    process.resume()


def _wait_for_end(members: Iterable[psutil.Process], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while any(is_alive(member) for member in members) and time.monotonic() < deadline:
        time.sleep(0.005)


def find_family(process: psutil.Process) -> set[psutil.Process]:
    """A process and its descendants, those whose own parent has died included."""
    if psutil.pid_exists(process.pid) and not process.is_running():
        return set()  # its number is a stranger's by now
    members = {process, *_find_orphans(process)}
    for member in list(members):
        with suppress(psutil.Error):
            members.update(member.children(recursive=True))
    return members


def _find_orphans(process: psutil.Process) -> Iterator[psutil.Process]:
    """What still holds when a process has died: its session or, on Windows, that it is named as the
    parent.
    """
    if sys.platform == "win32":
        if process.is_running():
            return  # its children are asked for themselves
        for other in psutil.process_iter():
            with suppress(psutil.Error):
                if other.ppid() == process.pid and other.create_time() >= process.create_time():
                    yield other
        return
    for pid in psutil.pids():
        with suppress(psutil.Error, OSError):
            if pid != process.pid and os.getsid(pid) == process.pid:
                yield psutil.Process(pid)
