"""`dev --debug`: the app in the foreground, where breakpoint() and debuggers work."""

import os
import pdb
import signal
import sys
import threading
import time
from contextlib import ExitStack, suppress

from inngest_devtools.dev_loop import app_process
from inngest_devtools.dev_loop.app_starter import MODULES_FILE
from inngest_devtools.dev_server import lifecycle, unfinished
from inngest_devtools.dev_server.config import ServerConfig, app_url
from inngest_devtools.dev_server.sync import sync_app
from inngest_devtools.logs import console, has_colors
from inngest_devtools.ports import listens
from inngest_devtools.processes import OWN_GROUP, app_environment
from inngest_devtools.project import PROJECT_ROOT, get_project
from inngest_devtools.words import t


def run(port: int, config: ServerConfig | None) -> int:
    """Serve the app in this very process, until Ctrl-C.

    A change takes effect at the next start. The Dev Server writes to its log only.
    """
    with ExitStack() as cleanup:
        if config:
            server, is_new = lifecycle.find_or_launch(config, OWN_GROUP, "--no-poll")
            if is_new:
                cleanup.callback(lifecycle.end, server)
                cleanup.callback(unfinished.tell_end, config)
            lifecycle.wait_until_healthy(server, config)
        if "PYTHONBREAKPOINT" not in os.environ:
            sys.breakpointhook = _break
        threading.Thread(target=_announce, args=(port, config), daemon=True).start()
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda *_: sys.exit(0))
        os.environ |= app_environment()
        sys.path[:0] = [str(PROJECT_ROOT), str(get_project().import_root)]
        with suppress(KeyboardInterrupt):
            app_process.run({"port": port, "colors": has_colors(), "modules": str(MODULES_FILE)})
    return 0


def _break(*_: object) -> None:
    """pdb, which leaves Ctrl-C alone: that ends the app also after a breakpoint."""
    pdb.Pdb(nosigint=True).set_trace(sys._getframe(1))


def _announce(port: int, config: ServerConfig | None) -> None:
    while not listens(port):
        time.sleep(0.05)
    console.print(
        t("App {url}, to be debugged. Ctrl-C ends it.", url=app_url()), style="bold green"
    )
    if config:
        console.print(
            t("Dashboard {url}: {result}", url=config.url, result=sync_app(config)),
            style="bold green",
        )
