"""What runs the app: imports it and serves it with uvicorn. The one place where the devtools import
the app.
"""

import asyncio
import importlib
import json
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from inngest_devtools.dev_loop.app_wrapper import DevApp
from inngest_devtools.dev_loop.tracebacks import describe, is_library, trim
from inngest_devtools.errors import render_error
from inngest_devtools.project import get_project

TICK = 0.1  # seconds, as uvicorn's own
PATIENCE = 0.9  # seconds until it is said which requests are waited for


def run(options: dict[str, Any], turn: int | None = None) -> None:
    """Serve the app until SIGTERM; ends the process if it cannot be imported.

    Args:
        options: `port`, `colors`, and `modules`: the file that is told which libraries were
            imported.
        turn: A pipe; the app is imported at once, but serves when a line comes out of it.
    """
    target = get_project().app
    sys.argv = ["uvicorn", target]
    # uvicorn configures its loggers here, and the app its own after that, as under `uvicorn`.
    config = uvicorn.Config(
        _not_imported, port=options["port"], use_colors=options["colors"], log_level="info"
    )
    logging.getLogger("uvicorn.error").addFilter(_trim_traceback)
    app = DevApp(_import_app(target))
    config.app = app
    if turn is not None and not os.read(turn, 1):
        return  # nobody is left who could want it
    server = Server(config, app, Path(options["modules"]))
    server.run()
    if not server.started:
        sys.exit(3)


async def _not_imported(*_: object) -> None: ...


def _import_app(target: str) -> Any:
    """As in "server.main:app", or "shop.main:create_app()"."""
    module, _, name = target.partition(":")
    try:
        app = importlib.import_module(module)
        for part in name.removesuffix("()").split("."):
            app = getattr(app, part)
        return app() if name.endswith("()") else app  # type: ignore[operator]
    except (Exception, SystemExit) as error:
        words = describe(error)
        if type(error).__name__ == "ConfigurationError":  # the Inngest package's: made to be read
            words = str(error)
        print(render_error(words), file=sys.stderr)
        sys.exit(1)


def _trim_traceback(record: logging.LogRecord) -> bool:
    if record.exc_info and record.exc_info[1]:
        error = record.exc_info[1]
        if isinstance(error, asyncio.CancelledError):
            return False  # a request that was ended with the app
        trim(error)
        record.exc_info = (type(error), error, error.__traceback__)
    return True


class Server(uvicorn.Server):
    """uvicorn's server, which notices SIGTERM at once; a second one ends what is still answered."""

    def __init__(self, config: uvicorn.Config, app: DevApp, modules: Path) -> None:
        super().__init__(config)
        self._app = app
        self._modules = modules
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        again = self.should_exit
        super().handle_exit(sig, frame)
        if self._loop:
            self._loop.call_soon_threadsafe(self._end_answers if again else self._woken.set)

    def _end_answers(self) -> None:
        for task in self.server_state.tasks:
            task.cancel()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self.should_exit:
            return
        self._loop.call_later(TICK, self._write_modules)
        count = 0
        while not await self.on_tick(count):
            count += 1
            try:
                await asyncio.wait_for(self._woken.wait(), TICK)
            except TimeoutError:
                continue
        self._app.end_streams()
        self._loop.call_later(PATIENCE, self._app.tell_requests)

    def _write_modules(self) -> None:
        """Which libraries the app has imported, for the parent that keeps them imported."""
        names = [
            name
            for name, module in sys.modules.copy().items()
            if name not in ("__main__", "__mp_main__")
            and (file := getattr(module, "__file__", None))
            and is_library(file)
        ]
        whole = self._modules.with_suffix(".new")
        whole.write_text(json.dumps(names), "utf-8")
        whole.replace(self._modules)


def main() -> None:
    """`python -m inngest_devtools.dev_loop.app_process OPTIONS`: a start without a warm parent."""
    if hasattr(signal, "SIGBREAK"):
        signal.signal(signal.SIGBREAK, lambda *_: sys.exit(0))
    run(json.loads(sys.argv[1]))


if __name__ == "__main__":
    main()
