"""The run that the current code belongs to: log lines name it."""

import logging
from contextvars import ContextVar
from typing import Any, NamedTuple

import inngest

logger = logging.getLogger("inngest")


class CurrentRun(NamedTuple):
    function_id: str
    run_id: str


_current_run: ContextVar[CurrentRun | None] = ContextVar("current_run", default=None)


def get_current_run() -> CurrentRun | None:
    """The run whose handler or step calls this, also from `asyncio.to_thread`; None outside of a
    run.
    """
    return _current_run.get()


class CurrentRunMiddleware(inngest.MiddlewareSync):
    """Remembers the run, and logs what it fails with: the SDK sends errors to Inngest only.

    Each request is a task of its own, whose context ends with it: nothing has to be reset.
    """

    def transform_input(
        self,
        ctx: inngest.Context | inngest.ContextSync,
        function: inngest.Function[Any],
        steps: inngest.StepMemos,
    ) -> None:
        _current_run.set(CurrentRun(function.local_id, ctx.run_id))

    def transform_output(self, result: inngest.TransformOutputResult) -> None:
        if result.error and not getattr(result.error, "quiet", False):
            what = f"Step {result.step.id!r}" if result.step else "The function"
            logger.error("%s failed", what, exc_info=result.error)
