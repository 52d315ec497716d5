"""What the devtools put around the app while it is developed; in no image, and so never in
production.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from inngest_devtools.dev_loop.tracebacks import describe
from inngest_devtools.landing import routes
from inngest_devtools.words import t

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

logger = logging.getLogger("uvicorn.error")


class DevApp:
    """An ASGI app around the user's: it has a page at `/` where the app has none, says in one line
    why a start fails, and ends event streams for a reload.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._docs_url: str | None = getattr(app, "docs_url", None)
        self._streams: set[asyncio.Task[Any]] = set()
        self._requests: dict[asyncio.Task[Any] | None, str] = {}  # that are being answered
        self._is_ending = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._run_lifespan(scope, receive, send)
        elif scope["type"] == "http" and routes.is_ours(scope):
            await routes.answer(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self._run_socket(scope, receive, send)

    def end_streams(self) -> None:
        """End the streams of events that are open: they have no end of their own to wait for."""
        self._is_ending = True
        for task in self._streams:
            task.cancel()

    def tell_requests(self) -> None:
        """Say what an end waits for."""
        if self._requests:
            names = ", ".join(self._requests.values())
            logger.info(t("Still answered: {names}", names=names))

    async def _run_lifespan(self, scope: Message, receive: Receive, send: Send) -> None:
        """Starlette sends a failure as a traceback, and then raises it: show one line instead."""

        async def send_unless_failed(message: Message) -> None:
            if not message["type"].endswith(".failed"):
                await send(message)

        phase = None

        async def note_phase() -> Message:
            nonlocal phase
            message = await receive()
            phase = message["type"]
            return message

        try:
            await self._app(scope, note_phase, send_unless_failed)
        except (Exception, SystemExit) as error:
            if phase is None:
                raise  # it knows nothing of lifespans, which is no failure
            await send({"type": f"{phase}.failed", "message": describe(error)})

    async def _run_socket(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception:
            if not self._is_ending:  # else it was closed by a reload, which is no news
                raise

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        self._requests[task] = f"{scope['method']} {scope['path']}"
        may_land = scope["method"] in ("GET", "HEAD") and scope["path"] == "/"
        is_missing = False

        async def look_and_send(message: Message) -> None:
            nonlocal is_missing
            if message["type"] == "http.response.start":
                if _is_event_stream(message):
                    self._streams.add(task)  # type: ignore[arg-type]
                is_missing = may_land and message["status"] == 404 and routes.is_local(scope)
            if not is_missing:
                await send(message)

        try:
            await self._app(scope, receive, look_and_send)
            if is_missing:
                await routes.answer_root(scope, send, self._docs_url)
        except asyncio.CancelledError:
            if not self._is_ending or task not in self._streams:
                raise
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._streams.discard(task)
            del self._requests[task]


def _is_event_stream(message: Message) -> bool:
    headers = dict(message.get("headers", []))
    return bytes(headers.get(b"content-type", b"")).startswith(b"text/event-stream")
