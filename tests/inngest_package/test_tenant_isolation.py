"""Tenant isolation, called by an executor as the server would: the corners that the skeleton's own
tests leave out.
"""

import asyncio
from typing import Any

import inngest
import pytest
from inngest_devtools.testing import Json

from core.utils.inngest_tenant_isolation import (
    get_current_tenant_id,
    with_tenant_isolation,
    with_tenant_isolation_optional,
)
from tests.testing.inngest_app import App


def action(**data: Any) -> inngest.Event:
    return inngest.Event(name="tenant/action", data=data)


async def current() -> str | None:
    return get_current_tenant_id()


def test_run_keeps_tenant_in_parallel_branches_and_threads(app: App) -> None:
    @app.function(event="tenant/action")
    @with_tenant_isolation
    async def handler(ctx: inngest.Context) -> Json:
        branches = await ctx.group.parallel(
            (lambda: ctx.step.run("one", current), lambda: ctx.step.run("two", current))
        )

        async def in_thread() -> str | None:
            return await asyncio.to_thread(get_current_tenant_id)

        return {"branches": list(branches), "thread": await ctx.step.run("thread", in_thread)}

    run = app.serve().run(action(tenant_id="acme"))

    assert run.output == {"branches": ["acme", "acme"], "thread": "acme"}


def test_run_after_a_failed_run_knows_no_tenant_of_it(app: App) -> None:
    @app.function(event="tenant/action", retries=0)
    @with_tenant_isolation_optional
    async def handler(ctx: inngest.Context) -> str | None:
        if ctx.event.data.get("fail"):
            raise RuntimeError("failed")
        return get_current_tenant_id()

    executor = app.serve()

    assert executor.run(action(tenant_id="acme", fail=True)).status == "Failed"
    assert executor.run(action()).output is None
    assert get_current_tenant_id() is None


@pytest.mark.parametrize("tenant_id", ["acme", 7, 0])
def test_run_as_the_tenant_that_the_event_names(app: App, tenant_id: str | int) -> None:
    @app.function(event="tenant/action")
    @with_tenant_isolation
    async def handler(ctx: inngest.Context) -> str | int | None:
        return get_current_tenant_id()

    run = app.serve().run(action(tenant_id=tenant_id))

    assert run.output == tenant_id


@pytest.mark.parametrize(
    "data", [{}, {"tenant_id": ""}, {"tenant_id": " "}, {"tenant_id": None}, {"tenant_id": True}]
)
def test_run_with_isolation_fails_without_tenant(app: App, data: Json) -> None:
    attempts: list[int] = []

    @app.function(event="tenant/action")
    @with_tenant_isolation
    async def handler(ctx: inngest.Context) -> None:
        attempts.append(ctx.attempt)

    run = app.serve().run(action(**data))

    assert run.status == "Failed"
    assert run.output["message"] == "tenant/action has no tenant_id in its data"
    assert attempts == []


def test_run_on_failure_handler_knows_tenant_of_the_failed_run(app: App) -> None:
    @with_tenant_isolation
    async def on_failure(ctx: inngest.Context) -> str | None:
        return get_current_tenant_id()

    @app.function(event="tenant/action", retries=0, on_failure=on_failure)
    @with_tenant_isolation
    async def handler(ctx: inngest.Context) -> None:
        raise RuntimeError("failed")

    executor = app.serve()
    executor.send(action(tenant_id="acme"))

    assert [(run.status, run.output) for run in executor.finish()][1] == ("Completed", "acme")


def test_run_batch_of_one_tenant_is_its_run_and_of_two_fails(app: App) -> None:
    @app.function(event="tenant/action", batch_events=inngest.Batch(max_size=2, timeout=1000))
    @with_tenant_isolation
    async def handler(ctx: inngest.Context) -> str | None:
        return get_current_tenant_id()

    executor = app.serve()
    executor.send(action(tenant_id="a"), action(tenant_id="a"))
    executor.send(action(tenant_id="a"), action(tenant_id="b"))

    same, mixed = executor.finish()
    assert same.output == "a"
    assert (
        mixed.output["message"]
        == 'a batch mixes tenants: add key="event.data.tenant_id" to batch_events'
    )


def test_decorate_sync_handler_is_refused() -> None:
    def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(TypeError, match="must be `async def`"):
        with_tenant_isolation(handler)
