"""A page that shows how far a run is, as it happens: `app.include_router(progress_router)`.

The page follows a stream of server-sent events of the app's own, so the app's own authorisation
decides who sees it; the browser never talks to Inngest.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, StreamingResponse

from .errors import ConfigurationError
from .progress import read_progress
from .runs import EventRuns, RunsUnavailable, get_runs

LOOK_INTERVAL = 0.5  # seconds between two looks into the table
RUN_INTERVAL = 5.0  # seconds between two questions to Inngest
# Seconds after which a stream ends, and the browser asks for the next one: a server that shuts down
# waits for its streams, and a proxy ends them somewhen, too.
STREAM_TIME = 10.0
RETRY_AFTER = 500  # milliseconds

PAGE = Path(__file__).with_name("progress_page.html")

# Nothing from elsewhere runs in the page, or gets to see it.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'self'",
    "Cache-Control": "no-store",
}
STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

progress_router = APIRouter(prefix="/progress", tags=["progress"])


@progress_router.get("/{event_id}", response_class=HTMLResponse)
async def show_progress(event_id: str) -> HTMLResponse:
    """The page, the same for every run: it knows from its own address which one it shows."""
    return HTMLResponse(PAGE.read_text("utf-8"), headers=HEADERS)


@progress_router.get("/{event_id}/stream", response_class=StreamingResponse)
async def stream_progress(event_id: str) -> StreamingResponse:
    """Where it stands, at once, and then whatever changes; `end` tells what became of the run."""
    return StreamingResponse(
        _follow(event_id), media_type="text/event-stream", headers=STREAM_HEADERS
    )


async def _follow(event_id: str) -> AsyncIterator[str]:
    yield f"retry: {RETRY_AFTER}\n\n"
    shown = None
    end = time.monotonic() + STREAM_TIME
    next_question = time.monotonic()
    while time.monotonic() < end:
        runs = None
        progress = await read_progress(event_id)
        is_done = progress is not None and progress.percent >= 100
        if is_done or time.monotonic() >= next_question:
            # The table knows what steps said, Inngest that a run has failed or was cancelled.
            runs = await _find_end(event_id)
            next_question = time.monotonic() + RUN_INTERVAL
            progress = await read_progress(event_id)
        if progress and progress != shown:
            yield _message("progress", progress._asdict())
            shown = progress
        if runs:
            reason = next((run.reason for run in runs.runs if run.reason), None)
            yield _message("end", {"status": runs.status, "reason": reason})
            return
        await asyncio.sleep(LOOK_INTERVAL)


async def _find_end(event_id: str) -> EventRuns | None:
    """The runs, if they are over; None while one goes on, and while Inngest does not answer."""
    try:
        runs = await get_runs(event_id)
    except (ConfigurationError, RunsUnavailable, ValueError):
        return None
    return runs if runs.is_over else None


def _message(name: str, data: dict[str, object]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
