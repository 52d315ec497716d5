"""`dev`: Dev Server and app in one terminal, synced at the start and after each reload."""

import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Annotated, TypeVar

import psutil
import typer
from inngest_devtools.dev_loop import running_app
from inngest_devtools.dev_loop.app_starter import APP_LOG, App, AppStarter, forget_libraries
from inngest_devtools.dev_loop.changes import Surroundings, watch_sources
from inngest_devtools.dev_server import lifecycle, unfinished
from inngest_devtools.dev_server.config import ServerConfig, check_target, read_config
from inngest_devtools.dev_server.database import check_database
from inngest_devtools.dev_server.inngest_cli import find_cli
from inngest_devtools.dev_server.install import install
from inngest_devtools.dev_server.port_conflicts import check_port
from inngest_devtools.dev_server.sync import Sync, sync_app
from inngest_devtools.errors import DevtoolsError, render_error
from inngest_devtools.logs import Logs, console, has_colors
from inngest_devtools.ports import listens
from inngest_devtools.processes import (
    OWN_GROUP,
    end_family,
    exit_code,
    kill_family,
)
from inngest_devtools.project import (
    PROJECT_ROOT,
    command,
    read_app_port,
    read_inngest_settings,
    read_settings_afresh,
    set_dev_mode,
)
from inngest_devtools.words import t

# Ctrl-C, `kill`, Ctrl-\\, and a closed terminal twice; not every system has each.
SIGNALS = ("SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGBREAK")
RELOAD_GRACE = 10.0  # seconds in which an app that is replaced may answer what it has begun
END_GRACE = 2.0  # the same after Ctrl-C
PATIENCE = 1.0  # seconds of waiting for that without a word
ONE_PRESS = 0.5  # seconds in which a second Ctrl-C is the first one: `uv run` may hand it on, too

Result = TypeVar("Result")


def dev(
    no_server: Annotated[bool, typer.Option("--no-server", help="Run the app alone.")] = False,
    cold: Annotated[
        bool, typer.Option("--cold", help="Start a new Python at each reload: slower.")
    ] = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Run the app in this terminal, for breakpoint(); no reload."),
    ] = False,
) -> None:
    """Run the Inngest Dev Server and the app, with reload, until Ctrl-C.

    A second Ctrl-C ends it at once. Installs the Dev Server first if there
    is none.

    When one of the two ends, the other is ended with it, and the exit code is
    that of the one that failed. After Ctrl-C, SIGTERM or a closed terminal: 0.
    """
    set_dev_mode()
    read_inngest_settings()
    port = read_app_port()
    config = None if no_server else read_config()
    leftover = running_app.end_leftover()
    if leftover:
        console.print(
            t("An earlier `dev` was killed: its app (pid {leftover}) is ended.", leftover=leftover)
        )
    check_port(port)
    if config:
        check_target(config)
        check_database(config)
        if not find_cli():
            install()  # here, where Ctrl-C still ends it at once
    lifecycle.make_state_folder()
    if debug:
        from inngest_devtools.dev_loop import debug_run  # imports the app

        raise SystemExit(debug_run.run(port, config))
    raise SystemExit(DevLoop(port, config, is_cold=cold).run())


class DevLoop:
    """Both processes from start to end; without `config` the app alone."""

    def __init__(self, port: int, config: ServerConfig | None, *, is_cold: bool) -> None:
        self._port, self._config = port, config
        self._is_cold = is_cold
        self._stopped_at: float | None = None
        self._logs = Logs()
        self._server: psutil.Process | None = None
        self._is_own_server = False
        self._app: App | None = None  # None also while the sources are broken
        self._sync: Future[Sync | None] | None = None  # that of the last start, until reported
        self._last_sync: Sync | None = None
        self._is_server_up = False
        self._is_block_shown = False  # the addresses, as they are now
        self._are_settings_wrong = False

    def run(self) -> int:
        """Run until a signal, then return 0, or until something ends by itself, then return its
        exit code.
        """
        with ExitStack() as cleanup:
            cleanup.callback(self._logs.show, quiet=True)
            self._starter = AppStarter(is_cold=self._is_cold)
            for name in SIGNALS:
                if hasattr(signal, name):
                    signal.signal(getattr(signal, name), self._stop)
            cleanup.callback(self._starter.close)
            cleanup.callback(self._end_server)
            if self._config:
                self._start_server(self._config)
            APP_LOG.write_bytes(b"")
            self._logs.follow("app", APP_LOG)
            cleanup.callback(self._end_app, END_GRACE)
            self._start_app()
            part, code = self._watch()
            self._tell_unfinished(has_crashed=part == "Dev Server")
        if code:
            words = (
                t("The app ended with exit code {code}.", code=code)
                if part == "app"
                else t("The Dev Server ended with exit code {code}.", code=code)
            )
            console.print(words, style="bold red")
        return code

    def _stop(self, number: int, _: object) -> None:
        """End in good order; a second Ctrl-C kills what that waits for."""
        now = time.monotonic()
        if self._stopped_at is None:
            self._stopped_at = now
        elif number == signal.SIGINT and now - self._stopped_at > ONE_PRESS:
            self._kill()

    def _is_stopped(self) -> bool:
        return self._stopped_at is not None

    def _kill(self) -> None:
        if self._app:
            kill_family(self._app.process)
        self._starter.kill()
        if self._server and self._is_own_server:
            kill_family(self._server)

    # --- The Dev Server

    def _start_server(self, config: ServerConfig) -> None:
        self._server, self._is_own_server = lifecycle.find_or_launch(config, OWN_GROUP, "--no-poll")
        self._is_server_up = False
        self._logs.follow("inngest", lifecycle.LOG_FILE, from_now=not self._is_own_server)
        if not self._is_own_server:
            console.print(
                t(
                    "The Dev Server runs already (pid {pid}) and will go on after this.",
                    pid=self._server.pid,
                )
            )

    def _end_server(self) -> None:
        if self._server and self._is_own_server:
            lifecycle.end(self._server)
        self._server = None

    def _tell_unfinished(self, *, has_crashed: bool) -> None:
        """What ends with a Dev Server that is ours, or has ended."""
        if self._config and has_crashed:
            unfinished.tell_crash(self._config)
        elif self._config and self._is_own_server:
            unfinished.tell_end(self._config)

    # --- The app

    def _start_app(self) -> None:
        """Start it; where one runs, that ends while the new one imports what it needs."""
        if self._is_cold:
            self._end_app(RELOAD_GRACE)
        app = self._starter.start(self._port, colors=has_colors())
        self._end_app(RELOAD_GRACE)
        self._app = app
        running_app.note(app.process)
        app.serve()
        self._sync = _in_thread(self._sync_when_up, app)

    def _end_app(self, grace: float) -> None:
        if not self._app:
            return
        end = _in_thread(end_family, self._app.process, grace)
        started = time.monotonic()
        is_told = False
        while not _is_done_within(end, 0.1):
            self._logs.show()
            if time.monotonic() - started > PATIENCE and grace > PATIENCE and not is_told:
                words = t("The app finishes what it has begun: {grace:.0f} s at most.", grace=grace)
                console.print(words, style="bold")
                is_told = True
            if self._is_stopped() and grace > END_GRACE:
                end_family(self._app.process)
        self._app = None

    def _sync_when_up(self, app: App) -> Sync | None:
        """Sync as soon as both answer; None if the app ended first. Runs in a thread."""
        if self._server and self._config and not self._is_server_up:
            lifecycle.wait_until_healthy(self._server, self._config)
            self._is_server_up = True
        while app.exit_code() is None:
            if listens(self._port):
                return self._sync_now()
            time.sleep(0.01)
        return None

    def _sync_now(self) -> Sync:
        try:
            return sync_app(self._config) if self._config else Sync()
        except DevtoolsError as error:  # a setting has become wrong meanwhile
            return Sync(error=str(error))

    # --- The loop

    def _watch(self) -> tuple[str, int]:
        """What has ended, and its exit code."""
        surroundings = Surroundings()
        for files in watch_sources():
            self._logs.show(quiet=not self._is_block_shown)
            if self._is_stopped():
                self._logs.leave("inngest")  # it complains of the app that ends before it
                break
            if self._server and (code := exit_code(self._server)):
                return "Dev Server", code
            code = self._find_end_of_app()
            if code:
                return "app", code
            if self._sync and self._sync.done():
                sync, self._sync = self._sync.result(), None
                self._report(sync)
            if not self._sync:
                self._starter.learn()
            changed = surroundings.find_changes()
            names = [name for group in changed.values() for name in group]
            names += [file.relative_to(PROJECT_ROOT).as_posix() for file in files]
            if not names:
                continue
            console.print(t("Reload: {names}", names=", ".join(names)), style="bold")
            if "libraries" in changed:
                forget_libraries()
            if changed or self._are_settings_wrong:
                self._start_anew()
            else:
                self._start_app()
        return "", 0

    def _find_end_of_app(self) -> int | None:
        """Its exit code, if it ended by itself; a reload that breaks it does not end us, for the
        next change may mend it.
        """
        if not self._app or (self._sync and self._last_sync):
            return None
        return self._app.exit_code()

    def _start_anew(self) -> None:
        """Read all settings again, and start what depends on them.

        Wrong ones start nothing: what runs goes on as it was.
        """
        self._are_settings_wrong = True
        try:
            read_settings_afresh()
            read_inngest_settings()
            port = read_app_port()
            if port != self._port:
                check_port(port)
            config = self._read_config_again() if self._config else None
        except DevtoolsError as error:
            self._tell_wrong_settings(error)
            return
        self._are_settings_wrong = False
        if port != self._port:
            self._end_app(RELOAD_GRACE)
            self._port = port
            self._is_block_shown = False
        if config and config != self._config:
            self._restart_server(config)
        self._config = config
        self._starter.renew()
        self._start_app()

    def _tell_wrong_settings(self, error: DevtoolsError) -> None:
        if self._app:
            words = t("The app runs on as it was. Waiting for the next change.")
        else:
            words = t("Waiting for the next change.")
        console.print(f"{render_error(error)}\n{words}", style="bold yellow")

    def _read_config_again(self) -> ServerConfig:
        config = read_config()
        check_target(config)
        if config != self._config:
            check_database(config)
        return config

    def _restart_server(self, config: ServerConfig) -> None:
        if not self._is_own_server:
            console.print(
                t(
                    "The Dev Server keeps its settings until `{restart}`.",
                    restart=command("restart"),
                )
            )
            return
        assert self._config
        unfinished.tell_end(self._config)
        self._end_server()
        self._is_block_shown = False
        self._start_server(config)

    def _report(self, sync: Sync | None) -> None:
        before = self._last_sync
        if not sync:
            self._end_app(END_GRACE)
            words = t("The app did not start. Waiting for the next change.")
            console.print(words, style="bold yellow")
            return
        self._starter.close_old()
        if not self._is_block_shown:
            self._is_block_shown = True
            self._print_ready(sync)
        elif self._config and before:
            color = "red" if sync.error else "green"
            changes = "" if sync.error else sync.compare(before)
            result = f"{sync}  {changes}".rstrip()
            console.print(t("Reloaded: {result}", result=result), style=f"bold {color}")
        elif not self._config:
            console.print(t("Reloaded."), style="bold green")
        if not before or not sync.error:
            self._last_sync = sync

    def _print_ready(self, sync: Sync) -> None:
        url = f"http://127.0.0.1:{self._port}"
        rows = [(t("App"), url, "green"), (t("API docs"), f"{url}/docs", "green")]
        if self._config:
            color = "red" if sync.error else "green"
            rows += [(t("Dashboard"), self._config.url, "green"), ("Inngest", str(sync), color)]
        self._logs.print_block(rows)
        if self._config and self._server and self._is_own_server:
            unfinished.tell_start(self._config)


def _in_thread(work: Callable[..., Result], *args: object) -> "Future[Result]":
    """Not a pool's: that would keep us from ending until all of its work is done."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work(*args))
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _is_done_within(future: "Future[None]", seconds: float) -> bool:
    try:
        future.result(timeout=seconds)
    except TimeoutError:
        return False
    return True
