"""The calls to the app that are due: made side by side, as far as there is room for them.

Only the requests themselves run in threads of their own. What comes of them, and the events that
the app sends meanwhile, comes in by mail and is looked at in the thread that works.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from inngest_devtools.testing.app_client import AppClient
from inngest_devtools.testing.flow_control import Concurrency, Throttle
from inngest_devtools.testing.runs import Call, RunState
from inngest_devtools.testing.virtual_time import VirtualTime
from inngest_devtools.words import t

MAX_CALLS = 10_000  # in one test: functions that start each other without end
MAX_REQUESTS = 100  # at once, as the server's queue workers

# Seconds, real ones, until the server begins a run: the step that sends its event may end before.
TICK = 0.05

Timer = Callable[[], None]
Clock = VirtualTime[Timer | Call]


class CallQueue:
    """The calls of one test.

    Args:
        clock: Where calls and timers wait until they are due.
        on_start: Told of a run when its first call is made.
        on_answer: Told of a call, and what came of it: also an exception.
    """

    def __init__(
        self,
        clock: Clock,
        app: AppClient,
        *,
        on_start: Callable[[RunState], None],
        on_answer: Callable[[Call, Any], None],
    ) -> None:
        self._clock = clock
        self._app = app
        self._on_start = on_start
        self._on_answer = on_answer
        self._mail: SimpleQueue[Timer] = SimpleQueue()
        self._pool = ThreadPoolExecutor(MAX_REQUESTS, thread_name_prefix="inngest")
        self._count = 0
        self._ready: list[Call] = []  # due, and waiting for room
        self._in_flight: list[Call] = []
        self._begun_and_ended: list[tuple[str, int]] = []  # run id, and 1 or -1
        self._concurrency = Concurrency()
        self._throttle = Throttle()

    def post(self, job: Timer) -> None:
        """Have something done by the thread that works; from any thread."""
        self._mail.put(job)

    def work(self) -> None:
        """Do all that can be done now; time does not pass."""
        while True:
            self._read_mail()
            self._do_what_is_due()
            if self._in_flight:
                self._wait_for_mail()
            elif self._mail.empty():
                return

    def stop(self) -> None:
        """Wait for the requests under way, whose answers no one will read."""
        self._ready.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def most_at_once(self, run_ids: set[str]) -> int:
        """The greatest number of calls of these runs that were under way at one moment."""
        count = most = 0
        for run_id, change in self._begun_and_ended:
            count += change if run_id in run_ids else 0
            most = max(most, count)
        return most

    def request(self, call: Call, make: Callable[[], Any]) -> None:
        """Make a request of a call in a thread of its own."""
        self._count += 1
        if self._count > MAX_CALLS:
            problem = t(
                "More than {calls} calls in one test: do functions start each other without end, or"
                " has a cron fired that often?",
                calls=MAX_CALLS,
            )
            raise AssertionError(problem)
        self._concurrency.take(call.run)
        self._in_flight.append(call)
        self._begun_and_ended.append((call.run.id, 1))
        self._pool.submit(self._make, call, make)

    def _make(self, call: Call, make: Callable[[], Any]) -> None:
        try:
            answer = make()
        except Exception as error:
            answer = error
        self._mail.put(partial(self._take_answer, call, answer))

    def _take_answer(self, call: Call, answer: Any) -> None:
        self._concurrency.release(call.run)
        self._in_flight.remove(call)
        self._begun_and_ended.append((call.run.id, -1))
        self._on_answer(call, answer)

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
        for item in self._clock.pop_due():
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
        if run.started is None:
            if self._in_flight and time.monotonic() < run.not_before:
                return False
            delay = self._throttle.delay(run, self._clock.now)
            if delay:
                self._clock.push(call, delay=delay)
                return True
            run.started = self._clock.now
            self._on_start(run)
        self.request(call, partial(self._app.call, call))
        return True
