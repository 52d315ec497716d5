"""The state of a run: what its function has already done, and what it waits for."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from inngest_devtools.testing.functions import Function
from inngest_devtools.testing.inngest_server import Run
from inngest_devtools.testing.protocol import Json

DISCOVERY = "step"  # the step id of a call that asks a function what is next


@dataclass(kw_only=True, eq=False)
class RunState(Run):
    """A run with all that the stand-in knows of it.

    Args:
        created: When its event came, in virtual seconds.
        not_before: When the server would begin it, by the real clock.
        limits: The buckets that its calls need room in, and the size of each.
        memos: By hashed step id: what the SDK gets back instead of running the step.
        stack: The step ids of the memos, in the order in which they came.
        pending: The steps under way; when the last of them is done, the function is asked what is
            next.
        planned: The steps that were ever under way: none is started a second time.
        plans_only: Several steps are under way: each of them gets a call of its own.
        racing: The steps after each of which the function is asked, whatever else is under way.
        singleton: The lock that the run holds until it ends.
    """

    function: Function
    events: list[Json]
    created: float
    not_before: float
    limits: list[tuple[Hashable, int]]
    memos: Json = field(default_factory=dict)
    stack: list[str] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)
    planned: set[str] = field(default_factory=set)
    plans_only: bool = False
    priority: float = 0
    singleton: Any = None
    is_batch: bool = False
    racing: set[str] = field(default_factory=set)

    @property
    def is_running(self) -> bool:
        return self.status == "Running"


@dataclass(eq=False)
class Call:
    """One request to the app: `step` finds out what is next, a hashed id runs just that step."""

    run: RunState
    step_id: str = DISCOVERY
    attempt: int = 0


@dataclass(eq=False)
class Wait:
    """A step that waits for an event."""

    run: RunState
    step_id: str
    event_name: str
    expression: str | None
