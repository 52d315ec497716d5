"""Two things in turns: what counts is the ratio within a pair, since a machine's mood is the same
for both.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Measure = Callable[[], float]  # does a thing once, and returns how many seconds it took


class MeasureError(Exception):
    """What was to be measured did not do what it should."""


@dataclass(frozen=True)
class Comparison:
    """Seconds of ours and of theirs, pair by pair.

    Args:
        name: What was done.
        against: What ours is compared with.
        bound: What the median of the ratios may be at most; None where there is none.
    """

    name: str
    against: str
    bound: float | None = None
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    def run(self, ours: Measure, theirs: Measure, *, pairs: int) -> "Comparison":
        """Measure so many pairs, ours and theirs first in turns, after one of each that does not
        count.
        """
        ours(), theirs()
        for index in range(pairs):
            order = [(self.ours, ours), (self.theirs, theirs)]
            for times, measure in order if index % 2 else reversed(order):
                times.append(measure())
        return self

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios."""
        return statistics.median(self._ratios())

    @property
    def spread(self) -> tuple[float, float]:
        """The first and the third quartile of the pairs' ratios."""
        ratios = self._ratios()
        if len(ratios) == 1:
            return ratios[0], ratios[0]
        lower, _, upper = statistics.quantiles(ratios, n=4, method="inclusive")
        return lower, upper

    @property
    def holds(self) -> bool:
        return self.bound is None or self.ratio <= self.bound

    def _ratios(self) -> list[float]:
        return [ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True)]


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
