"""How much runs at once, how fast it starts, what goes first, what runs only once, what is handled
together.
"""

from datetime import timedelta
from typing import Any

import inngest

from ..client import inngest_client
from ..events import ImportRequested, ImportRow


async def store(rows: list[str]) -> int:
    return len(rows)


@inngest_client.create_function(
    fn_id="flow-control",
    name="Flow control",
    trigger=ImportRequested.trigger(),
    # One run for each id in 24 hours; the SDK's rate_limit cannot be set beside it.
    idempotency="event.data.import_id",
    # Steps at once, for each customer.
    concurrency=[inngest.Concurrency(limit=2, key="event.data.customer_id")],
    # Starts of runs; more wait their turn.
    throttle=inngest.Throttle(limit=10, period=timedelta(minutes=1)),
    # Seconds by which a run is moved ahead.
    priority=inngest.Priority(run="event.data.urgent ? 120 : 0"),
)
async def flow_control(ctx: inngest.Context) -> dict[str, Any]:
    payload = ImportRequested.parse(ctx.event)
    rows = [ImportRow(import_id=payload.import_id, row=row).to_event() for row in payload.rows]
    await ctx.step.send_event("send-rows", rows)
    return {"success": True, "sent": len(rows)}


@inngest_client.create_function(
    fn_id="flow-control-batch",
    name="Flow control: batches",
    trigger=ImportRow.trigger(),
    batch_events=inngest.Batch(
        max_size=50, timeout=timedelta(seconds=2), key="event.data.import_id"
    ),
)
async def flow_control_batch(ctx: inngest.Context) -> dict[str, Any]:
    rows = [ImportRow.parse(event).row for event in ctx.events]
    return {"success": True, "stored": await ctx.step.run("store", store, rows)}
