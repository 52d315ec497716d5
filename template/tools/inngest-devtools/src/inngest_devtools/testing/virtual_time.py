"""Time that passes at once: a queue of what is to be done, and when."""

import heapq
import itertools
import math
from typing import Generic, TypeVar

T = TypeVar("T")


class VirtualTime(Generic[T]):
    """A clock that stands still until someone asks for what is next.

    Args:
        now: Seconds since the clock was made.
    """

    def __init__(self) -> None:
        self.now = 0.0
        # When, and the how-manieth: what is due at one time comes in the order it was put in.
        self._queue: list[tuple[float, int, T]] = []
        self._counter = itertools.count()

    def push(self, item: T, *, delay: float = 0) -> None:
        heapq.heappush(self._queue, (self.now + max(delay, 0), next(self._counter), item))

    def pop_due(self) -> list[T]:
        """Take out what is due now."""
        items = []
        while self._queue and self._queue[0][0] <= self.now:
            items.append(heapq.heappop(self._queue)[2])
        return items

    def is_empty(self) -> bool:
        return not self._queue

    def next_due(self) -> float:
        """When the next thing is due; never, if there is none."""
        return self._queue[0][0] if self._queue else math.inf

    def pass_to_next(self) -> None:
        """Let time pass until the next thing is due."""
        self.now = max(self.now, self._queue[0][0])
