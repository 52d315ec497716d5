"""Waits for a person's decision, for as long as that takes; ends when the request is withdrawn."""

from datetime import timedelta
from typing import Any

import inngest

from ..client import inngest_client
from ..events import ApprovalDecided, ApprovalRequested, ApprovalWithdrawn

DECISION_TIMEOUT = timedelta(days=3)

# `event` is the event that started the run, `async` the one that has just arrived.
SAME_REQUEST = "async.data.request_id == event.data.request_id"


async def notify_approver(title: str) -> None: ...


async def carry_out(request_id: str) -> str:
    return f"{request_id} carried out"


@inngest_client.create_function(
    fn_id="approval",
    name="Approval",
    trigger=ApprovalRequested.trigger(),
    cancel=[inngest.Cancel(event=ApprovalWithdrawn.event_name, if_exp=SAME_REQUEST)],
)
async def approval(ctx: inngest.Context) -> dict[str, Any]:
    payload = ApprovalRequested.parse(ctx.event)
    await ctx.step.run("notify-approver", notify_approver, payload.title)

    answer = await ctx.step.wait_for_event(
        "wait-for-decision",
        event=ApprovalDecided.event_name,
        if_exp=SAME_REQUEST,
        timeout=DECISION_TIMEOUT,
    )
    if answer is None:
        return {"success": False, "decision": "timed out"}
    if not ApprovalDecided.parse(answer).approved:
        return {"success": False, "decision": "rejected"}
    return {
        "success": True,
        "decision": await ctx.step.run("carry-out", carry_out, payload.request_id),
    }
