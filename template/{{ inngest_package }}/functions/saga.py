"""Several services, one outcome: reserve side by side, charge once, undo what a failure leaves."""

from datetime import timedelta
from functools import partial
from typing import Any

import inngest

from ..client import inngest_client
from ..events import ChargeRequested, CheckoutCancelled, CheckoutStarted
from .charge import charge

MAX_CHARGES = 3
PAUSE = timedelta(seconds=5)

# In your database, where the primary key makes the claim: INSERT INTO claims (order_id, claimant)
# VALUES (...) ON CONFLICT DO NOTHING, then SELECT claimant. A dict forgets, and is one process's.
_claims: dict[str, str] = {}


async def claim(order_id: str, claimant: str) -> bool:
    """Whoever comes first decides about an order; to ask again changes nothing."""
    return _claims.setdefault(order_id, claimant) == claimant


async def reserve(order_id: str, item: str) -> bool:
    return item != "sold out"


async def release(order_id: str) -> None: ...


async def refund(idempotency_key: str) -> None: ...


@inngest_client.create_function(
    fn_id="saga",
    name="Saga: an order",
    trigger=CheckoutStarted.trigger(),
    idempotency="event.data.order_id",
)
async def saga(ctx: inngest.Context) -> dict[str, Any]:
    order = CheckoutStarted.parse(ctx.event)
    outcome = await _reserve(ctx, order)
    if outcome == "reserved":
        outcome = await _charge(ctx, order)
    if outcome == "unknown":
        await ctx.step.run("refund", refund, order.order_id)
    if outcome != "charged":
        await ctx.step.run("release", release, order.order_id)
    return {"success": outcome == "charged", "outcome": outcome}


async def _reserve(ctx: inngest.Context, order: CheckoutStarted) -> str:
    try:
        reserved = await ctx.group.parallel(
            tuple(
                partial(ctx.step.run, f"reserve-{index}", reserve, order.order_id, item)
                for index, item in enumerate(order.items)
            )
        )
    except inngest.StepError:  # one failed for good, the others may have reserved
        return "unavailable"
    return "reserved" if all(reserved) else "sold out"


async def _charge(ctx: inngest.Context, order: CheckoutStarted) -> str:
    # From here on it is too late to cancel. Inngest's own `cancel=` would end the run wherever it
    # is, charged or not, and undo nothing.
    if not await ctx.step.run("claim", claim, order.order_id, "charge"):
        return "cancelled"
    request = ChargeRequested(idempotency_key=order.order_id, amount=order.amount)
    for attempt in range(MAX_CHARGES):
        try:
            outcome: str = await ctx.step.invoke(
                f"charge-{attempt}", function=charge, data=request.model_dump(mode="json")
            )
        except inngest.StepError:  # the invoked run failed: nobody knows whether it has charged
            return "unknown"
        if outcome != "busy":
            return outcome
        await ctx.step.sleep(f"pause-{attempt}", PAUSE)
    return "busy"


@inngest_client.create_function(
    fn_id="saga-cancel", name="Saga: cancel an order", trigger=CheckoutCancelled.trigger()
)
async def cancel_order(ctx: inngest.Context) -> dict[str, Any]:
    order = CheckoutCancelled.parse(ctx.event)
    cancelled = await ctx.step.run("claim", claim, order.order_id, "cancel")
    return {"success": cancelled, "outcome": "cancelled" if cancelled else "too late"}
