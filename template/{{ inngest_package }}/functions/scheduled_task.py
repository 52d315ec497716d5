"""Runs on a schedule."""

from datetime import UTC, datetime
from typing import Any

import inngest

from ..client import inngest_client


async def current_time() -> str:
    return datetime.now(UTC).isoformat()


async def clean_up(started_at: str) -> int:
    """What the schedule is for: here, count what is older than `started_at`."""
    return 0


@inngest_client.create_function(
    fn_id="scheduled-task",
    name="Scheduled task",
    trigger=inngest.TriggerCron(cron="0 */6 * * *"),  # every six hours, in UTC
)
async def scheduled_task_function(ctx: inngest.Context) -> dict[str, Any]:
    # The time is read in a step: outside of one it would differ each time that the handler is
    # replayed.
    executed_at = await ctx.step.run("current-time", current_time)
    cleaned = await ctx.step.run("clean-up", clean_up, executed_at)
    return {"success": True, "executed_at": executed_at, "cleaned": cleaned}
