"""Durable steps: each is retried on its own, and runs no more once it has succeeded."""

from datetime import timedelta
from typing import Any

import inngest

from ..client import inngest_client
from ..events import WorkflowStart

PAUSE = timedelta(seconds=1)


async def fetch_data(source: str) -> list[int]:
    return [len(source), 1, 2]


async def process_data(data: list[int]) -> int:
    return sum(data)


async def save_result(source: str, total: int) -> str:
    return f"{source}: {total}"


@inngest_client.create_function(
    fn_id="multi-step-workflow",
    name="Multi-step workflow",
    trigger=WorkflowStart.trigger(),
)
async def multi_step_workflow(ctx: inngest.Context) -> dict[str, Any]:
    # Inngest calls this handler once for each step and hands back what earlier steps returned. Code
    # between the steps runs every time: keep it free of side effects, of the clock and of
    # randomness.
    payload = WorkflowStart.parse(ctx.event)

    data = await ctx.step.run("fetch-data", fetch_data, payload.source)
    total = await ctx.step.run("process-data", process_data, data)

    await ctx.step.sleep("pause", PAUSE)  # no process waits meanwhile, were it for a month

    result = await ctx.step.run("save-result", save_result, payload.source, total)
    return {"success": True, "result": result}
