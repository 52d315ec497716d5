"""Keeps the libraries imported and forks the app from there, so that a reload imports only what is
the project's own.

`app_starter.py` starts it, in a session of its own. Both speak in lines of JSON. It has one thread,
for a fork copies no other. (Not `multiprocessing`'s forkserver: that imports the program anew,
takes the choice of a start method from the app, and leaves the app behind after kill -9.)
"""

import gc
import importlib
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any

import psutil

assert sys.platform != "win32"  # it has no fork

END_TIMEOUT = 5.0  # seconds that the app has when whoever started us is gone


def main() -> None:
    reports = os.dup(1)
    os.dup2(2, 1)  # what a library prints while it is imported goes where errors go
    children: dict[int, int] = {}  # by pid, the pipe that lets it serve
    to_import: list[str] = []
    rest = b""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        # A library at a time, and only while nobody wants anything.
        ready, _, _ = select.select([0, woken], [], [], 0 if to_import else None)
        if not ready:
            name = to_import.pop(0)
            if _import_starts_thread(name):
                _report(reports, threaded=name)
                to_import.clear()  # another one will do without it
        if woken in ready:
            os.read(woken, 4096)
            _reap(children, reports)
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                return _end(children)
            *lines, rest = (rest + data).split(b"\n")
            for command in map(json.loads, lines):
                if "preload" in command:
                    to_import += [name for name in command["preload"] if name not in sys.modules]
                elif "serve" in command and command["serve"] in children:
                    os.write(children[command["serve"]], b"\n")
                elif "start" in command:
                    pid, turn = _fork(command["start"], [reports, woken, wake, *children.values()])
                    children[pid] = turn
                    _report(reports, started=pid)


def _report(reports: int, **values: Any) -> None:
    os.write(reports, json.dumps(values).encode() + b"\n")


def _import_starts_thread(name: str) -> bool:
    if name in sys.modules:
        return False
    with suppress(Exception, SystemExit):  # the app will say so itself, if it still imports that
        importlib.import_module(name)
    return psutil.Process().num_threads() > 1


def _fork(start: dict[str, Any], inherited: list[int]) -> tuple[int, int]:
    """Its pid, and the pipe that lets it serve. The child does not return."""
    turn, give_turn = os.pipe()
    gc.freeze()  # what is here already is not looked at again in the child
    pid = os.fork()
    if pid:
        os.close(turn)
        return pid, give_turn
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(start["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    for descriptor in (give_turn, log, *inherited):
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(start["env"])
    time.tzset()
    importlib.invalidate_caches()

    from inngest_devtools.dev_loop import app_process

    app_process.run(start["options"], turn)
    raise SystemExit(0)


def _reap(children: dict[int, int], reports: int) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            os.close(children.pop(pid))
            _report(reports, ended=pid, code=os.waitstatus_to_exitcode(status))


def _end(children: dict[int, int]) -> None:
    """Whoever started us is gone, were it by kill -9: end what it left."""
    deadline = time.monotonic() + END_TIMEOUT
    for stop in (signal.SIGTERM, signal.SIGKILL):
        for pid in children:
            with suppress(ProcessLookupError):
                os.killpg(pid, stop)  # each leads a group
        while children and time.monotonic() < deadline:
            children = {pid: 0 for pid in children if not os.waitpid(pid, os.WNOHANG)[0]}
            time.sleep(0.01)


if __name__ == "__main__":
    main()
