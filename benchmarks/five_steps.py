"""The function of `bare_app.py`, as a project of the template would have it."""

import inngest

from core.inngest.client import inngest_client
from core.inngest.typed_event import TypedEvent


class FiveSteps(TypedEvent):
    event_name = "benchmark/five-steps"

    start: int


async def add(total: int, number: int) -> int:
    return total + number


@inngest_client.create_function(fn_id="five-steps", trigger=FiveSteps.trigger())
async def five_steps(ctx: inngest.Context) -> int:
    total = FiveSteps.parse(ctx.event).start
    for number in range(5):
        total = await ctx.step.run(f"add-{number}", add, total, number)
    return total
