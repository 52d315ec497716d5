"""`uv run dev`: Dev Server and app in one terminal, synced at the start and after each reload."""

import os
import re
import signal
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import psutil
import typer
from inngest_devtools import dev_server
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.inngest_cli import find_cli
from inngest_devtools.install import install
from inngest_devtools.logs import Tail, console
from inngest_devtools.processes import (
    OWN_GROUP,
    end_family,
    exit_code,
    explain_taken,
    is_alive,
    listens,
    spawn,
)
from inngest_devtools.project import (
    PROJECT_ROOT,
    get_project,
    read_app_port,
    read_inngest_settings,
    set_dev_mode,
)
from inngest_devtools.server_config import ServerConfig, app_url, check_target, read_config
from inngest_devtools.sync import Sync, sync_app
from rich.text import Text
from watchfiles import PythonFilter, watch

APP_LOG = dev_server.STATE / "app.log"
SIGNALS = (
    "SIGINT",
    "SIGTERM",
    "SIGHUP",
    "SIGBREAK",
)  # the last two: a closed terminal; not every system has each
COLORS = {"app": "cyan", "inngest": "magenta"}
# Of the logs, what the ready block and "Reloaded" say better.
ROUTINE = re.compile(
    r"INFO\S*: +(Started server|Finished server|Waiting for application|Application (startup|shutdown) complete"
    r"|Uvicorn running|Shutting down|server\.main - Inngest app)"
)
TICK = 100  # milliseconds


def dev(
    no_server: Annotated[bool, typer.Option("--no-server", help="Run the app alone.")] = False,
) -> None:
    """Run the Inngest Dev Server and the app, with reload, until Ctrl-C.

    Installs the Dev Server first if there is none.

    When one of the two ends, the other is ended with it, and the exit code is
    that of the one that failed. After Ctrl-C, SIGTERM or a closed terminal: 0.
    """
    set_dev_mode()
    read_inngest_settings()
    port = read_app_port()
    if reason := explain_taken(port):
        raise DevtoolsError(f"Port {port} {reason}: free it, or set PORT in .env to another one.")
    config = None if no_server else read_config()
    if config:
        check_target(config)
        if not find_cli():
            install()  # here, where Ctrl-C still ends it at once
    raise SystemExit(DevLoop(port, config).run())


class DevLoop:
    """Both processes from start to end; without `config` the app alone."""

    def __init__(self, port: int, config: ServerConfig | None) -> None:
        self._port, self._config = port, config
        self._stopped = False
        self._tails: dict[str, Tail] = {}
        self._server: psutil.Process | None = None
        self._app: psutil.Popen | None = None  # None also while the sources are broken
        self._threads = ThreadPoolExecutor(1)
        self._sync: Future[Sync | None] | None = (
            None  # that of the app's start, until it is reported
        )
        self._last_sync: Sync | None = None

    def run(self) -> int:
        """Run until a signal, then return 0, or until something ends by itself, then return its
        exit code.
        """
        for name in SIGNALS:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._stop)
        dev_server.STATE.mkdir(exist_ok=True)
        with ExitStack() as cleanup:
            cleanup.callback(self._show_logs, quiet=True)
            if self._config:
                self._start_server(self._config, cleanup)
            APP_LOG.write_bytes(b"")
            self._tails["app"] = Tail(APP_LOG)
            cleanup.callback(self._end_app)
            self._start_app()
            part, code = self._watch()
        if code:
            console.print(f"The {part} ended with exit code {code}.", style="bold red")
        return code

    def _stop(self, *_: object) -> None:
        self._stopped = True

    def _start_server(self, config: ServerConfig, cleanup: ExitStack) -> None:
        self._server, is_new = dev_server.find_or_launch(config, OWN_GROUP, "--no-poll")
        self._tails["inngest"] = Tail(dev_server.LOG_FILE)
        if is_new:
            cleanup.callback(end_family, self._server)
        else:
            self._tails["inngest"].read()  # and forget
            console.print(
                f"The Dev Server runs already (pid {self._server.pid}) and will go on after this."
            )

    def _start_app(self) -> None:
        colors = (
            "--use-colors" if console.is_terminal and not console.no_color else "--no-use-colors"
        )
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            get_project().app,
            "--port",
            str(self._port),
            colors,
        ]
        env = os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:backslashreplace"}
        env["PYTHONPATH"] = os.pathsep.join(
            filter(None, [str(get_project().import_root), os.environ.get("PYTHONPATH")])
        )
        self._app = spawn([*command, "--timeout-graceful-shutdown", "2"], APP_LOG, env, OWN_GROUP)
        self._sync = self._threads.submit(self._sync_when_up, self._app)

    def _end_app(self) -> None:
        if self._app:
            end_family(self._app)
            self._app = None

    def _sync_when_up(self, app: psutil.Popen) -> Sync | None:
        """Sync as soon as both answer; None if the app ended first. Runs in a thread."""
        if self._server and self._config and not self._last_sync:
            dev_server.wait_until_healthy(self._server, self._config)
        while is_alive(app):
            if listens(self._port):
                return sync_app(self._config) if self._config else Sync()
            time.sleep(0.05)
        return None

    def _watch(self) -> tuple[str, int]:
        """What has ended, and its exit code."""
        for changes in watch(
            get_project().import_root,
            watch_filter=PythonFilter(),
            rust_timeout=TICK,
            yield_on_timeout=True,
        ):
            self._show_logs(quiet=not self._last_sync)
            if self._stopped:
                break
            if self._server and (code := exit_code(self._server)):
                return "Dev Server", code
            # A reload that breaks the app does not end us: the next change may mend it.
            if (
                self._app
                and not (self._sync and self._last_sync)
                and (code := exit_code(self._app))
            ):
                return "app", code
            if self._sync and self._sync.done():
                self._report(self._sync.result())
                self._sync = None
            if changes:
                files = sorted(
                    {Path(path).relative_to(PROJECT_ROOT).as_posix() for _, path in changes}
                )
                console.print(f"Reload: {', '.join(files)}", style="bold")
                self._end_app()
                self._start_app()
        return "", 0

    def _show_logs(self, *, quiet: bool) -> None:
        """Print what is new; quiet is without a word of the dozen services that start in the
        server, or end.
        """
        for name, tail in self._tails.items():
            for line in tail.read():
                if not (
                    ROUTINE.search(line) if name == "app" else quiet and line.startswith("INFO")
                ):
                    console.print(
                        Text.assemble((f"{name:<7} | ", COLORS[name]), Text.from_ansi(line))
                    )

    def _report(self, sync: Sync | None) -> None:
        before = self._last_sync
        if not sync:
            self._end_app()
            console.print(
                "The app did not start. Waiting for the next change.", style="bold yellow"
            )
            return
        if not before:
            self._print_ready(sync)
        elif self._config:
            color = "red" if sync.error else "green"
            changes = "" if sync.error else sync.compare(before)
            console.print(f"Reloaded: {sync}  {changes}".rstrip(), style=f"bold {color}")
        if not before or not sync.error:
            self._last_sync = sync

    def _print_ready(self, sync: Sync) -> None:
        url = app_url()
        rows = [("App", url, "green"), ("API docs", f"{url}/docs", "green")]
        if self._config:
            rows += [
                ("Dashboard", self._config.url, "green"),
                ("Inngest", str(sync), "red" if sync.error else "green"),
            ]
        console.print()
        for name, value, color in rows:
            console.print(Text.assemble(f"  {name:<10} ", (value, f"bold {color}")))
        console.print("\n  Ctrl-C ends it.\n")
