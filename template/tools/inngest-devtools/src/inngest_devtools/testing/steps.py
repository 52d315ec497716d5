"""What the app's answers to a call mean for its run: steps that are done, failed or under way."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from inngest_devtools.testing.app_client import AppClient, InferenceFailed
from inngest_devtools.testing.call_queue import CallQueue, Clock
from inngest_devtools.testing.durations import seconds, seconds_until
from inngest_devtools.testing.expressions import InvalidExpression, check_expression
from inngest_devtools.testing.inngest_server import Status
from inngest_devtools.testing.matching import holds
from inngest_devtools.testing.protocol import (
    INTERNAL_ID,
    Json,
    Reply,
    error_memo,
    make_event,
    public_event,
    server_error,
)
from inngest_devtools.testing.runs import Call, RunState, Wait
from inngest_devtools.testing.unsupported import Unsupported

# Seconds before each retry; the server adds up to 30.
BACKOFF = (15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200)
MAX_STEPS = 1000  # in one run, which fails as soon as it has had as many
MAX_SLEEP = 366 * 86_400  # seconds


@dataclass
class Inference:
    """What a request to a model came to, for `step.ai.infer`."""

    step_id: str
    memo: Any
    has_failed: bool = False


class Steps:
    """The steps of all runs of a test.

    Args:
        accept: Takes an event that a step sends.
        end: Ends a run, with its status, its output and, for a failure, how the server words it.
    """

    def __init__(
        self,
        clock: Clock,
        app: AppClient,
        calls: CallQueue,
        *,
        accept: Callable[[Json], None],
        end: Callable[[RunState, Status, Any, str], None],
    ) -> None:
        self._clock = clock
        self._app = app
        self._calls = calls
        self._accept = accept
        self._end = end
        self._waits: list[Wait] = []
        self._invokers: dict[str, tuple[RunState, str]] = {}  # by internal id of the event

    def take_answer(self, call: Call, answer: Any) -> None:
        """Go on with a run after one of its requests."""
        if isinstance(answer, Exception):
            raise answer
        if not call.run.is_running:  # cancelled in the meantime: what the step came to is lost
            return
        if isinstance(answer, Inference):
            self._take_inference(call, answer)
        else:
            self._take_reply(call, answer)

    def deliver(self, event: Json) -> None:
        """End the waits that an event fulfils."""
        for wait in [wait for wait in self._waits if wait.event_name == event["name"]]:
            if holds(wait.expression, wait.run.events[0], event):
                self._resolve(wait.run, wait.step_id, public_event(event))

    def tell_invoker(self, event: Json, memo: Any) -> None:
        """Let the step that invoked a function by an event have what came of it."""
        invoker = self._invokers.get(event[INTERNAL_ID])
        if invoker:
            self._resolve(*invoker, memo)

    # --- What a call came to

    def _take_reply(self, call: Call, reply: Reply) -> None:
        is_step_error = reply.status == 206 and any(op["op"] == "StepError" for op in reply.body)
        is_error = is_step_error or reply.status not in (200, 206)
        if is_error and reply.may_be_retried and self._retry(call, reply):
            return
        if reply.status == 206:
            self._apply(call, reply.body)
        else:
            status: Status = "Completed" if reply.status == 200 else "Failed"
            self._end(call.run, status, reply.body, reply.cause)

    def _retry(self, call: Call, reply: Reply | None = None) -> bool:
        if call.attempt + 1 >= call.run.function.max_attempts:
            return False
        delay: float = BACKOFF[min(call.attempt, len(BACKOFF) - 1)]
        if reply and "retry-after" in reply.headers:
            delay = seconds_until(reply.headers["retry-after"])
        self._clock.push(Call(call.run, call.step_id, call.attempt + 1), delay=delay)
        return True

    def _take_inference(self, call: Call, inference: Inference) -> None:
        if inference.has_failed and self._retry(call):
            call.run.planned.discard(inference.step_id)  # the function says again what it wants
        else:
            self._resolve(call.run, inference.step_id, inference.memo)

    # --- Ops: what a function wants next

    def _apply(self, call: Call, ops: list[Json]) -> None:
        run = call.run
        if len(ops) > MAX_STEPS:
            self._fail_with_too_many_steps(run)
            return
        run.pending |= {op["id"] for op in ops if op["id"] not in run.memos}
        run.plans_only |= len(ops) > 1
        for op in ops:
            if run.is_running:
                self._apply_op(call, op)
        if not ops and not run.pending:
            self._clock.push(Call(run))

    def _apply_op(self, call: Call, op: Json) -> None:
        run, step_id, options = call.run, op["id"], op.get("opts") or {}
        if options.get("parallelMode") == "race":
            run.racing.add(step_id)
        match op["op"]:
            case "StepRun":
                self._resolve(run, step_id, {"data": op.get("data")})
                return
            case "StepError" | "StepFailed":
                self._resolve(run, step_id, {"error": op["error"]})
                return
        if step_id in run.planned:  # it is under way: a function that is asked twice says so twice
            return
        run.planned.add(step_id)
        match op["op"]:
            case "StepPlanned":
                self._clock.push(Call(run, step_id))
            case "Sleep":
                self._sleep(run, step_id, op["name"])
            case "WaitForEvent":
                self._wait(run, step_id, op["name"], options)
            case "InvokeFunction":
                self._invoke_step(run, step_id, options)
            case "AIGateway":
                self._calls.request(call, partial(self._infer, step_id, options))
            case other:
                raise Unsupported(f"the op {other} of step {op.get('displayName')!r}")

    def _resolve(self, run: RunState, step_id: str, memo: Any) -> None:
        """Remember what a step came to; if it was the last under way, ask what is next."""
        if not run.is_running or step_id not in run.pending:
            return
        self._waits = [wait for wait in self._waits if (wait.run, wait.step_id) != (run, step_id)]
        run.memos[step_id] = memo
        run.stack.append(step_id)
        run.pending.remove(step_id)
        if len(run.memos) >= MAX_STEPS:
            self._fail_with_too_many_steps(run)
        elif not run.pending or step_id in run.racing:
            run.plans_only = False
            self._clock.push(Call(run))

    def _sleep(self, run: RunState, step_id: str, until: str) -> None:
        # The SDK has said until when by its own clock, a moment ago.
        delay = math.ceil(seconds_until(until))
        if delay > MAX_SLEEP:
            problem = f'The sleep "{until}" ends more than one year in the future; '
            problem += "sleeps may last at most one year."
            self._fail(run, "InngestErrTimeoutTooLong", problem)
        self._clock.push(partial(self._resolve, run, step_id, None), delay=delay)

    def _wait(self, run: RunState, step_id: str, event_name: str, options: Json) -> None:
        expression = options.get("if")
        try:
            check_expression(expression or "true", "wait")
        except InvalidExpression:
            self._fail(run, "InvalidExpression", "Wait for event If expression failed to compile")
            return
        self._waits.append(Wait(run, step_id, event_name, expression))
        timeout = seconds(options["timeout"])
        self._clock.push(partial(self._resolve, run, step_id, None), delay=timeout)

    def _invoke_step(self, run: RunState, step_id: str, options: Json) -> None:
        payload = options["payload"]
        data = (payload.get("data") or {}) | {"_inngest": {"fn_id": options["function_id"]}}
        event = make_event("inngest/function.invoked", data)
        if payload.get("v"):
            event["v"] = payload["v"]
        self._invokers[event[INTERNAL_ID]] = (run, step_id)
        self._accept(event)
        if options.get("timeout"):
            problem = "Timed out waiting for invoked function to complete"
            memo = error_memo("InngestInvokeTimeoutError", problem)
            end = partial(self._resolve, run, step_id, memo)
            self._clock.push(end, delay=seconds(options["timeout"]))

    def _infer(self, step_id: str, options: Json) -> Inference:
        """In a thread of its own."""
        try:
            return Inference(step_id, self._app.infer(options))
        except InferenceFailed as error:
            return Inference(step_id, error.memo, has_failed=True)

    # --- Runs that the server itself gives up: their functions are not asked again

    def _fail(self, run: RunState, name: str, message: str) -> None:
        self._end(run, "Failed", server_error(name, message), name)

    def _fail_with_too_many_steps(self, run: RunState) -> None:
        message = f"The function run exceeded the step limit of {MAX_STEPS} steps."
        self._fail(run, "InngestErrFunctionOverflowed", message)
