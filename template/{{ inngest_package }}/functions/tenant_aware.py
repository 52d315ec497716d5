"""Runs as the tenant that the event names, with a cap on each tenant's steps.

The cap is no turn: behind a long queue of one tenant the others wait until most of it is done.
"""

from typing import Any

import inngest

from ..client import inngest_client
from ..events import TenantAction
from ..tenant_isolation import get_current_tenant_id, with_tenant_isolation


async def perform(action: str) -> str:
    return f"{action} for {get_current_tenant_id()}"


@inngest_client.create_function(
    fn_id="tenant-aware-function",
    name="Tenant-aware function",
    trigger=TenantAction.trigger(),
    # Steps at once, for each tenant.
    concurrency=[inngest.Concurrency(limit=5, key="event.data.tenant_id")],
)
@with_tenant_isolation
async def tenant_aware_function(ctx: inngest.Context) -> dict[str, Any]:
    payload = TenantAction.parse(ctx.event)
    result = await ctx.step.run("perform", perform, payload.action)
    return {"success": True, "tenant_id": get_current_tenant_id(), "result": result}
