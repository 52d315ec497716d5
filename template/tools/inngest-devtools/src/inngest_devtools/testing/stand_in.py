"""A stand-in for the Inngest server, so that tests need none.

It calls the served app over HTTP, as the real server does: it registers the app by PUT, runs
functions step by step, remembers what each step returned, retries, sleeps, waits for events,
invokes, cancels and sends `inngest/function.failed`. Time is virtual: it passes only in `finish`,
then at once. What the stand-in cannot imitate it refuses, with `Unsupported`, rather than be kinder
than the real server.
"""

import hashlib
import heapq
import itertools
import json
import re
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import httpx
import inngest
import jcs  # type: ignore[import-untyped]
from inngest_devtools.testing.app_server import free_port, serve, url_of
from inngest_devtools.testing.inngest_server import InngestServer, Run, Status, SyncError
from inngest_devtools.testing.matching import evaluate, holds, matches
from inngest_devtools.testing.protocol import (
    SERVE_PATH,
    Json,
    Reply,
    error_memo,
    is_too_large,
    make_event,
    reported_error,
    seconds,
    seconds_until,
    server_error,
    sign,
)
from inngest_devtools.testing.registration import find_expression_problem, find_problems
from inngest_devtools.testing.unsupported import Unsupported
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

BACKOFF = (
    15,
    30,
    60,
    120,
    300,
    600,
    1200,
    2400,
    3600,
    7200,
)  # seconds before each retry; the server adds up to 30
MAX_CALLS = 10_000  # in one test: functions that start each other without end
MAX_RETRIES = 20  # of one step; a function may ask for more, and does not get them
# in one run, which fails as soon as it has had as many: it would need one more call to end
MAX_STEPS = 1000

# Options that decide which runs there are, and which are not imitated.
UNSUPPORTED_OPTIONS = ("debounce", "rateLimit", "singleton", "timeouts")


@dataclass(kw_only=True)
class _Function:
    """A registered function: the part of its configuration that matters here."""

    id: str  # with the app's id in front
    local_id: str
    triggers: list[Json]
    max_attempts: int
    cancel: list[Json]
    batch: Json | None
    idempotency: str | None
    unsupported: list[str]

    @classmethod
    def from_config(cls, app_id: str, config: Json) -> Self:
        step = config["steps"]["step"]
        return cls(
            id=config["id"],
            local_id=config["id"].removeprefix(f"{app_id}-"),
            triggers=config["triggers"],
            max_attempts=min(step.get("retries", {}).get("attempts", 4), MAX_RETRIES) + 1,
            cancel=config.get("cancel", []),
            batch=config.get("batchEvents"),
            idempotency=config.get("idempotency"),
            unsupported=[option for option in UNSUPPORTED_OPTIONS if config.get(option)],
        )

    def is_triggered_by(self, event: Json) -> bool:
        return any(matches(trigger, event) for trigger in self.triggers if "event" in trigger)


@dataclass(kw_only=True)
class _Run(Run):
    function: _Function
    events: list[Json]
    started: float
    memos: Json = field(
        default_factory=dict
    )  # by hashed step id: what the SDK gets back instead of running the step
    stack: list[str] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)
    plans_only: bool = False
    parent: "tuple[_Run, str] | None" = None


@dataclass
class _Call:
    """One request to the app: `step` finds out what is next, a hashed id runs just that step."""

    run: _Run
    step_id: str = "step"
    attempt: int = 0


@dataclass
class _Wait:
    run: _Run
    step_id: str
    event_name: str
    expression: str | None


class StandIn(InngestServer):
    """The stand-in server, listening on a free loopback port from its first moment; serving within
    `with`.

    `now` is the virtual time since `reset`, in seconds.

    Args:
        signing_key: With one, the server is as in production: it signs its requests and checks the
            app's signatures.
    """

    def __init__(self, *, signing_key: str | None = None) -> None:
        self._listener = free_port()
        self.origin = url_of(self._listener)
        self.signing_key = signing_key
        self._functions: list[_Function] = []
        self._problems = ""
        self._http = httpx.Client(timeout=60, trust_env=False, verify=False)
        self._pool = ThreadPoolExecutor(max_workers=8)
        self.reset()

    def __enter__(self) -> Self:
        routes = [
            Route("/fn/register", self._register, methods=["POST"]),
            Route("/e/{key}", self._receive, methods=["POST"]),
            Route("/health", lambda _: JSONResponse({"status": 200, "message": "OK"})),
        ]
        self._serving = serve(Starlette(routes=routes), self._listener)
        self._serving.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._serving.__exit__(None, None, None)
        self._pool.shutdown()
        self._http.close()

    def reset(self) -> None:
        """Forget every run, event and time, but not the app."""
        self.now = 0.0
        self._queue: list[tuple[float, int, _Call | Callable[[], None]]] = []
        self._counter = itertools.count()
        self._inbox: deque[Json] = deque()
        self._seen: set[str] = set()
        self._runs: list[_Run] = []
        self._waits: list[_Wait] = []
        self._batches: dict[tuple[str, str], list[Json]] = {}
        self._calls = 0

    # --- What a test asks for

    def sync(self, app_url: str, *, app_id: str = "") -> None:
        """Have the app register its functions.

        Raises:
            SyncError: It could not, or the server would refuse one of the functions. A failed sync
                answers 200.
        """
        self._serve_url = f"{app_url}{SERVE_PATH}"
        request = jcs.canonicalize({"url": self._serve_url})
        reply = self._http.put(self._serve_url, content=request, headers=self._headers(request))
        body = reply.json()
        if not body.get("ok"):
            raise SyncError(
                self._problems or body.get("message") or body.get("error") or reply.text
            )

    def send(self, *events: inngest.Event) -> list[str]:
        ids = self._accept([event.model_dump() for event in events], seed=uuid.uuid4().hex)
        self._work()
        return ids

    def invoke(self, function_id: str, data: Json | None = None) -> Run:
        function = next(
            function for function in self._functions if function.local_id == function_id
        )
        run = self._invoke(function, data or {})
        self.finish()
        return run

    def finish(self) -> list[Run]:
        self._work()
        while self._batches or any(run.status == "Running" for run in self._runs):
            self.now = self._queue[0][0]
            self._work()
        return list(self._runs)

    # --- What the app asks for

    async def _register(self, request: Request) -> JSONResponse:
        if self.signing_key:
            key = hashlib.sha256(bytes.fromhex(self.signing_key)).hexdigest()
            if request.headers.get("authorization") != f"Bearer {key}":
                return JSONResponse({"error": "Authentication failed", "status": 401}, 401)
        body = await request.json()
        self._problems = "; ".join(
            problem for config in body["functions"] for problem in find_problems(config)
        )
        if self._problems:  # which the server keeps to itself here; its dashboard tells
            return JSONResponse(
                {"error": "At least one function is invalid", "data": None, "status": 400}, 400
            )
        self._functions = [
            _Function.from_config(body["appname"], config) for config in body["functions"]
        ]
        return JSONResponse(
            {"ok": True, "modified": True, "app_id": body["appname"], "sync_id": uuid.uuid4().hex}
        )

    async def _receive(self, request: Request) -> JSONResponse:
        body = await request.json()
        events = body if isinstance(body, list) else [body]
        seed = request.headers.get("x-inngest-event-id-seed") or uuid.uuid4().hex
        try:
            return JSONResponse({"ids": self._accept(events, seed=seed), "status": 200})
        except ValueError as error:
            return JSONResponse({"error": str(error), "ids": [], "status": 400}, 400)

    def _accept(self, events: list[Json], *, seed: str) -> list[str]:
        """Take events in, up to the first with a name that is refused: as the server does, those
        before it stay.
        """
        ids = []
        for index, event in enumerate(events):
            if not event.get("name"):
                raise ValueError("event name is empty")
            if event["name"].lower().startswith("inngest/"):
                raise ValueError(f"event name is reserved for internal use: {event['name']}")
            id = event.get("id") or hashlib.sha256(f"{seed},{index}".encode()).hexdigest()[:26]
            self._inbox.append(make_event(event["name"], event.get("data") or {}, id=id))
            ids.append(id)
        return ids

    # --- The queue

    def _work(self) -> None:
        """Do all that is due, side by side what is due at the same time; time does not pass."""
        while self._inbox or (self._queue and self._queue[0][0] <= self.now):
            while self._inbox:
                self._deliver(self._inbox.popleft())
            calls = []
            while self._queue and self._queue[0][0] <= self.now:
                item = heapq.heappop(self._queue)[2]
                if not isinstance(item, _Call):
                    item()
                elif item.run.status == "Running":
                    calls.append(item)
            replies = list(
                self._pool.map(self._post, calls)
            )  # all, for handling one changes what requests are made of
            for call, reply in zip(calls, replies, strict=True):
                if call.run.status == "Running":
                    self._handle(call, reply)

    def _push(self, item: _Call | Callable[[], None], *, delay: float = 0) -> None:
        heapq.heappush(self._queue, (self.now + delay, next(self._counter), item))

    # --- Events

    def _deliver(self, event: Json) -> None:
        if event["id"] in self._seen:
            return
        self._seen.add(event["id"])
        for run in [run for run in self._runs if run.status == "Running"]:
            if any(self._cancels(rule, run, event) for rule in run.function.cancel):
                self._end(run, "Cancelled", None)
        for wait in [wait for wait in self._waits if wait.event_name == event["name"]]:
            if holds(wait.expression, wait.run.events[0], event):
                self._resolve(wait.run, wait.step_id, event)
        for function in [
            function for function in self._functions if function.is_triggered_by(event)
        ]:
            self._schedule(function, event)

    def _cancels(self, rule: Json, run: _Run, event: Json) -> bool:
        if rule["event"] != event["name"] or not holds(rule.get("if"), run.events[0], event):
            return False
        return "timeout" not in rule or self.now <= run.started + seconds(rule["timeout"])

    def _schedule(self, function: _Function, event: Json) -> None:
        if function.unsupported:
            raise Unsupported(f"{function.local_id} uses {', '.join(function.unsupported)}")
        if function.idempotency:
            key = f"{function.id} {evaluate(function.idempotency, event, event)}"
            if key in self._seen:
                return
            self._seen.add(key)
        if function.batch and holds(function.batch.get("if"), event, event):
            self._add_to_batch(function, function.batch, event)
        else:
            self._start(function, [event])

    def _add_to_batch(self, function: _Function, options: Json, event: Json) -> None:
        key = (
            function.id,
            str(evaluate(options["key"], event, event)) if options.get("key") else "",
        )
        batch = self._batches.setdefault(key, [])
        batch.append(event)
        if len(batch) == 1:
            self._push(
                partial(self._flush, function, key, batch), delay=seconds(options["timeout"])
            )
        if len(batch) >= options["maxSize"]:
            self._flush(function, key, batch)

    def _flush(self, function: _Function, key: tuple[str, str], batch: list[Json]) -> None:
        if self._batches.get(key) is batch:
            del self._batches[key]
            self._start(function, batch)

    # --- Runs

    def _start(
        self, function: _Function, events: list[Json], parent: tuple[_Run, str] | None = None
    ) -> _Run:
        run = _Run(
            id=uuid.uuid4().hex,
            function_id=function.local_id,
            event_ids=[event["id"] for event in events],
            function=function,
            events=events,
            started=self.now,
            parent=parent,
        )
        self._runs.append(run)
        self._push(_Call(run))
        return run

    def _handle(self, call: _Call, reply: Reply) -> None:
        is_step_error = reply.status == 206 and reply.body[0]["op"] == "StepError"
        if (is_step_error or reply.status not in (200, 206)) and self._retry(call, reply):
            return
        if reply.status == 206:
            self._apply(call.run, reply.body)
        else:
            self._end(
                call.run, "Completed" if reply.status == 200 else "Failed", reply.body, reply.cause
            )

    def _retry(self, call: _Call, reply: Reply) -> bool:
        if not reply.may_be_retried or call.attempt + 1 >= call.run.function.max_attempts:
            return False
        delay: float = BACKOFF[min(call.attempt, len(BACKOFF) - 1)]
        if "retry-after" in reply.headers:
            delay = seconds_until(reply.headers["retry-after"])
        self._push(_Call(call.run, call.step_id, call.attempt + 1), delay=delay)
        return True

    def _apply(self, run: _Run, ops: list[Json]) -> None:
        if len(ops) > MAX_STEPS:
            self._fail_with_too_many_steps(run)
            return
        run.pending |= {op["id"] for op in ops}
        run.plans_only |= len(ops) > 1
        for op in ops:
            options = op.get("opts") or {}
            if options.get("parallelMode") == "race":
                raise Unsupported("ParallelMode.RACE")
            match op["op"]:
                case "StepRun":
                    self._resolve(run, op["id"], {"data": op.get("data")})
                case "StepError" | "StepFailed":
                    self._resolve(run, op["id"], {"error": op["error"]})
                case "StepPlanned":
                    self._push(_Call(run, op["id"]))
                case "Sleep":
                    self._push(
                        partial(self._resolve, run, op["id"], None), delay=seconds_until(op["name"])
                    )
                case "WaitForEvent":
                    self._wait(run, op["id"], op["name"], options)
                case "InvokeFunction":
                    self._invoke_step(run, op["id"], options)
                case other:
                    raise Unsupported(f"the op {other} of step {op.get('displayName')!r}")

    def _resolve(self, run: _Run, step_id: str, memo: Any) -> None:
        """Remember what a step came to; when no other is under way, ask the function what is next."""
        if run.status != "Running" or step_id not in run.pending:
            return
        self._waits = [wait for wait in self._waits if (wait.run, wait.step_id) != (run, step_id)]
        run.memos[step_id] = memo
        run.stack.append(step_id)
        run.pending.remove(step_id)
        if len(run.memos) >= MAX_STEPS:
            self._fail_with_too_many_steps(run)
        elif not run.pending:
            self._push(_Call(run))

    def _wait(self, run: _Run, step_id: str, event_name: str, options: Json) -> None:
        expression = options.get("if")
        if expression is not None and find_expression_problem("wait", expression):
            self._fail(run, "InvalidExpression", "Wait for event If expression failed to compile")
            return
        self._waits.append(_Wait(run, step_id, event_name, expression))
        self._push(partial(self._resolve, run, step_id, None), delay=seconds(options["timeout"]))

    def _invoke_step(self, run: _Run, step_id: str, options: Json) -> None:
        function = next(
            (function for function in self._functions if function.id == options["function_id"]),
            None,
        )
        if function is None:
            error = error_memo(
                "InngestInvokeError", f"could not find function with ID: {options['function_id']}"
            )
            self._resolve(run, step_id, error)
            return
        self._invoke(function, options["payload"].get("data") or {}, parent=(run, step_id))
        if options.get("timeout"):
            error = error_memo(
                "InngestInvokeTimeoutError", "Timed out waiting for invoked function to complete"
            )
            self._push(
                partial(self._resolve, run, step_id, error), delay=seconds(options["timeout"])
            )

    def _invoke(
        self, function: _Function, data: Json, parent: tuple[_Run, str] | None = None
    ) -> _Run:
        event = make_event("inngest/function.invoked", data | {"_inngest": {"fn_id": function.id}})
        return self._start(function, [event], parent)

    def _fail_with_too_many_steps(self, run: _Run) -> None:
        message = f"The function run exceeded the step limit of {MAX_STEPS} steps."
        self._fail(run, "InngestErrFunctionOverflowed", message)

    def _fail(self, run: _Run, name: str, message: str) -> None:
        """End a run that the server itself gives up: its function is not asked, nor is it tried
        again.
        """
        self._end(run, "Failed", server_error(name, message), name)

    def _end(self, run: _Run, status: Status, output: Any, cause: str = "") -> None:
        run.status, run.output = status, output
        error = reported_error(output, cause)
        if run.parent:
            memos = {"Completed": {"data": output}, "Failed": {"error": error}}
            self._resolve(
                *run.parent,
                memos.get(status) or error_memo("Error", f"the invoked run was {status}"),
            )
        if run.events[0]["name"] in ("inngest/function.failed", "inngest/function.finished"):
            return
        data = {
            "function_id": run.function.id,
            "run_id": run.id,
            "event": run.events[0],
            "events": run.events,
            "result": output,
            "_inngest": {"status": status},
        }
        if status == "Failed":
            data["error"] = error
        self._inbox.append(make_event("inngest/function.finished", data))
        if status != "Completed":
            self._inbox.append(make_event(f"inngest/function.{status.lower()}", data))

    # --- Requests to the app

    def _post(self, call: _Call) -> Reply:
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise AssertionError(
                f"more than {MAX_CALLS} calls: do functions start each other without end?"
            )
        body = jcs.canonicalize(self._request_body(call))
        try:
            reply = self._http.post(
                self._serve_url,
                params={"fnId": call.run.function.id, "stepId": call.step_id},
                content=body,
                headers=self._headers(body) | {"x-run-id": call.run.id},
            )
        except (
            httpx.TransportError
        ) as error:  # the app is down: to the server one more failed attempt
            return Reply(599, httpx.Headers(), {"name": "TransportError", "message": str(error)})
        return self._read_reply(reply)

    def _read_reply(self, reply: httpx.Response) -> Reply:
        try:
            body = reply.json()
        except json.JSONDecodeError:
            body = {"name": "Error", "message": reply.text}
        is_sdk = "x-inngest-sdk" in reply.headers
        if self.signing_key and is_sdk:
            signature = reply.headers["x-inngest-signature"]
            timestamp = re.fullmatch(r"t=(\d+)&s=[0-9a-f]{64}", signature)
            if not timestamp or signature != sign(
                reply.content, self.signing_key, int(timestamp[1])
            ):
                raise AssertionError(
                    f"the app's response is not signed with the signing key: {signature}"
                )
        if (
            not is_sdk and reply.is_success
        ):  # whatever answered, a proxy's page say, has not run the function
            return Reply(599, reply.headers, body)
        if reply.status_code == 206 and (too_large := next(filter(is_too_large, body), None)):
            problem = f"error validating generator opcode {too_large['id']}: step output size is greater than the limit"
            return Reply(599, httpx.Headers(), server_error("Error", problem))
        return Reply(reply.status_code, reply.headers, body)

    def _request_body(self, call: _Call) -> Json:
        run = call.run
        return {
            "ctx": {
                "run_id": run.id,
                "attempt": call.attempt,
                "max_attempts": run.function.max_attempts,
                "disable_immediate_execution": run.plans_only,
                "use_api": False,
                "stack": {"stack": run.stack, "current": len(run.stack)},
                "fn_id": run.function.id,
                "env": "",
                "step_id": call.step_id,
                "qi_id": "",
            },
            "event": run.events[0],
            "events": run.events,
            "steps": run.memos,
            "use_api": False,
            "version": 2,
        }

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"content-type": "application/json"}
        if not self.signing_key:
            return headers | {"x-inngest-server-kind": "dev"}
        return headers | {
            "x-inngest-server-kind": "cloud",
            "x-inngest-signature": sign(body, self.signing_key),
        }
