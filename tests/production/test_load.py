"""A thousand runs, eight requests at a time."""

from collections import Counter
from collections.abc import Callable

import inngest
import pytest

from tests.production.service import Service

pytestmark = pytest.mark.slow

RUNS = 1000
TENANTS = 20
MAX_GROWTH = 4 * 2**20  # bytes: 4 kB kept of each run would show

# The tenant is read before and after others have had their turn, in the function, in its step and
# in a thread.
CROWD = """
import asyncio
import random

import inngest

from core.inngest.client import inngest_client
from core.utils.inngest_tenant_isolation import get_current_tenant_id, with_tenant_isolation


async def look() -> list[str | None]:
    seen = [get_current_tenant_id()]
    await asyncio.sleep(random.random() / 200)
    return [*seen, get_current_tenant_id(), await asyncio.to_thread(get_current_tenant_id)]


@inngest_client.create_function(fn_id="crowd", trigger=inngest.TriggerEvent(event="test/crowd"))
@with_tenant_isolation
async def crowd(ctx: inngest.Context) -> list[str | None]:
    return [*await ctx.step.run("look", look), get_current_tenant_id()]
"""


def events(start: int) -> list[inngest.Event]:
    tenants = [f"tenant-{number % TENANTS}" for number in range(start, start + RUNS)]
    return [inngest.Event(name="test/crowd", data={"tenant_id": tenant}) for tenant in tenants]


def test_run_a_thousand_events_mixes_no_tenants_and_holds_no_memory(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(crowd=CROWD)
    service.sync()
    memory = []

    for round in range(3):
        service.executor.reset()
        service.executor.send(*events(round * RUNS))
        runs = service.executor.finish()
        memory.append(service.memory)

        assert Counter(run.status for run in runs) == {"Completed": RUNS}
        assert Counter(tuple(run.output) for run in runs) == {
            (f"tenant-{number}",) * 4: RUNS // TENANTS for number in range(TENANTS)
        }

    assert memory[2] - memory[1] < MAX_GROWTH, memory  # the first round fills what is filled once
