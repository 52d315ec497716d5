"""One call to a service that limits its callers: a function of its own, which others invoke.

A throttle counts starts of runs, neither steps nor retries: so one call for each run, and no
retries. Up to `2 * limit + burst` runs may start within one period; `burst` is 1 if not given.
"""

from datetime import timedelta

import inngest

from ..client import inngest_client
from ..events import ChargeRequested


async def call_payment_service(idempotency_key: str, amount: int) -> str:
    """One POST with the header `Idempotency-Key`: sent twice, it is still one charge.

    402 is an outcome, "declined"; so is 429, "busy". Whatever else goes wrong may be an exception.
    """
    return "declined" if amount > 1000 else "charged"


@inngest_client.create_function(
    fn_id="charge",
    name="Charge",
    trigger=ChargeRequested.trigger(),
    retries=0,
    throttle=inngest.Throttle(limit=10, period=timedelta(seconds=1)),
)
async def charge(ctx: inngest.Context) -> str:
    request = ChargeRequested.parse(ctx.event)
    return await ctx.step.run(
        "call-payment-service", call_payment_service, request.idempotency_key, request.amount
    )
