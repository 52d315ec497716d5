"""The runs of one test: which events start them, when, and how they end, in virtual time.

All decisions are made in the thread that asks for them. `call_queue` has the requests to the app,
which are made in others, and `steps` what their answers mean.
"""

import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from inngest_devtools.testing.app_client import AppClient
from inngest_devtools.testing.call_queue import TICK, CallQueue, Clock
from inngest_devtools.testing.durations import seconds, seconds_until_ts
from inngest_devtools.testing.flow_control import (
    Batcher,
    Debouncer,
    RateLimiter,
    Singletons,
    find_limits,
    find_priority,
)
from inngest_devtools.testing.functions import Firing, Function
from inngest_devtools.testing.inngest_server import Status
from inngest_devtools.testing.matching import holds, triggers
from inngest_devtools.testing.protocol import (
    INTERNAL_ID,
    Json,
    error_memo,
    make_event,
    public_event,
    reported_error,
)
from inngest_devtools.testing.runs import Call, RunState
from inngest_devtools.testing.steps import Steps
from inngest_devtools.testing.virtual_time import VirtualTime
from inngest_devtools.words import t

CRON_EVENT = "inngest/scheduled.timer"  # what starts the runs of a cron


class Executor:
    """The runs of one test.

    Args:
        functions: Those that the app has registered.
    """

    def __init__(self, app: AppClient, functions: list[Function]) -> None:
        self.runs: list[RunState] = []
        self.events: list[Json] = []
        self.clock: Clock = VirtualTime()
        self._began = datetime.now(UTC)
        self._functions = functions
        self._calls = CallQueue(
            self.clock,
            app,
            on_start=self._note_start,
            on_answer=lambda call, answer: self._steps.take_answer(call, answer),
        )
        self._steps = Steps(self.clock, app, self._calls, accept=self.accept, end=self._end)
        self._started: set[tuple[str, str]] = set()  # function and event, of which there is one run
        self._rate_limiter = RateLimiter()
        self._singletons = Singletons()
        self._debouncer = Debouncer(self.clock, partial(self._admit, is_debounced=True))
        self._batcher = Batcher(self.clock, partial(self._create_run, is_batch=True))

    # --- What the server asks for

    def accept(self, event: Json) -> None:
        """Take an event in, from any thread; it is delivered when there is work done next."""
        self._calls.post(partial(self._deliver, event))

    def report(self, problem: Exception) -> None:
        """Have a problem that was met in another thread raised where the test will see it."""
        self._calls.post(partial(_raise, problem))

    def work(self) -> None:
        """Do all that can be done now; time does not pass."""
        self._calls.work()

    def has_more(self) -> bool:
        """Whether something is under way that ends if time passes."""
        is_running = any(run.is_running for run in self.runs)
        return is_running or bool(self._debouncer) or bool(self._batcher)

    def pass_time(self) -> None:
        """Let time pass until something is due, and do that."""
        if self.clock.is_empty():
            running = [run.function_id for run in self._running()]
            raise AssertionError(t("These runs wait for what never comes: {runs}", runs=running))
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
        return self._calls.most_at_once(run_ids)

    def stop(self) -> None:
        """Wait for the requests under way, whose answers no one will read."""
        self._calls.stop()

    # --- Events

    def _deliver(self, event: Json) -> None:
        self.events.append(event)
        for run in self._running():
            if any(self._cancels(rule, run, event) for rule in run.function.cancel):
                self._cancel(run)
        self._steps.deliver(event)
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
            self._steps.tell_invoker(event, error_memo("InngestInvokeError", problem))
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
            after = self._began + timedelta(seconds=self.clock.now)
            for firing in function.list_firings(after, self._began + timedelta(seconds=until)):
                delay = (firing.fires_at - self._began).total_seconds() - self.clock.now
                self.clock.push(partial(self._fire, function, firing), delay=delay)

    def _fire(self, function: Function, firing: Firing) -> None:
        scheduled_at = _rfc3339(firing.scheduled_at)
        fires_at = _rfc3339(firing.fires_at)
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
                problem = "invoked function is rate limited"
                self._steps.tell_invoker(event, error_memo("Error", problem))
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

    # --- Ends

    def _note_start(self, run: RunState) -> None:
        finish = run.function.timeouts.get("finish")
        if finish:
            self.clock.push(partial(self._cancel, run), delay=seconds(finish))

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
        for event in run.events:
            self._steps.tell_invoker(event, _memo_of_end(status, output, error, finished))

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


def _memo_of_end(status: Status, output: Any, error: Json, finished: Json) -> Json:
    """What the step comes to that invoked a run, where that has ended."""
    match status:
        case "Completed":
            return {"data": output}
        case "Failed":
            return {"error": error}
    return finished  # of a run that was cancelled: the event itself


def _rfc3339(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _raise(problem: Exception) -> None:
    raise problem
