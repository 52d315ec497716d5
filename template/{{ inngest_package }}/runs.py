"""What became of the runs that an event started, for whoever sent it and waits for an answer."""

import asyncio
import hashlib
import re
import time
from typing import Any, Literal

import httpx
from pydantic import BaseModel

from .client import OFF
from .errors import ConfigurationError
from .network import create_http_client
from .settings import Settings, get_settings

Status = Literal["pending", "running", "completed", "failed", "cancelled"]

# The server's words; any other means that the run is under way.
STATUSES: dict[str, Status] = {
    "Scheduled": "pending",
    "Completed": "completed",
    "Failed": "failed",
    "Overflowed": "failed",
    "Cancelled": "cancelled",
    "Skipped": "cancelled",  # by `singleton`: another run is under way
}

# Seconds.
FIRST_PAUSE = 0.1  # between two looks; each is half as long again
LONGEST_PAUSE = 2.0
TIMEOUT = 5.0  # for one answer
MAX_REASON = 200  # characters


class RunsUnavailable(Exception):
    """Inngest does not say now what became of an event."""


class RunStatus(BaseModel):
    """One run of a function.

    Args:
        function_id: As in `create_function(fn_id=...)`; None where the server does not say.
        output: What the function returned, once it has.
        reason: Why the run failed, in one line: the message of its exception.
    """

    run_id: str
    function_id: str | None
    status: Status
    output: Any = None
    reason: str | None = None

    @property
    def is_over(self) -> bool:
        return self.status not in ("pending", "running")


class EventRuns(BaseModel):
    """The runs that one event started, and what they are together: the worst of what they are.

    An event that starts no run at all (nothing listens to it, or a rate limit dropped it) stays
    `pending`, for Inngest does not tell it from one whose runs are about to start.
    """

    event_id: str
    status: Status
    runs: list[RunStatus]

    @property
    def is_over(self) -> bool:
        return self.status not in ("pending", "running")


async def get_runs(event_id: str, *, wait: float = 0, expected: int = 1) -> EventRuns:
    """What became of an event. An id is no secret: check first whether the caller may know.

    Args:
        event_id: What sending the event returned; not an id that you gave it.
        wait: Seconds to wait until every run has ended; 25 is below the time limits of most
            proxies.
        expected: How many runs the event starts. They do not start at the same moment: with fewer
            than that it is not over.

    Raises:
        ConfigurationError: Inngest is off.
        ValueError: Inngest knows no such form of an id.
        RunsUnavailable: Inngest does not answer, or refuses the signing key.
    """
    settings = get_settings()
    if settings.mode == "off":
        raise ConfigurationError(OFF)
    if not re.fullmatch(r"[\w-]+", event_id):  # it becomes a part of a path
        raise ValueError(f"{event_id!r} is no id of an event.")
    deadline = time.monotonic() + wait
    pause = FIRST_PAUSE
    async with RunsApi(settings) as api:
        while True:
            remaining = deadline - time.monotonic()
            try:
                found = await _look(api, event_id, expected)
                if found.is_over or remaining <= 0:
                    return found
            except httpx.TransportError as error:
                if remaining <= 0:
                    raise RunsUnavailable(
                        f"Inngest does not answer at {settings.api_origin}."
                    ) from error
            await asyncio.sleep(min(pause, max(remaining, 0)))
            pause = min(1.5 * pause, LONGEST_PAUSE)


async def _look(api: "RunsApi", event_id: str, expected: int) -> EventRuns:
    functions = await api.find_runs(event_id)
    looks = (api.read_run(run_id, function_id) for run_id, function_id in functions.items())
    runs = await asyncio.gather(*looks)
    return EventRuns(event_id=event_id, status=_sum_up(runs, expected), runs=runs)


def _sum_up(runs: list[RunStatus], expected: int) -> Status:
    statuses = {run.status for run in runs}
    if statuses <= {"pending"}:
        return "pending"
    if statuses & {"pending", "running"} or len(runs) < expected:
        return "running"
    worst: tuple[Status, ...] = ("failed", "cancelled")
    return next((status for status in worst if status in statuses), "completed")


class RunsApi:
    """Inngest's HTTP API, on a Dev Server, a server of your own and Inngest Cloud.

    The server's *lists* of runs tell which there are, and not what they are: on PostgreSQL they say
    `Completed` of a run that sleeps. Only the answer about a single run is right.
    """

    def __init__(self, settings: Settings) -> None:
        self._http = create_http_client(
            settings.api_origin, timeout=TIMEOUT, only_direct=not settings.is_production
        )
        # Inngest Cloud has the second version of its API at another path.
        self._v2 = "/v2" if settings.api_origin.endswith(".inngest.com") else "/api/v2"
        self._headers = {"x-inngest-env": settings.inngest_env} if settings.inngest_env else {}
        keys = (settings.inngest_signing_key, settings.inngest_signing_key_fallback)
        self._keys = [key.get_secret_value() for key in keys if key] or [""]

    async def __aenter__(self) -> "RunsApi":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def find_runs(self, event_id: str) -> dict[str, str | None]:
        """The ids of an event's runs, oldest first, each with the id of its function."""
        body = await self._get(f"/v1/events/{event_id}/runs")
        if body.get("error"):
            raise ValueError(f"{body['error']}: it is what sending the event returned.")
        listed: dict[str, str | None] = {run["run_id"]: None for run in body["data"] or []}
        # The second version also names the functions, and finds a batch by any of its events.
        reply = await self._request(f"{self._v2}/events/{event_id}/runs")
        if reply.status_code == 200:
            for run in reply.json().get("data") or []:
                listed[run["id"]] = (run.get("function") or {}).get("id")
        return dict(sorted(listed.items()))  # by their ids, which begin with the time

    async def read_run(self, run_id: str, function_id: str | None) -> RunStatus:
        body = await self._get(f"/v1/runs/{run_id}")
        run = body["data"] or {"status": "Scheduled"}  # listed a moment ago, not yet stored
        status = STATUSES.get(run["status"], "running")
        return RunStatus(
            run_id=run_id,
            function_id=function_id,
            status=status,
            output=run.get("output") if status == "completed" else None,
            reason=_reason_of(run.get("output")) if status == "failed" else None,
        )

    async def _get(self, path: str) -> dict[str, Any]:
        """An answer of the API's first version: its errors are `error` and `status` in a 200."""
        reply = await self._request(path)
        if reply.status_code in (401, 403):
            raise RunsUnavailable("Inngest refuses INNGEST_SIGNING_KEY.")
        try:
            body = reply.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or "data" not in body:
            raise RunsUnavailable(f"{reply.url.path} answered {reply.status_code}.")
        return body

    async def _request(self, path: str) -> httpx.Response:
        # The server repeats an answer for 15 seconds, also an empty one; a new URL is asked.
        params = {"t": str(time.time_ns())}
        for key in self._keys:
            headers = self._headers | _authorization(key)
            reply = await self._http.get(path, params=params, headers=headers)
            if reply.status_code not in (401, 403):
                break
        return reply


def _authorization(signing_key: str) -> dict[str, str]:
    """As the SDK does it, with a hash of the key: the key itself never travels."""
    if not signing_key:
        return {}
    match = re.fullmatch(r"(signkey-\w+-)?([0-9a-fA-F]+)", signing_key)
    assert match  # the settings have checked it
    digest = hashlib.sha256(bytes.fromhex(match[2])).hexdigest()
    return {"authorization": f"Bearer {match[1] or ''}{digest}"}


def _reason_of(output: object) -> str:
    """The message of an exception, cut to one line: what else is in there is a traceback."""
    if isinstance(output, dict) and isinstance(output.get("error"), dict):
        output = output["error"]  # the server's own decision, not the function's
    message = output.get("message") if isinstance(output, dict) else output
    lines = str(message or "").strip().splitlines()
    return lines[0][:MAX_REASON] if lines else "failed"
