"""What an app can ask a server about runs: which an event started, and what became of each."""

import time
from datetime import UTC, datetime
from typing import Any, Protocol

from inngest_devtools.testing.inngest_server import Run
from inngest_devtools.testing.protocol import Json
from inngest_devtools.testing.signing import bare_key, hash_key
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

CACHED = {"events": 15.0, "runs": 3.0}  # seconds for which the server repeats an answer


class Server(Protocol):
    """What the routes need of the server that has them."""

    @property
    def signing_key(self) -> str | None: ...

    def list_runs(self) -> list[Run]: ...


class RunApi:
    """The routes, with the shapes and the traps of the real server (1.43).

    Where the server has a signing key, who asks has to have it, too.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._cache: dict[str, tuple[float, Json]] = {}
        self.routes = [
            Route("/v1/events/{id}/runs", self._list),
            Route("/v1/runs/{id}", self._read),
            Route("/api/v2/events/{id}/runs", self._list_named),
        ]

    async def _list(self, request: Request) -> Response:
        event_id = request.path_params["id"]
        runs = [run for run in self._server.list_runs() if event_id in run.event_ids]
        # On PostgreSQL the real list says Completed of a run that sleeps: nobody should lean on it.
        data = [self._describe(run) | {"status": "Completed"} for run in runs]
        return self._answer(request, data, CACHED["events"])

    async def _read(self, request: Request) -> Response:
        id = request.path_params["id"]
        run = next((run for run in self._server.list_runs() if run.id == id), None)
        if run is None:  # an error, in a 200
            error = f"Unable to load function run: {id}"
            return JSONResponse({"error": error, "data": None, "status": 500})
        return self._answer(request, self._describe(run), CACHED["runs"])

    async def _list_named(self, request: Request) -> Response:
        if not self._is_allowed(request):
            return PlainTextResponse("Authentication failed\n", 401)
        event_id = request.path_params["id"]
        data = [
            {
                "id": run.id,
                "function": {"id": run.function_id},
                "trigger": {"eventIds": run.event_ids},
                "status": run.status.upper(),
            }
            for run in self._server.list_runs()
            if event_id in run.event_ids
        ]
        return JSONResponse({"data": data, "metadata": {"fetchedAt": _now()}, "page": {}})

    def _answer(self, request: Request, data: Any, seconds: float) -> Response:
        if not self._is_allowed(request):
            return PlainTextResponse("Authentication failed\n", 401)
        key = str(request.url)
        until, body = self._cache.get(key, (0.0, {}))
        if time.monotonic() > until:
            body = {"data": data, "metadata": {"fetched_at": _now()}}
            self._cache[key] = (time.monotonic() + seconds, body)
        return JSONResponse(body)

    def _is_allowed(self, request: Request) -> bool:
        """Whether it has the signing key, as it is or hashed."""
        signing_key = self._server.signing_key
        if not signing_key:
            return True
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return bare_key(token) in (bare_key(signing_key), hash_key(signing_key))

    def _describe(self, run: Run) -> Json:
        is_over = run.status != "Running"
        described = {
            "run_id": run.id,
            "run_started_at": _now(),
            "function_id": run.function_id,  # the real server has a UUID here
            "event_id": run.event_ids[0] if run.event_ids else None,
            "status": run.status,
            "ended_at": _now() if is_over else None,
        }
        output: Any = {} if run.status == "Cancelled" else run.output
        return described | ({"output": output} if is_over else {})


def _now() -> str:
    return datetime.now(UTC).isoformat()
