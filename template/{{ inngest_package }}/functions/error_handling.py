"""When a step fails: retries, compensation, giving up, coming back later, a last word."""

from datetime import timedelta
from typing import Any

import inngest

from ..client import inngest_client
from ..events import ExampleError
from ..typed_event import FunctionFailed

RETRY_AFTER = timedelta(seconds=2)


async def reserve(run_id: str) -> None: ...


async def risky_operation(outcome: str, attempt: int) -> str:
    if outcome == "failure":
        raise RuntimeError("the other service is down")  # retried
    if outcome == "invalid":
        raise inngest.NonRetriableError("the request makes no sense")  # fails the run at once
    if outcome == "busy" and attempt == 0:  # retried then, not before
        raise inngest.RetryAfterError("the other service asks to wait", RETRY_AFTER)
    return "done"


async def release(run_id: str) -> None: ...


async def alert(run_id: str, message: str) -> None: ...


async def on_failure(ctx: inngest.Context) -> None:
    """Runs once, after a run has failed for good."""
    failed = FunctionFailed.parse(ctx.event)
    await ctx.step.run("release", release, failed.run_id)
    await ctx.step.run("alert", alert, failed.run_id, failed.error.message)


@inngest_client.create_function(
    fn_id="error-handling-example",
    name="Error handling",
    trigger=ExampleError.trigger(),
    retries=2,  # after the first attempt, for each step; the server's default is 4
    on_failure=on_failure,
)
async def error_handling_function(ctx: inngest.Context) -> dict[str, Any]:
    payload = ExampleError.parse(ctx.event)
    await ctx.step.run("reserve", reserve, ctx.run_id)
    try:
        result = await ctx.step.run(
            "risky-operation", risky_operation, payload.outcome, ctx.attempt
        )
    except inngest.StepError as error:
        # All attempts are spent; the step's own exception class is gone by now. Neither a
        # NonRetriableError nor a RetryAfterError whose attempts are spent ever comes here: both end
        # the run. To undo something after those, use on_failure, or let the step return an outcome.
        await ctx.step.run("release", release, ctx.run_id)
        return {"success": False, "error": error.message}
    return {"success": True, "result": result}
