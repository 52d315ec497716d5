"""Runs functions: delivers events, calls the app step by step, and lets virtual time pass.

All decisions are made in the thread that asks for them. Only the requests to the app are made in
others, side by side, as the real server makes them; their answers and the app's events come in by
`_mail`.
"""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from inngest_devtools.testing.app_client import AppClient, InferenceFailed
from inngest_devtools.testing.expressions import InvalidExpression, check_expression
from inngest_devtools.testing.flow_control import (
    Batcher,
    Concurrency,
    Debouncer,
    RateLimiter,
    Singletons,
    Throttle,
    find_limits,
    find_priority,
)
from inngest_devtools.testing.functions import Firing, Function
from inngest_devtools.testing.inngest_server import Status
from inngest_devtools.testing.matching import holds, triggers
from inngest_devtools.testing.protocol import (
    INTERNAL_ID,
    Json,
    Reply,
    error_memo,
    make_event,
    public_event,
    reported_error,
    seconds,
    seconds_until,
    seconds_until_ts,
    server_error,
)
from inngest_devtools.testing.runs import Call, RunState, Wait
from inngest_devtools.testing.unsupported import Unsupported
from inngest_devtools.testing.virtual_time import VirtualTime

# Seconds before each retry; the server adds up to 30.
BACKOFF = (15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200)
MAX_CALLS = 10_000  # in one test: functions that start each other without end
MAX_STEPS = 1000  # in one run, which fails as soon as it has had as many
MAX_SLEEP = 366 * 86_400  # seconds
CRON_EVENT = "inngest/scheduled.timer"  # what starts the runs of a cron
MAX_REQUESTS = 100  # at once, as the server's queue workers

# Seconds, real ones, until the server begins a run: the step that sends its event may end before.
TICK = 0.05

Timer = Callable[[], None]


class Executor:
    """The runs of one test.

    Args:
        functions: Those that the app has registered.
    """

    def __init__(self, app: AppClient, functions: list[Function]) -> None:
        self.runs: list[RunState] = []
        self.events: list[Json] = []
        self.clock: VirtualTime[Timer | Call] = VirtualTime()
        self._began = datetime.now(UTC)
        self._app = app
        self._functions = functions
        self._mail: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._pool = ThreadPoolExecutor(MAX_REQUESTS, thread_name_prefix="inngest")
        self._calls = 0
        self._ready: list[Call] = []  # due, and waiting for room
        self._in_flight: list[Call] = []
        self._begun_and_ended: list[tuple[str, int]] = []  # run id, and 1 or -1
        self._waits: list[Wait] = []
        self._started: set[tuple[str, str]] = set()  # function and event, of which there is one run
        self._invokers: dict[str, tuple[RunState, str]] = {}  # by internal id of the event
        self._rate_limiter = RateLimiter()
        self._throttle = Throttle()
        self._concurrency = Concurrency()
        self._singletons = Singletons()
        self._debouncer = Debouncer(self.clock, partial(self._admit, is_debounced=True))
        self._batcher = Batcher(self.clock, partial(self._create_run, is_batch=True))

    # --- What the server asks for

    def accept(self, event: Json) -> None:
        """Take an event in, from any thread; it is delivered when there is work done next."""
        self._mail.put(partial(self._deliver, event))

    def report(self, problem: Exception) -> None:
        """Have a problem that was met in another thread raised where the test will see it."""
        self._mail.put(partial(_raise, problem))

    def work(self) -> None:
        """Do all that can be done now; time does not pass."""
        while True:
            self._read_mail()
            self._do_what_is_due()
            if self._in_flight:
                self._wait_for_mail()
            elif self._mail.empty():
                return

    def has_more(self) -> bool:
        """Whether something is under way that ends if time passes."""
        is_running = any(run.is_running for run in self.runs)
        return is_running or bool(self._debouncer) or bool(self._batcher)

    def pass_time(self) -> None:
        """Let time pass until something is due, and do that."""
        if self.clock.is_empty():
            running = [run.function_id for run in self._running()]
            raise AssertionError(f"these runs wait for what never comes: {running}")
        self.clock.pass_to_next()
        self.work()

    def pass_time_until(self, then: float) -> None:
        """Let time pass until a moment, and do all that is due by then, crons included."""
        self.work()
        self._schedule_crons(then)
        while self.clock.next_due() <= then:
            self.pass_time()
        self.clock.now = then
        self.work()

    def invoke(self, function: Function, data: Json) -> str:
        """Run a function by its name; the id of the event that does it."""
        event = make_event("inngest/function.invoked", data | {"_inngest": {"fn_id": function.id}})
        self.accept(event)
        return str(event[INTERNAL_ID])

    def find_run(self, run_id: str) -> RunState:
        return next(run for run in self.runs if run.id == run_id)

    def most_at_once(self, run_ids: set[str]) -> int:
        """The greatest number of calls of these runs that were under way at one moment."""
        count = most = 0
        for run_id, change in self._begun_and_ended:
            count += change if run_id in run_ids else 0
            most = max(most, count)
        return most

    def stop(self) -> None:
        """Wait for the requests under way, whose answers no one will read."""
        self._ready.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    # --- The queue

    def _read_mail(self) -> None:
        while not self._mail.empty():
            self._mail.get()()

    def _wait_for_mail(self) -> None:
        """Wait for an answer, or for an event that a step sends while it runs."""
        waits = [call.run.not_before - time.monotonic() for call in self._ready]
        timeout = min((wait for wait in waits if wait > 0), default=None)
        with suppress(Empty):
            self._mail.get(timeout=timeout)()

    def _do_what_is_due(self) -> None:
        for item in self.clock.pop_due():
            if isinstance(item, Call):
                self._ready.append(item)
            else:
                item()
        # The queue's order is that of the time at which calls became due, which a priority moves.
        self._ready.sort(key=lambda call: -call.run.priority)
        waiting = [call for call in self._ready if not self._begin(call)]
        self._ready = waiting

    def _begin(self, call: Call) -> bool:
        """Make a call's request, if there is room for it; whether the call is done with here."""
        run = call.run
        if not run.is_running:
            return True
        if not self._concurrency.has_room(run):
            return False
        if self._in_flight and run.started is None and time.monotonic() < run.not_before:
            return False
        if run.started is None:
            delay = self._throttle.delay(run, self.clock.now)
            if delay:
                self.clock.push(call, delay=delay)
                return True
            self._note_start(run)
        self._request(call, self._app.call, call)
        return True

    def _note_start(self, run: RunState) -> None:
        run.started = self.clock.now
        finish = run.function.timeouts.get("finish")
        if finish:
            self.clock.push(partial(self._cancel, run), delay=seconds(finish))

    def _request(self, call: Call, request: Callable[..., Any], argument: Any) -> None:
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise AssertionError(
                f"more than {MAX_CALLS} calls in one test: do functions start each other without"
                " end, or has a cron fired that often?"
            )
        self._concurrency.take(call.run)
        self._in_flight.append(call)
        self._begun_and_ended.append((call.run.id, 1))
        self._pool.submit(self._make_request, call, request, argument)

    def _make_request(self, call: Call, request: Callable[..., Any], argument: Any) -> None:
        try:
            answer = request(argument)
        except Exception as error:
            answer = error
        self._mail.put(partial(self._take_answer, call, argument, answer))

    def _take_answer(self, call: Call, argument: Any, answer: Any) -> None:
        self._concurrency.release(call.run)
        self._in_flight.remove(call)
        self._begun_and_ended.append((call.run.id, -1))
        if isinstance(answer, Exception) and not isinstance(answer, InferenceFailed):
            raise answer
        if not call.run.is_running:  # cancelled in the meantime: what the step came to is lost
            return
        if isinstance(answer, Reply):
            self._handle(call, answer)
        else:
            self._handle_inference(call, argument["step_id"], answer)

    # --- Events

    def _deliver(self, event: Json) -> None:
        self.events.append(event)
        for run in self._running():
            if any(self._cancels(rule, run, event) for rule in run.function.cancel):
                self._cancel(run)
        for wait in [wait for wait in self._waits if wait.event_name == event["name"]]:
            if holds(wait.expression, wait.run.events[0], event):
                self._resolve(wait.run, wait.step_id, public_event(event))
        if event["name"] == "inngest/function.invoked":
            self._deliver_invocation(event)
        for function in self._functions:
            if any(triggers(trigger, event) for trigger in function.triggers):
                self._schedule(function, event)

    def _deliver_invocation(self, event: Json) -> None:
        function_id = event["data"]["_inngest"]["fn_id"]
        function = next((each for each in self._functions if each.id == function_id), None)
        if function is None:
            problem = f"could not find function with ID: {function_id}"
            self._fail_invoker(event, "InngestInvokeError", problem)
        else:
            self._schedule(function, event)

    def _cancels(self, rule: Json, run: RunState, event: Json) -> bool:
        if rule["event"] != event["name"] or run.is_batch:
            return False
        if not holds(rule.get("if"), run.events[0], event):
            return False
        return "timeout" not in rule or self.clock.now <= run.created + seconds(rule["timeout"])

    def _schedule_crons(self, until: float) -> None:
        """Put in what crons do from now on until a moment."""
        for function in self._functions:
            span = (self._began + timedelta(seconds=end) for end in (self.clock.now, until))
            for firing in function.list_firings(*span):
                delay = (firing.fires_at - self._began).total_seconds() - self.clock.now
                self.clock.push(partial(self._fire, function, firing), delay=delay)

    def _fire(self, function: Function, firing: Firing) -> None:
        scheduled_at, fires_at = map(_rfc3339, (firing.scheduled_at, firing.fires_at))
        data = {"cron": firing.cron, "scheduledAt": scheduled_at, "fireAt": fires_at}
        event = make_event(CRON_EVENT, data)
        # Two crons of a function that fire at one time are one event, and so one run.
        event |= {"id": scheduled_at, "ts": int(firing.fires_at.timestamp() * 1000)}
        self._deliver(event)
        self._schedule(function, event)

    # --- Which runs there are

    def _schedule(self, function: Function, event: Json) -> None:
        key = (function.id, event["id"])
        if key in self._started:
            return
        self._started.add(key)
        if event["name"] != CRON_EVENT and self._batcher.takes(function, event):
            self._batcher.add(function, event)
        else:
            self._admit(function, [event])

    def _admit(self, function: Function, events: list[Json], *, is_debounced: bool = False) -> None:
        event = events[0]
        if not is_debounced:
            if self._rate_limiter.drops(function, event, self.clock.now):
                self._fail_invoker(event, "Error", "invoked function is rate limited")
                return
            if function.debounce:
                self._debouncer.add(function, event)
                return
        self._create_run(function, events)

    def _create_run(
        self, function: Function, events: list[Json], *, is_batch: bool = False
    ) -> None:
        event = events[0]
        run = RunState(
            id=uuid.uuid4().hex,
            function_id=function.local_id,
            event_ids=[event[INTERNAL_ID] for event in events],
            function=function,
            events=events,
            created=self.clock.now,
            not_before=time.monotonic() + TICK,
            limits=find_limits(function, event),
            priority=find_priority(function, event),
            is_batch=is_batch,
        )
        if not self._take_singleton(run):
            return
        self.runs.append(run)
        start = function.timeouts.get("start")
        if start and not is_batch:
            self.clock.push(partial(self._cancel_unless_started, run), delay=seconds(start))
        # An event whose time is in the future starts its run then. A cron's time has come.
        is_due = is_batch or event["name"] == CRON_EVENT
        delay = 0 if is_due else seconds_until_ts(event["ts"])
        self.clock.push(Call(run), delay=delay)

    def _take_singleton(self, run: RunState) -> bool:
        """Whether a run may be, where only one may at a time."""
        lock = self._singletons.lock_of(run.function, run.events[0])
        holder = self._singletons.holder(lock)
        if holder is not None:
            if (run.function.singleton or {}).get("mode") != "cancel":
                return False
            self._cancel(holder)
        self._singletons.take(run, lock)
        return True

    # --- What a call came to

    def _handle(self, call: Call, reply: Reply) -> None:
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
        self.clock.push(Call(call.run, call.step_id, call.attempt + 1), delay=delay)
        return True

    def _handle_inference(self, call: Call, step_id: str, answer: Any) -> None:
        if not isinstance(answer, InferenceFailed):
            self._resolve(call.run, step_id, answer)
        elif self._retry(call):
            call.run.planned.discard(step_id)  # the function says again what it wants
        else:
            self._resolve(call.run, step_id, answer.memo)

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
            self.clock.push(Call(run))

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
                self.clock.push(Call(run, step_id))
            case "Sleep":
                self._sleep(run, step_id, op["name"])
            case "WaitForEvent":
                self._wait(run, step_id, op["name"], options)
            case "InvokeFunction":
                self._invoke_step(run, step_id, options)
            case "AIGateway":
                self._request(call, self._app.infer, options | {"step_id": step_id})
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
            self.clock.push(Call(run))

    def _sleep(self, run: RunState, step_id: str, until: str) -> None:
        delay = round(seconds_until(until))
        if delay > MAX_SLEEP:
            problem = f'The sleep "{until}" ends more than one year in the future; '
            problem += "sleeps may last at most one year."
            self._fail(run, "InngestErrTimeoutTooLong", problem)
        self.clock.push(partial(self._resolve, run, step_id, None), delay=delay)

    def _wait(self, run: RunState, step_id: str, event_name: str, options: Json) -> None:
        expression = options.get("if")
        try:
            check_expression(expression or "true", "wait")
        except InvalidExpression:
            self._fail(run, "InvalidExpression", "Wait for event If expression failed to compile")
            return
        self._waits.append(Wait(run, step_id, event_name, expression))
        timeout = seconds(options["timeout"])
        self.clock.push(partial(self._resolve, run, step_id, None), delay=timeout)

    def _invoke_step(self, run: RunState, step_id: str, options: Json) -> None:
        payload = options["payload"]
        data = (payload.get("data") or {}) | {"_inngest": {"fn_id": options["function_id"]}}
        event = make_event("inngest/function.invoked", data)
        if payload.get("v"):
            event["v"] = payload["v"]
        self._invokers[event[INTERNAL_ID]] = (run, step_id)
        self.accept(event)
        if options.get("timeout"):
            problem = "Timed out waiting for invoked function to complete"
            memo = error_memo("InngestInvokeTimeoutError", problem)
            end = partial(self._resolve, run, step_id, memo)
            self.clock.push(end, delay=seconds(options["timeout"]))

    def _fail_invoker(self, event: Json, name: str, message: str) -> None:
        invoker = self._invokers.get(event[INTERNAL_ID])
        if invoker:
            self._resolve(*invoker, error_memo(name, message))

    # --- Ends

    def _fail_with_too_many_steps(self, run: RunState) -> None:
        message = f"The function run exceeded the step limit of {MAX_STEPS} steps."
        self._fail(run, "InngestErrFunctionOverflowed", message)

    def _fail(self, run: RunState, name: str, message: str) -> None:
        """End a run that the server itself gives up: its function is not asked again."""
        self._end(run, "Failed", server_error(name, message), name)

    def _cancel(self, run: RunState) -> None:
        if run.is_running:
            self._end(run, "Cancelled", None)

    def _cancel_unless_started(self, run: RunState) -> None:
        if run.started is None:
            self._cancel(run)

    def _end(self, run: RunState, status: Status, output: Any, cause: str = "") -> None:
        run.status, run.output, run.ended = status, output, self.clock.now
        self._singletons.release(run)
        error = reported_error(output, cause)
        finished = self._tell_end(run, error)
        # To a run that invoked one that was cancelled, the event itself is what its step comes to.
        memo = {"Completed": {"data": output}, "Failed": {"error": error}}.get(status, finished)
        for event in run.events:
            invoker = self._invokers.get(event[INTERNAL_ID])
            if invoker:
                self._resolve(*invoker, memo)

    def _tell_end(self, run: RunState, error: Json) -> Json:
        """Send the events of a run's end; not for a run that such an event has started."""
        events = [public_event(event) for event in run.events]
        data = {
            "function_id": run.function.id,
            "run_id": run.id,
            "event": events[0],
            "events": events,
            "result": run.output,
            "_inngest": {"status": run.status},
        }
        if run.status == "Failed":
            data["error"] = error
        finished = make_event("inngest/function.finished", data)
        if events[0]["name"] in ("inngest/function.failed", "inngest/function.finished"):
            return finished
        self.accept(finished)
        if run.status != "Completed":
            self.accept(make_event(f"inngest/function.{run.status.lower()}", data))
        return public_event(finished)

    def _running(self) -> list[RunState]:
        return [run for run in self.runs if run.is_running]


def _rfc3339(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _raise(problem: Exception) -> None:
    raise problem
