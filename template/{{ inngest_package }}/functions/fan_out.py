"""One event becomes many: a run of its own for each item, and steps side by side in one run."""

from functools import partial
from typing import Any

import inngest

from ..client import inngest_client
from ..events import BatchItem, BatchRequested


async def measure(item: str) -> int:
    return len(item)


async def handle(item: str) -> str:
    return item.upper()


@inngest_client.create_function(fn_id="fan-out", name="Fan out", trigger=BatchRequested.trigger())
async def fan_out(ctx: inngest.Context) -> dict[str, Any]:
    payload = BatchRequested.parse(ctx.event)

    # group.parallel, never asyncio.gather: gather would run steps twice.
    sizes = await ctx.group.parallel(
        tuple(
            partial(ctx.step.run, f"measure-{index}", measure, item)
            for index, item in enumerate(payload.items)
        )
    )

    # step.send_event, never client.send: that would send again at every replay.
    await ctx.step.send_event(
        "fan-out", [BatchItem(item=item).to_event() for item in payload.items]
    )
    return {"success": True, "sent": len(payload.items), "total_size": sum(sizes)}


@inngest_client.create_function(
    fn_id="fan-out-item", name="Fan out: one item", trigger=BatchItem.trigger()
)
async def fan_out_item(ctx: inngest.Context) -> dict[str, Any]:
    payload = BatchItem.parse(ctx.event)
    return {"success": True, "result": await ctx.step.run("handle", handle, payload.item)}
