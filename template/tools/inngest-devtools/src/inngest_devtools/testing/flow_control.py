"""The options that decide which runs there are and when they go on, in virtual time.

How each counts was read in the server's source and held to its answers: rate limits and throttles
are GCRA, the "leaky bucket" that spaces what it admits evenly, and not a count in a window.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from inngest_devtools.testing.durations import seconds
from inngest_devtools.testing.functions import Function
from inngest_devtools.testing.matching import NO_KEY, evaluate_key, find_number, holds
from inngest_devtools.testing.protocol import Json
from inngest_devtools.testing.runs import RunState
from inngest_devtools.testing.virtual_time import VirtualTime

Start = Callable[[Function, list[Json]], None]

MAX_PRIORITY = 600  # seconds by which a run may go ahead of others, or behind
MIN_DEBOUNCE = 1  # second: what is left at least when a debounce reaches its timeout
ROUNDING = 1e-6  # seconds: sums of fractions are not exact


class Gcra:
    """Admits `limit` in a `period`, evenly spaced, and `burst` more at once than the one that is
    due.
    """

    def __init__(self) -> None:
        self._full_until: dict[Hashable, float] = {}

    def admit(self, key: Hashable, now: float, *, limit: int, period: float, burst: int) -> float:
        """Seconds until there is room; 0 when there is now, which is then taken."""
        spacing = period / max(limit, 1)
        full_until = max(self._full_until.get(key, now), now) + spacing
        delay = full_until - spacing * (burst + 1) - now
        if delay > ROUNDING:
            return delay
        self._full_until[key] = full_until
        return 0


class RateLimiter:
    """Drops the runs above a limit: a tenth of the limit may start at once, the others have to be
    spaced.
    """

    def __init__(self) -> None:
        self._gcra = Gcra()

    def drops(self, function: Function, event: Json, now: float) -> bool:
        options = function.rate_limit
        if options is None:
            return False
        key = evaluate_key(options.get("key"), event)
        if key is NO_KEY:
            return True
        if key is False:  # an expression that is false takes the event out of the limit
            return False
        limit, period = options["limit"], seconds(options["period"])
        bucket = (function.id, key)
        delay = self._gcra.admit(bucket, now, limit=limit, period=period, burst=limit // 10)
        return delay > 0


class Throttle:
    """Delays the starts of runs above a limit: `limit + burst` at once, then one each `period /
    limit`.
    """

    def __init__(self) -> None:
        self._gcra = Gcra()

    def delay(self, run: RunState, now: float) -> float:
        """Seconds that a run still has to wait for its start; 0 when it starts now."""
        options = run.function.throttle
        if options is None:
            return 0
        limit, period = options["limit"], seconds(options["period"])
        bucket = (run.function.id, evaluate_key(options.get("key"), run.events[0]))
        # The SDK leaves a burst of 1 out, which is its default; the server's is 0.
        burst = limit + options.get("burst", 0) - 1
        return self._gcra.admit(bucket, now, limit=limit, period=period, burst=burst)


class Concurrency:
    """Limits how many steps are worked on at once. A run that sleeps or waits takes no room."""

    def __init__(self) -> None:
        self._in_use: Counter[Hashable] = Counter()

    def has_room(self, run: RunState) -> bool:
        return all(self._in_use[bucket] < limit for bucket, limit in run.limits)

    def take(self, run: RunState) -> None:
        self._in_use.update(bucket for bucket, _ in run.limits)

    def release(self, run: RunState) -> None:
        self._in_use.subtract(bucket for bucket, _ in run.limits)


def find_limits(function: Function, event: Json) -> list[tuple[Hashable, int]]:
    """The buckets that a run shares with others, and how many may be in each at once."""
    limits: list[tuple[Hashable, int]] = []
    for options in function.concurrency:
        scope, key = options.get("scope") or "fn", options.get("key")
        owner = function.id if scope == "fn" else scope  # the others are shared by all functions
        if options["limit"] > 0:
            limits.append(((owner, key is None, evaluate_key(key, event)), options["limit"]))
    return limits


def find_priority(function: Function, event: Json) -> float:
    """Seconds by which the calls of a run go ahead of those of others that are waiting."""
    expression = (function.priority or {}).get("run")
    if expression is None:
        return 0
    return max(-MAX_PRIORITY, min(MAX_PRIORITY, find_number(expression, event)))


class Singletons:
    """One run at a time, of a function or of each key."""

    def __init__(self) -> None:
        self._holders: dict[Hashable, RunState] = {}

    def lock_of(self, function: Function, event: Json) -> Hashable | None:
        if function.singleton is None:
            return None
        key = evaluate_key(function.singleton.get("key"), event)
        return None if key is False or key is NO_KEY else (function.id, key)

    def holder(self, lock: Hashable) -> RunState | None:
        return self._holders.get(lock)

    def take(self, run: RunState, lock: Hashable | None) -> None:
        run.singleton = lock
        if lock is not None:
            self._holders[lock] = run

    def release(self, run: RunState) -> None:
        if self._holders.get(run.singleton) is run:
            del self._holders[run.singleton]


@dataclass(eq=False)
class _Debounce:
    event: Json
    due: float
    latest: float | None


class Debouncer:
    """Keeps the last of several events until none has come for a while."""

    def __init__(self, clock: VirtualTime[Any], start: Start) -> None:
        self._clock = clock
        self._start = start
        self._debounces: dict[Hashable, _Debounce] = {}

    def __bool__(self) -> bool:
        return bool(self._debounces)

    def add(self, function: Function, event: Json) -> None:
        options = function.debounce or {}
        key = (function.id, evaluate_key(options.get("key"), event))
        now, period = self._clock.now, seconds(options["period"])
        debounce = self._debounces.get(key)
        if debounce is None:
            timeout = options.get("timeout")
            latest = now + seconds(timeout) if timeout else None
            debounce = self._debounces[key] = _Debounce(event, now + period, latest)
        elif debounce.event["ts"] > event["ts"]:
            return  # an older event that came late changes nothing
        else:
            debounce.event = event
            debounce.due = now + period
            if debounce.latest is not None and debounce.due > debounce.latest:
                debounce.due = now + max(MIN_DEBOUNCE, int(debounce.latest - now))
        self._clock.push(partial(self._end, function, key, debounce), delay=debounce.due - now)

    def _end(self, function: Function, key: Hashable, debounce: _Debounce) -> None:
        was_moved = debounce.due > self._clock.now + ROUNDING
        if self._debounces.get(key) is debounce and not was_moved:
            del self._debounces[key]
            self._start(function, [debounce.event])


@dataclass(eq=False)
class _Batch:
    """Events on their way into one run; `arriving` are those of this very moment."""

    arriving: list[Json] = field(default_factory=list)
    collected: list[Json] = field(default_factory=list)


class Batcher:
    """Collects events until there are enough, or the first has waited long enough.

    The server writes down together what comes at one moment. A batch that is full by then starts
    at once. One that fills up later starts at its timeout nevertheless: the start that is due then
    cannot be moved any more. Source: pkg/execution/batch/buffer.go, `handleScheduling`.
    """

    def __init__(self, clock: VirtualTime[Any], start: Start) -> None:
        self._clock = clock
        self._start = start
        self._open: dict[Hashable, _Batch] = {}
        self._waiting = 0  # batches whose timeout has still to come

    def __bool__(self) -> bool:
        return self._waiting > 0 or any(batch.arriving for batch in self._open.values())

    @staticmethod
    def takes(function: Function, event: Json) -> bool:
        """Whether an event goes into a batch; one that does not meet `if_exp` runs alone and at
        once.
        """
        return function.batch is not None and holds(function.batch.get("if"), event)

    def add(self, function: Function, event: Json) -> None:
        options = function.batch or {}
        key = (function.id, evaluate_key(options.get("key"), event))
        batch = self._open.setdefault(key, _Batch())
        batch.arriving.append(event)
        write = partial(self._write, function, key)
        if len(batch.arriving) >= options["maxSize"]:
            write()
        elif len(batch.arriving) == 1:
            self._clock.push(write)

    def _write(self, function: Function, key: Hashable) -> None:
        """Put what has arrived into the batch, and what is too much into a new one."""
        options = function.batch or {}
        batch = self._open[key]
        events, batch.arriving = batch.arriving, []
        if not events:  # written when there were enough of them
            return
        if len(events) == options["maxSize"] and not batch.collected:
            self._start(function, events)
            return
        while events:
            if not batch.collected:
                self._waiting += 1
                end = partial(self._end, function, key, batch)
                self._clock.push(end, delay=seconds(options["timeout"]))
            room = options["maxSize"] - len(batch.collected)
            batch.collected += events[:room]
            events = events[room:]
            if len(batch.collected) == options["maxSize"]:
                batch = self._open[key] = _Batch()

    def _end(self, function: Function, key: Hashable, batch: _Batch) -> None:
        self._waiting -= 1
        if self._open.get(key) is batch:
            self._open[key] = _Batch(arriving=batch.arriving)
        self._start(function, batch.collected)
