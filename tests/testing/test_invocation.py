"""Functions that run other functions."""

from datetime import timedelta
from typing import Any

import inngest
import pytest
from inngest_devtools.testing import Json

from tests.testing.inngest_app import App

EVENT = inngest.Event(name="test/event")


def test_run_invokes_function_and_gets_its_output(app: App) -> None:
    @app.function(id="child", event="test/child")
    async def child(ctx: inngest.Context) -> Any:
        await ctx.step.sleep("second", timedelta(seconds=1))
        return [ctx.event.name, ctx.event.data["n"]]

    @app.function()
    async def parent(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke_by_id("invoke", function_id="child", data={"n": 7})

    assert app.serve().run(EVENT).output == ["inngest/function.invoked", 7]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"function_id": "child"}, "child failed"),
        ({"function_id": "missing"}, "could not find function with ID: app-missing"),
        ({"function_id": "child", "timeout": timedelta(seconds=1)}, "Timed out waiting"),
    ],
)
def test_run_invokes_function_that_does_not_succeed(app: App, options: Json, message: str) -> None:
    @app.function(id="child", event="test/child", retries=1)
    async def child(ctx: inngest.Context) -> None:
        await ctx.step.run("child", app.step("child", fail=9))

    @app.function()
    async def parent(ctx: inngest.Context) -> str:
        try:
            await ctx.step.invoke_by_id("invoke", **options)
        except inngest.StepError as error:
            return error.message
        return "no error"

    assert message in app.serve().run(EVENT).output


def test_run_invokes_function_that_is_cancelled_and_gets_the_event_of_that(app: App) -> None:
    @app.function(id="child", event="test/child", cancel=[inngest.Cancel(event="test/cancel")])
    async def child(ctx: inngest.Context) -> None:
        await ctx.step.sleep("long", timedelta(days=1))

    @app.function()
    async def parent(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke_by_id("invoke", function_id="child")

    executor = app.serve()
    executor.send(EVENT)
    executor.send(inngest.Event(name="test/cancel"))

    runs = {run.function_id: run for run in executor.finish()}
    assert (runs["child"].status, runs["fn"].status) == ("Cancelled", "Completed")
    assert runs["fn"].output["data"]["_inngest"]["status"] == "Cancelled"


@pytest.mark.stand_in
def test_invoke_function_that_is_not_there_names_those_that_are(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(AssertionError, match="There is no function other: there are fn"):
        app.serve().invoke("other")
