"""An event in, JSON out."""

from typing import Any

import inngest

from ..client import inngest_client
from ..events import ExampleEvent


@inngest_client.create_function(
    fn_id="example-function",
    name="Example function",
    trigger=ExampleEvent.trigger(),
)
async def example_function(ctx: inngest.Context) -> dict[str, Any]:
    payload = ExampleEvent.parse(ctx.event)
    ctx.logger.info("Received %r", payload.message)
    return {"success": True, "message": payload.message, "event_id": ctx.event.id}
