"""Starts the app: by a fork of a parent that has the libraries imported or, without one, as a new
process.
"""

import json
import os
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import psutil
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.processes import (
    OWN_GROUP,
    app_command,
    app_environment,
    exit_code,
    is_alive,
    kill_family,
    readable_code,
    spawn,
)
from inngest_devtools.project import PROJECT_ROOT, STATE
from inngest_devtools.words import t

APP_LOG = STATE / "app.log"
ZYGOTE_LOG = STATE / "zygote.log"
MODULES_FILE = STATE / "modules.json"  # the libraries that the app imported at its last start
THREADED_FILE = STATE / "threaded.json"  # those of them that start a thread, by first name
FORK_TIMEOUT = 30.0  # seconds; it may have to wait for a library that is being imported

CAN_FORK = hasattr(os, "fork")


class App:
    """An app that runs, or is about to."""

    def __init__(self, process: psutil.Process, zygote: "Zygote | None" = None) -> None:
        self.process = process
        self._zygote = zygote

    def serve(self) -> None:
        """Let it take its port, which has to be free."""
        if self._zygote:
            self._zygote.send(serve=self.process.pid)

    def exit_code(self) -> int | None:
        """None while it runs."""
        if not self._zygote:
            return exit_code(self.process)
        if is_alive(self.process):
            return None
        return readable_code(self._zygote.wait_for_code(self.process.pid))


class AppStarter:
    """Starts the app again and again.

    Args:
        is_cold: Start a new process each time.
    """

    def __init__(self, *, is_cold: bool) -> None:
        self._is_warm = CAN_FORK and not is_cold
        self._zygote: Zygote | None = None
        self._old_zygotes: list[Zygote] = []
        self._learned: int | None = None  # which state of MODULES_FILE
        if self._is_warm:
            self._zygote = Zygote()

    def start(self, port: int, *, colors: bool) -> App:
        """An app that imports what it needs; it serves when it is told to.

        Without a warm parent it serves as soon as it can.
        """
        options = {"port": port, "colors": colors, "modules": str(MODULES_FILE)}
        if self._is_warm:
            if not self._zygote or not self._zygote.is_usable():
                self.renew()
            assert self._zygote
            return self._zygote.start(options)
        command, env = app_command(
            "-m", "inngest_devtools.dev_loop.app_process", json.dumps(options)
        )
        return App(spawn(command, APP_LOG, env, OWN_GROUP))

    def learn(self) -> None:
        """Import beforehand what the app has imported.

        Call it again and again while the app is up: that is written down a moment after its start.
        """
        written = MODULES_FILE.stat().st_mtime_ns if MODULES_FILE.exists() else None
        if not self._zygote or written == self._learned:
            return
        self._learned = written
        if not self._zygote.is_usable():
            self.renew()
        self._zygote.preload()

    def renew(self) -> None:
        """Another parent: libraries or settings have changed, or the old one is of no use."""
        if not self._is_warm:
            return
        if self._zygote:
            self._old_zygotes.append(self._zygote)  # as long as the app that it started
        self._zygote = Zygote()

    def close_old(self) -> None:
        """End the parents that are not needed any more: call it when no older app runs."""
        for zygote in self._old_zygotes:
            zygote.close()
        self._old_zygotes.clear()

    def close(self) -> None:
        self.close_old()
        if self._zygote:
            self._zygote.close()

    def kill(self) -> None:
        """End the parents with the apps that they started, at once."""
        for zygote in (*self._old_zygotes, self._zygote):
            if zygote:
                zygote.kill()


class Zygote:
    """The warm parent, from the outside."""

    def __init__(self) -> None:
        self._codes: dict[int, int] = {}
        self._has_ended = threading.Condition()
        self._started: SimpleQueue[int | None] = SimpleQueue()
        self._has_threads = False
        command, env = app_command("-m", "inngest_devtools.dev_loop.zygote")
        with ZYGOTE_LOG.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT_ROOT,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                **OWN_GROUP,
            )
        threading.Thread(target=self._read_reports, daemon=True).start()
        self.preload()

    def is_usable(self) -> bool:
        return self._process.poll() is None and not self._has_threads

    def preload(self) -> None:
        threaded = set(_read_names(THREADED_FILE))
        names = [name for name in _read_names(MODULES_FILE) if _first(name) not in threaded]
        self.send(preload=["inngest_devtools.dev_loop.app_process", *names])

    def start(self, options: dict[str, Any]) -> App:
        start = {"env": app_environment(), "log": str(APP_LOG), "options": options}
        self.send(start=start)
        with suppress(Empty):
            pid = self._started.get(timeout=FORK_TIMEOUT)
            if pid:
                return App(psutil.Process(pid), self)
        name = ZYGOTE_LOG.relative_to(PROJECT_ROOT).as_posix()
        raise DevtoolsError(
            t("The app was not started: {name} may say why, and --cold may help.", name=name)
        )

    def send(self, **command: Any) -> None:
        assert self._process.stdin
        with suppress(OSError):  # it has ended, which its reports say
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()

    def wait_for_code(self, pid: int) -> int | None:
        """The exit code of an app that has ended; None if nobody knows it."""
        with self._has_ended:
            self._has_ended.wait_for(lambda: pid in self._codes, timeout=1)
        return self._codes.get(pid)

    def close(self) -> None:
        """End it; its apps have ended before."""
        self._process.kill()  # it may be in an import, which listens to nothing else
        self._process.wait()

    def kill(self) -> None:
        """End it with its apps."""
        with suppress(psutil.Error):
            kill_family(psutil.Process(self._process.pid))

    def _read_reports(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            report = json.loads(line)
            if "started" in report:
                self._started.put(report["started"])
            elif "threaded" in report:
                self._has_threads = True
                names = {*_read_names(THREADED_FILE), _first(report["threaded"])}
                THREADED_FILE.write_text(json.dumps(sorted(names)), "utf-8")
            else:
                with self._has_ended:
                    self._codes[report["ended"]] = report["code"]
                    self._has_ended.notify_all()
        self._started.put(None)  # nobody has to wait for it any more


def forget_libraries() -> None:
    """They are others now, so what was learned of them is void."""
    for path in (MODULES_FILE, THREADED_FILE):
        path.unlink(missing_ok=True)


def _read_names(path: Path) -> list[str]:
    try:
        return [str(name) for name in json.loads(path.read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def _first(name: str) -> str:
    return name.partition(".")[0]
