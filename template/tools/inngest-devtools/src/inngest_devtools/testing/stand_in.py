"""A stand-in for the Inngest server, so that tests need none.

It calls the served app over HTTP, as the real server does, with the runs in `executor`. Time is
virtual: it passes only in `finish` and `wait_until`, then at once. What the stand-in cannot imitate
it refuses, with `Unsupported`, rather than be kinder than the real server.
"""

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Self

import inngest
from inngest_devtools.project import SERVE_PATH
from inngest_devtools.testing.app_client import AppClient
from inngest_devtools.testing.app_server import free_port, serve, url_of
from inngest_devtools.testing.executor import Executor
from inngest_devtools.testing.functions import Function
from inngest_devtools.testing.inngest_server import InngestServer, Run, SyncError
from inngest_devtools.testing.protocol import (
    EventRefused,
    Json,
    public_event,
    sent_event,
    take_event,
)
from inngest_devtools.testing.registration import find_problems
from inngest_devtools.testing.run_api import RunApi
from inngest_devtools.testing.signing import hash_key
from inngest_devtools.testing.unsupported import Unsupported
from inngest_devtools.words import t
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class StandIn(InngestServer):
    """The stand-in server, listening on a free loopback port from its first moment; serving within
    `with`.

    Args:
        signing_key: With one, the server is as in production: it signs its requests and checks the
            app's signatures.
    """

    def __init__(self, *, signing_key: str | None = None) -> None:
        self._listener = free_port()
        self.origin = url_of(self._listener)
        self._app = AppClient(signing_key)
        self._functions: list[Function] = []  # of all apps
        self._problems = ""
        self._executor = Executor(self._app, self._functions)

    @property
    def signing_key(self) -> str | None:
        return self._app.signing_key

    @signing_key.setter
    def signing_key(self, key: str | None) -> None:
        self._app.signing_key = key

    def __enter__(self) -> Self:
        routes = [
            Route("/fn/register", self._register, methods=["POST"]),
            Route("/e/{key}", self._receive, methods=["POST"]),
            Route("/v0/runs/{run_id}/batch", self._show_events),
            Route("/v0/runs/{run_id}/actions", self._show_steps),
            Route("/health", lambda _: JSONResponse({"status": 200, "message": "OK"})),
            *RunApi(self).routes,
            Route("/{path:path}", self._refuse, methods=METHODS),
        ]
        self._serving = serve(Starlette(routes=routes), self._listener)
        self._serving.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.stop()
        self._serving.__exit__(None, None, None)
        self._app.close()

    def reset(self) -> None:
        """Forget every run, event and time, but not the app."""
        self._executor.stop()
        self._executor = Executor(self._app, self._functions)

    # --- What a test asks for

    def sync(self, app_url: str) -> None:
        """Have the app register its functions.

        Raises:
            SyncError: It could not, or the server would refuse one of the functions. A failed sync
                answers 200.
        """
        response = self._app.sync(f"{app_url}{SERVE_PATH}")
        self._executor.work()  # raises what was met in another thread
        body = response.json()
        if not body.get("ok"):
            raise SyncError(
                self._problems or body.get("message") or body.get("error") or response.text
            )

    @property
    def now(self) -> float:
        return self._executor.clock.now

    def send(self, *events: inngest.Event | Json) -> list[str]:
        sent = [sent_event(event) for event in events]
        ids = list(self._accept(sent, seed=uuid.uuid4().hex))
        self._executor.work()
        return ids

    def invoke(self, function_id: str, data: Json | None = None) -> Run:
        for function in self._functions:
            if function.local_id == function_id:
                event_id = self._executor.invoke(function, data or {})
                return next(run for run in self.finish() if event_id in run.event_ids)
        known = ", ".join(function.local_id for function in self._functions)
        raise AssertionError(
            t("There is no function {id}: there are {known}.", id=function_id, known=known)
        )

    def settle(self) -> list[Run]:
        self._executor.work()
        return self.list_runs()

    def wait_until(self, predicate: Callable[[], bool], timeout: float = 60) -> None:
        deadline = time.monotonic() + timeout
        self._executor.work()
        while not predicate():
            if not self._executor.has_more() or time.monotonic() > deadline:
                raise AssertionError(
                    t("It did not become true. Runs: {runs}", runs=self.list_runs())
                )
            self._executor.pass_time()

    def pass_time(self, seconds: float) -> None:
        self._executor.pass_time_until(self.now + seconds)

    def finish(self) -> list[Run]:
        self._executor.work()
        while self._executor.has_more():
            self._executor.pass_time()
        return self.list_runs()

    def list_runs(self) -> list[Run]:
        return list(self._executor.runs)

    def events(self, name: str | None = None) -> list[inngest.Event]:
        events = [event for event in self._executor.events if name in (None, event["name"])]
        return [
            inngest.Event(name=e["name"], data=e["data"], id=e["id"], ts=e["ts"]) for e in events
        ]

    def most_at_once(self, *runs: Run) -> int:
        ids = {run.id for run in runs or self.list_runs()}
        return self._executor.most_at_once(ids)

    # --- What the app asks for

    async def _register(self, request: Request) -> Response:
        if self.signing_key:
            expected = f"Bearer {hash_key(self.signing_key)}"
            if request.headers.get("authorization") != expected:
                return JSONResponse({"error": "Authentication failed", "status": 401}, 401)
        body = await request.json()
        app_id = body["appname"]
        try:
            problems = [each for config in body["functions"] for each in find_problems(config)]
            functions = [Function.from_config(app_id, config) for config in body["functions"]]
        except Unsupported as error:
            self._executor.report(error)
            problems = [str(error)]
        self._problems = "; ".join(problems)
        if problems:  # which the server keeps to itself here; its dashboard tells
            refusal = {"error": "At least one function is invalid", "data": None, "status": 400}
            return JSONResponse(refusal, 400)
        others = [function for function in self._functions if function.app_id != app_id]
        self._functions[:] = others + functions
        return JSONResponse(
            {"ok": True, "modified": True, "app_id": app_id, "sync_id": uuid.uuid4().hex}
        )

    async def _receive(self, request: Request) -> Response:
        body = await request.json()
        events = body if isinstance(body, list) else [body]
        seed = request.headers.get("x-inngest-event-id-seed") or uuid.uuid4().hex
        accepted: list[str] = []
        try:
            for internal_id in self._accept(events, seed=seed):
                accepted.append(internal_id)
        except EventRefused as error:
            answer = {"error": str(error), "ids": accepted or [""], "status": 400}
            return JSONResponse(answer, 400)
        return JSONResponse({"ids": accepted, "status": 200})

    def _accept(self, events: list[Json], *, seed: str) -> Iterator[str]:
        """Take events in, up to the first that is refused; as on the server, those before it
        stay.
        """
        for index, sent in enumerate(events):
            if sent.get("meta"):
                self._executor.report(Unsupported("the field `meta` of an event"))
            # By the seed an event that the SDK sends again is known as the same.
            internal_id = hashlib.sha256(f"{seed},{index}".encode()).hexdigest()[:26]
            event = take_event(sent, internal_id)
            self._executor.accept(event)
            yield internal_id

    async def _show_events(self, request: Request) -> Response:
        """The events of a run that were too large for the request to its function."""
        run = self._executor.find_run(request.path_params["run_id"])
        return JSONResponse([public_event(event) for event in run.events])

    async def _show_steps(self, request: Request) -> Response:
        """Likewise what its steps have come to."""
        return JSONResponse(self._executor.find_run(request.path_params["run_id"]).memos)

    async def _refuse(self, request: Request) -> Response:
        problem = f"{request.method} {request.url.path}"
        self._executor.report(Unsupported(problem))
        return JSONResponse({"error": f"the stand-in has no {problem}"}, 501)
