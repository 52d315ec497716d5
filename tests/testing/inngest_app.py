"""A small Inngest app for a test, with a server of its own: the stand-in or, with --dev-server, a
real Dev Server.
"""

import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import inngest
import inngest.fast_api
from fastapi import FastAPI
from inngest_devtools.testing import StandIn, free_port, serve

SIGNING_KEY = "ab" * 32

Handler = Callable[[inngest.Context], Awaitable[Any]]


TLS_CONTEXT = ssl.create_default_context()


def get_tls_context(**_: object) -> ssl.SSLContext:
    """One for all clients: the certificates take longer to load than most tests to run."""
    return TLS_CONTEXT


class App:
    """An app under test: define functions, then `serve()`."""

    def __init__(
        self, stack: ExitStack, executor: StandIn, *, signing_key: str | None = None
    ) -> None:
        self._stack = stack
        self.executor = stack.enter_context(executor)
        with patch("ssl.create_default_context", get_tls_context):
            self.client = inngest.Inngest(
                app_id="app",
                api_base_url=self.executor.origin,
                event_api_base_url=self.executor.origin,
                event_key="event-key",
                signing_key=signing_key,
                is_production=signing_key is not None,
                logger=logging.getLogger("test"),
            )
        self.functions: list[inngest.Function[Any]] = []
        self.calls: Counter[str] = Counter()
        self._port = 0

    def function(
        self, *, id: str = "fn", event: str = "test/event", **options: Any
    ) -> Callable[[Handler], Handler]:
        trigger = options.pop("trigger", inngest.TriggerEvent(event=event))

        def define(handler: Handler) -> Handler:
            create = self.client.create_function(fn_id=id, trigger=trigger, **options)
            self.functions.append(create(handler))
            return handler

        return define

    def step(
        self, name: str, result: Any = None, *, fail: int = 0, error: Exception | None = None
    ) -> Any:
        """A step's function that counts its calls and fails at the first ones."""

        async def run() -> Any:
            self.calls[name] += 1
            if self.calls[name] <= fail:
                raise error or RuntimeError(f"{name} failed")
            return result

        return run

    def serve(self, **options: Any) -> StandIn:
        """Serve the app, sync it and return the executor; options are those of the SDK's `serve`."""
        self._asgi = FastAPI()
        inngest.fast_api.serve(self._asgi, self.client, self.functions, **options)
        self.start()
        self.executor.sync(self.url)
        return self.executor

    def start(self) -> None:
        """Serve the app, on the same port as before if there was one."""
        listener = free_port(self._port)
        self._port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._serving = self._stack.enter_context(ExitStack())
        self._serving.enter_context(serve(self._asgi, listener))

    def stop(self) -> None:
        self._serving.close()
