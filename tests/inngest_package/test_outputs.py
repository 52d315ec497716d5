"""Models go in and out of steps, or are refused before they run."""

import inngest
from pydantic import BaseModel

from core.inngest.client import create_client
from core.inngest.settings import Settings
from tests.testing.inngest_app import App


class Order(BaseModel):
    id: int
    lines: list[str]


async def load() -> Order:
    return Order(id=7, lines=["a"])


async def count(order: Order) -> int:
    return len(order.lines)


def test_return_a_model_from_a_step_that_names_it(app: App) -> None:
    origin = app.executor.origin
    values = {"inngest_dev": "1", "inngest_base_url": origin, "inngest_app_id": "app"}
    app.client = create_client(Settings.model_validate(values))

    @app.function()
    async def handler(ctx: inngest.Context) -> int:
        order = await ctx.step.run("load", load, output_type=Order)
        assert isinstance(order, Order)  # also when the step is replayed
        return await ctx.step.run("count", count, order)

    run = app.serve().run(inngest.Event(name="test/event"))

    assert (run.status, run.output) == ("Completed", 1)
