"""A stand-in for the Inngest server, so that tests need none: it calls the served app over HTTP, as the real one does.

It registers the app by PUT, runs functions step by step, remembers what each step returned, retries, sleeps, waits for
events, invokes, cancels and sends `inngest/function.failed`. Time is virtual: it passes only in `finish`, then at once.
Of the expression language (CEL) it knows paths, `==`, strings and `&&`. What it cannot imitate it refuses, with
`Unsupported`, rather than be kinder than the real server; `pytest --dev-server` runs the same tests against that one.
"""

import ast
import hashlib
import heapq
import hmac
import itertools
import json
import os
import re
import socket
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any, Literal, Self
from zoneinfo import available_timezones

import httpx
import inngest
import jcs  # type: ignore[import-untyped]
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Json = dict[str, Any]
Status = Literal["Running", "Completed", "Failed", "Cancelled"]

SERVE_PATH = "/api/inngest"
BACKOFF = (15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200)  # seconds before each retry; the server adds up to 30
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
MAX_CALLS = 10_000  # in one test: functions that start each other without end
MAX_RETRIES = 20  # of one step; a function may ask for more, and does not get them
MAX_STEPS = 1000  # in one run, which fails as soon as it has had as many: it would need one more call to end
MAX_OUTPUT = 4 * 1024 * 1024  # bytes of a step's output

# Where a function's configuration has expressions; ONLY_PARSED: those in which any name will do.
EXPRESSIONS = {
    "triggers": ["expression"],
    "cancel": ["if"],
    "concurrency": ["key"],
    "priority": ["run"],
    "batchEvents": ["key", "if"],
    "debounce": ["key"],
    "rateLimit": ["key"],
}
ONLY_PARSED = ("concurrency", "priority")
DECLARED = {"event", "async", "vars", "true", "false", "null", "in"}

# The tokens of an expression, and what of Python's has their places; comments, maps and raw strings are not read.
ESCAPE = r"\\[abfnrtv?\\'\"`0-7xXuU]"
OPERAND = rf"""'(?:[^'\\\n]|{ESCAPE})*'|"(?:[^"\\\n]|{ESCAPE})*"|\.?[0-9][\w.]*|[A-Za-z_]\w*"""
TOKEN = re.compile(rf"{OPERAND}|&&|\|\||[=!<>]=|\S", re.ASCII)
PYTHON = {
    **{token: token for token in (*"-%.,()[]<>", "==", "!=", "<=", ">=", "in")},
    **{"&&": "and", "||": "or", "!": "~", "?": "if", ":": "else", "+": "%", "*": "%", "/": "%"},
    **dict.fromkeys(("true", "false", "null"), "None"),
}
UNKNOWN = "?"  # which Python's grammar has nowhere

# Options that decide which runs there are, and which are not imitated.
UNSUPPORTED_OPTIONS = ("debounce", "rateLimit", "singleton", "timeouts")


class Unsupported(NotImplementedError):
    """Not imitated here: run this test with `pytest --dev-server` (mark it if it cannot run without)."""


class SyncError(Exception):
    """The app, or the server, refused the app's functions."""


@dataclass(kw_only=True)
class Run:
    """One run of a function; `output` is what the function returned or, if it failed, its error."""

    id: str
    function_id: str
    event_ids: list[str]
    status: Status = "Running"
    output: Any = None


class InngestServer(ABC):
    """What a test can ask of a server, be it the stand-in or a real Dev Server."""

    @abstractmethod
    def send(self, *events: inngest.Event) -> list[str]:
        """Send events and return their ids, once the runs that they start have gone as far as they can for now."""

    @abstractmethod
    def invoke(self, function_id: str, data: Json | None = None) -> Run:
        """Run a function whatever its trigger is, and return its run when every run has ended."""

    @abstractmethod
    def finish(self) -> list[Run]:
        """Wait for the end of every run, and return all of this test in the order of their start."""

    def run(self, event: inngest.Event) -> Run:
        """Send an event, wait for the end of every run, and return the one run that the event started."""
        (event_id,) = self.send(event)
        runs = [run for run in self.finish() if event_id in run.event_ids]
        if len(runs) != 1:
            raise AssertionError(f"{event.name} started {len(runs)} runs: {[run.function_id for run in runs]}")
        return runs[0]


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
        return any(_matches(trigger, event) for trigger in self.triggers if "event" in trigger)


@dataclass(kw_only=True)
class _Run(Run):
    function: _Function
    events: list[Json]
    started: float
    memos: Json = field(default_factory=dict)  # by hashed step id: what the SDK gets back instead of running the step
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


@dataclass
class _Reply:
    status: int
    headers: httpx.Headers
    body: Any

    @property
    def may_be_retried(self) -> bool:
        return bool(self.headers.get("x-inngest-no-retry") != "true")

    @property
    def cause(self) -> str:
        return f"invalid status code: {self.status}" if self.may_be_retried else "NonRetriableError"


class Executor(InngestServer):
    """The stand-in server, listening on a free loopback port from its first moment; serving within `with`.

    `now` is the virtual time since `reset`, in seconds.

    Args:
        signing_key: With one, the server is as in production: it signs its requests and checks the app's signatures.
    """

    def __init__(self, *, signing_key: str | None = None) -> None:
        self._listener = free_port()
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.signing_key = signing_key
        self._functions: list[_Function] = []
        self._problems = ""
        self._http = httpx.Client(timeout=60)
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

    def sync(self, app_url: str, *, app_id: str) -> None:
        """Have the app register its functions.

        Raises:
            SyncError: It could not, or the server would refuse one of the functions. A failed sync answers 200.
        """
        self._serve_url = f"{app_url}{SERVE_PATH}"
        self._app_id = app_id
        request = jcs.canonicalize({"url": self._serve_url})
        reply = self._http.put(self._serve_url, content=request, headers=self._headers(request))
        body = reply.json()
        if not body.get("ok"):
            raise SyncError(self._problems or body.get("message") or body.get("error") or reply.text)

    def send(self, *events: inngest.Event) -> list[str]:
        ids = self._accept([event.model_dump() for event in events], seed=uuid.uuid4().hex)
        self._work()
        return ids

    def invoke(self, function_id: str, data: Json | None = None) -> Run:
        function = next(function for function in self._functions if function.local_id == function_id)
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
        self._problems = "; ".join(problem for config in body["functions"] for problem in _find_problems(config))
        if self._problems:  # which the server keeps to itself here; its dashboard tells
            return JSONResponse({"error": "At least one function is invalid", "data": None, "status": 400}, 400)
        self._functions = [_Function.from_config(body["appname"], config) for config in body["functions"]]
        return JSONResponse({"ok": True, "modified": True, "app_id": body["appname"], "sync_id": uuid.uuid4().hex})

    async def _receive(self, request: Request) -> JSONResponse:
        body = await request.json()
        events = body if isinstance(body, list) else [body]
        seed = request.headers.get("x-inngest-event-id-seed") or uuid.uuid4().hex
        try:
            return JSONResponse({"ids": self._accept(events, seed=seed), "status": 200})
        except ValueError as error:
            return JSONResponse({"error": str(error), "ids": [], "status": 400}, 400)

    def _accept(self, events: list[Json], *, seed: str) -> list[str]:
        """Take events in, up to the first with a name that is refused: as the server does, those before it stay."""
        ids = []
        for index, event in enumerate(events):
            if not event.get("name"):
                raise ValueError("event name is empty")
            if event["name"].lower().startswith("inngest/"):
                raise ValueError(f"event name is reserved for internal use: {event['name']}")
            id = event.get("id") or hashlib.sha256(f"{seed},{index}".encode()).hexdigest()[:26]
            self._inbox.append(_event(event["name"], event.get("data") or {}, id=id))
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
            replies = list(self._pool.map(self._post, calls))  # all, for handling one changes what requests are made of
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
            if _holds(wait.expression, wait.run.events[0], event):
                self._resolve(wait.run, wait.step_id, event)
        for function in [function for function in self._functions if function.is_triggered_by(event)]:
            self._schedule(function, event)

    def _cancels(self, rule: Json, run: _Run, event: Json) -> bool:
        if rule["event"] != event["name"] or not _holds(rule.get("if"), run.events[0], event):
            return False
        return "timeout" not in rule or self.now <= run.started + _seconds(rule["timeout"])

    def _schedule(self, function: _Function, event: Json) -> None:
        if function.unsupported:
            raise Unsupported(f"{function.local_id} uses {', '.join(function.unsupported)}")
        if function.idempotency:
            key = f"{function.id} {_evaluate(function.idempotency, event, event)}"
            if key in self._seen:
                return
            self._seen.add(key)
        if function.batch and _holds(function.batch.get("if"), event, event):
            self._add_to_batch(function, function.batch, event)
        else:
            self._start(function, [event])

    def _add_to_batch(self, function: _Function, options: Json, event: Json) -> None:
        key = (function.id, str(_evaluate(options["key"], event, event)) if options.get("key") else "")
        batch = self._batches.setdefault(key, [])
        batch.append(event)
        if len(batch) == 1:
            self._push(partial(self._flush, function, key, batch), delay=_seconds(options["timeout"]))
        if len(batch) >= options["maxSize"]:
            self._flush(function, key, batch)

    def _flush(self, function: _Function, key: tuple[str, str], batch: list[Json]) -> None:
        if self._batches.get(key) is batch:
            del self._batches[key]
            self._start(function, batch)

    # --- Runs

    def _start(self, function: _Function, events: list[Json], parent: tuple[_Run, str] | None = None) -> _Run:
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

    def _handle(self, call: _Call, reply: _Reply) -> None:
        is_step_error = reply.status == 206 and reply.body[0]["op"] == "StepError"
        if (is_step_error or reply.status not in (200, 206)) and self._retry(call, reply):
            return
        if reply.status == 206:
            self._apply(call.run, reply.body)
        else:
            self._end(call.run, "Completed" if reply.status == 200 else "Failed", reply.body, reply.cause)

    def _retry(self, call: _Call, reply: _Reply) -> bool:
        if not reply.may_be_retried or call.attempt + 1 >= call.run.function.max_attempts:
            return False
        delay: float = BACKOFF[min(call.attempt, len(BACKOFF) - 1)]
        if "retry-after" in reply.headers:
            delay = _seconds_until(reply.headers["retry-after"])
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
                    self._push(partial(self._resolve, run, op["id"], None), delay=_seconds_until(op["name"]))
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
        if expression is not None and _find_expression_problem("wait", expression):
            self._fail(run, "InvalidExpression", "Wait for event If expression failed to compile")
            return
        self._waits.append(_Wait(run, step_id, event_name, expression))
        self._push(partial(self._resolve, run, step_id, None), delay=_seconds(options["timeout"]))

    def _invoke_step(self, run: _Run, step_id: str, options: Json) -> None:
        function = next((function for function in self._functions if function.id == options["function_id"]), None)
        if function is None:
            error = _error("InngestInvokeError", f"could not find function with ID: {options['function_id']}")
            self._resolve(run, step_id, error)
            return
        self._invoke(function, options["payload"].get("data") or {}, parent=(run, step_id))
        if options.get("timeout"):
            error = _error("InngestInvokeTimeoutError", "Timed out waiting for invoked function to complete")
            self._push(partial(self._resolve, run, step_id, error), delay=_seconds(options["timeout"]))

    def _invoke(self, function: _Function, data: Json, parent: tuple[_Run, str] | None = None) -> _Run:
        event = _event("inngest/function.invoked", data | {"_inngest": {"fn_id": function.id}})
        return self._start(function, [event], parent)

    def _fail_with_too_many_steps(self, run: _Run) -> None:
        message = f"The function run exceeded the step limit of {MAX_STEPS} steps."
        self._fail(run, "InngestErrFunctionOverflowed", message)

    def _fail(self, run: _Run, name: str, message: str) -> None:
        """End a run that the server itself gives up: its function is not asked, nor is it tried again."""
        self._end(run, "Failed", _server_error(name, message), name)

    def _end(self, run: _Run, status: Status, output: Any, cause: str = "") -> None:
        run.status, run.output = status, output
        error = _reported_error(output, cause)
        if run.parent:
            memos = {"Completed": {"data": output}, "Failed": {"error": error}}
            self._resolve(*run.parent, memos.get(status) or _error("Error", f"the invoked run was {status}"))
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
        self._inbox.append(_event("inngest/function.finished", data))
        if status != "Completed":
            self._inbox.append(_event(f"inngest/function.{status.lower()}", data))

    # --- Requests to the app

    def _post(self, call: _Call) -> _Reply:
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise AssertionError(f"more than {MAX_CALLS} calls: do functions start each other without end?")
        body = jcs.canonicalize(self._request_body(call))
        try:
            reply = self._http.post(
                self._serve_url,
                params={"fnId": call.run.function.id, "stepId": call.step_id},
                content=body,
                headers=self._headers(body) | {"x-run-id": call.run.id},
            )
        except httpx.TransportError as error:  # the app is down: to the server one more failed attempt
            return _Reply(599, httpx.Headers(), {"name": "TransportError", "message": str(error)})
        return self._read_reply(reply)

    def _read_reply(self, reply: httpx.Response) -> _Reply:
        try:
            body = reply.json()
        except json.JSONDecodeError:
            body = {"name": "Error", "message": reply.text}
        is_sdk = "x-inngest-sdk" in reply.headers
        if self.signing_key and is_sdk:
            signature = reply.headers["x-inngest-signature"]
            timestamp = re.fullmatch(r"t=(\d+)&s=[0-9a-f]{64}", signature)
            if not timestamp or signature != sign(reply.content, self.signing_key, int(timestamp[1])):
                raise AssertionError(f"the app's response is not signed with the signing key: {signature}")
        if not is_sdk and reply.is_success:  # whatever answered, a proxy's page say, has not run the function
            return _Reply(599, reply.headers, body)
        if reply.status_code == 206 and (too_large := next(filter(_is_too_large, body), None)):
            problem = f"error validating generator opcode {too_large['id']}: step output size is greater than the limit"
            return _Reply(599, httpx.Headers(), _server_error("Error", problem))
        return _Reply(reply.status_code, reply.headers, body)

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
        return headers | {"x-inngest-server-kind": "cloud", "x-inngest-signature": sign(body, self.signing_key)}


def sign(body: bytes, signing_key: str, timestamp: int | None = None) -> str:
    """The `x-inngest-signature` of a body; a request's is of its canonical form (RFC 8785), a response's of its bytes.

    Args:
        timestamp: Seconds since the epoch; now by default.
    """
    timestamp = round(time.time()) if timestamp is None else timestamp
    key = re.sub(r"^signkey-\w+-", "", signing_key).encode()
    digest = hmac.new(key, body + str(timestamp).encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp}&s={digest}"


def free_port(port: int = 0) -> socket.socket:
    """A socket bound to a loopback port, any free one by default; taken until the socket is served or closed."""
    listener = socket.socket()
    if os.name == "posix":  # elsewhere this option would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


@contextmanager
def serve(app: Any, listener: socket.socket) -> Iterator[None]:
    """Serve an ASGI app from a thread, so that a test can patch what the app calls."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the app did not start")
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _event(name: str, data: Json, *, id: str | None = None) -> Json:
    return {"name": name, "data": data, "id": id or uuid.uuid4().hex, "ts": round(time.time() * 1000)}


def _error(name: str, message: str) -> Json:
    """A step's failure, as its function gets it back."""
    return {"error": {"name": name, "message": message}}


def _server_error(name: str, message: str) -> Json:
    """The output of a run that failed by the server's own decision."""
    return {"error": {"error": f"{name}: {message}", "name": name, "message": message}}


def _reported_error(output: Any, cause: str) -> Json:
    """A run's failure as `inngest/function.failed` tells it: without the `code` that the SDK answered."""
    if not isinstance(output, dict) or "message" not in output:
        return {"error": cause, "name": "Error", "message": json.dumps(output)}
    return {"error": cause} | {key: output[key] for key in ("message", "name", "stack") if key in output}


def _is_too_large(op: Json) -> bool:
    """By the size that the server keeps, where `<`, `>` and `&` have six bytes each, as all beyond ASCII has."""
    if op["op"] != "StepRun":
        return False
    output = json.dumps({"data": op.get("data")}, separators=(",", ":"))
    return len(output) + 5 * sum(map(output.count, "<>&")) > MAX_OUTPUT


def _find_problems(config: Json) -> list[str]:
    """Why the server would refuse a function (its limits: pkg/consts/consts.go, its rules: pkg/inngest/function.go)."""
    limits = {"concurrency": 2, "triggers": 10, "cancel": 5}
    problems = [f"more than {limit} {key}" for key, limit in limits.items() if len(config.get(key, [])) > limit]
    crons = [trigger["cron"] for trigger in config["triggers"] if "cron" in trigger]
    problems += [f"{cron!r} isn't a valid cron schedule" for cron in crons if not _is_cron(cron)]
    for concurrency in config.get("concurrency", []):
        if concurrency.get("scope") in ("account", "env") and concurrency.get("key") is None:
            problems.append(f"a concurrency key must be specified for {concurrency['scope']} scoped limits")
    if config.get("debounce") and _seconds(config["debounce"]["period"]) > UNITS["w"]:
        problems.append("the debounce period is greater than the max of 168h")
    problems += _find_batch_problems(config)
    problems += filter(None, itertools.starmap(_find_expression_problem, _list_expressions(config)))
    return [f"{config['id']}: {problem}" for problem in problems]


def _find_batch_problems(config: Json) -> list[str]:
    batch = config.get("batchEvents")
    if not batch:
        return []
    clashes = [key for key in ("cancel", "debounce", "singleton", "priority") if config.get(key)]
    problems = [f"batchEvents cannot be combined with {key}" for key in clashes]
    if batch["maxSize"] < 2:
        problems.append("batch size cannot be smaller than 2")
    if batch.get("timeout", "d")[-1] in "dw":
        problems.append("batchEvents without a timeout, a duration below one day")
    return problems


def _cron_values(first: int, last: int, names: str = "") -> dict[str, int]:
    return {str(n): n for n in range(first, last + 1)} | {name: n for n, name in enumerate(names.split(), first)}


CRON_FIELDS = (
    _cron_values(0, 59),
    _cron_values(0, 23),
    _cron_values(1, 31),
    _cron_values(1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"),
    _cron_values(0, 6, "sun mon tue wed thu fri sat"),
)


def _is_cron(schedule: str) -> bool:
    """Whether the server reads it: five fields, perhaps after a time zone; no seconds, no @daily, and Sunday is 0."""
    zone = re.match(r"(?:CRON_)?TZ=(\S*) ", schedule)
    known_zones = available_timezones()  # none where the system has no list of them
    if zone and known_zones and zone[1] not in known_zones:
        return False
    fields = schedule[zone.end() if zone else 0 :].lower().split()
    return len(fields) == len(CRON_FIELDS) and all(map(_is_cron_field, fields, CRON_FIELDS))


def _is_cron_field(field: str, values: dict[str, int]) -> bool:
    parts = re.sub(r"\b0+(?=[0-9])", "", field).split(",")
    return all(_is_cron_part(part, values) for part in parts if part)


def _is_cron_part(part: str, values: dict[str, int]) -> bool:
    """Whether it is `*`, `value` or `value-value`, perhaps with `/step`."""
    span, slash, step = part.partition("/")
    if slash and not re.fullmatch("[1-9][0-9]*", step):
        return False
    ends = [values.get(end, -1) for end in span.split("-")]
    return span in ("*", "?") or (len(ends) <= 2 and -1 not in ends and ends == sorted(ends))


def _list_expressions(config: Json) -> Iterator[tuple[str, str]]:
    """Where a function has expressions, and which. The server looks at no others when an app syncs."""
    if config.get("idempotency") is not None:
        yield "idempotency", config["idempotency"]
    for option, keys in EXPRESSIONS.items():
        entries = config.get(option) or []
        for entry in entries if isinstance(entries, list) else [entries]:
            yield from ((option, entry[key]) for key in keys if entry.get(key) is not None)


def _find_expression_problem(place: str, expression: str) -> str | None:
    """Why the server would refuse an expression in an option of a function, or in a `wait`; types it does not know."""
    tokens = TOKEN.findall(expression)
    calls = {token for token, after in pairwise(tokens) if after == "(" and token.isidentifier()}
    roots = {token for before, token in pairwise(["", *tokens]) if before != "." and token.isidentifier()}
    if not _is_well_formed(tokens):
        return f"{place}: error compiling expression {expression!r}"
    if place == "cancel" and (calls - {"int", "uint", "double"} or not set("+*/%").isdisjoint(tokens)):
        return f"{place}: function calls are disallowed: {expression!r}"
    # Where it calls functions, names may be theirs.
    if place not in ONLY_PARSED and not calls and (undeclared := roots - DECLARED):
        return f"{place}: undeclared reference to {min(undeclared)!r} in {expression!r}"
    return None


def _is_well_formed(tokens: list[str]) -> bool:
    """Whether they are an expression of Python's once each is replaced by what has its place in that grammar."""
    places = [PYTHON.get(token, "x" if re.fullmatch(OPERAND, token) else UNKNOWN) for token in tokens]
    try:
        ast.parse(" ".join(places), mode="eval")
    except SyntaxError:
        return False
    return True


def _seconds(duration: str) -> int:
    """Seconds in the SDK's form of a duration: 30s, 5m, 1h, 2d, 1w."""
    return int(duration[:-1]) * UNITS[duration[-1]]


def _seconds_until(timestamp: str) -> float:
    """From now, since the SDK computed it from its own clock a moment ago, until an ISO 8601 time."""
    return max(0.0, (datetime.fromisoformat(timestamp) - datetime.now(UTC)).total_seconds())


def _matches(trigger: Json, event: Json) -> bool:
    pattern: str = trigger["event"]
    name: str = event["name"]
    is_named = name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
    return is_named and _holds(trigger.get("expression"), event, event)


def _holds(expression: str | None, event: Json, async_event: Json) -> bool:
    return expression is None or all(
        _evaluate(part.strip(), event, async_event) is True for part in expression.split("&&")
    )


def _evaluate(expression: str, event: Json, async_event: Json) -> Any:
    """The value of a path, a quoted string, or a comparison of two of them.

    Args:
        event: What `event` means: the event that started the run.
        async_event: What `async` means: the event that has just arrived.
    """
    left, equals, right = expression.partition("==")
    if equals:
        return _evaluate(left.strip(), event, async_event) == _evaluate(right.strip(), event, async_event)
    if quoted := re.fullmatch(r"'([^'\\]*)'|\"([^\"\\]*)\"", expression):
        return quoted[1] or quoted[2] or ""
    if not re.fullmatch(r"(event|async)(\.\w+)+", expression):
        raise Unsupported(f"the expression {expression!r}")
    root, *names = expression.split(".")
    value: Any = event if root == "event" else async_event
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
