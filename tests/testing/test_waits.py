"""Sleeps, waits for events, and cancellations."""

import asyncio
from datetime import timedelta
from typing import Any

import inngest
import pytest
from inngest_devtools.testing import Unsupported

from tests.testing.inngest_app import App

EVENT = inngest.Event(name="test/event")


@pytest.mark.stand_in
def test_run_sleeps_in_virtual_time(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> str:
        await ctx.step.sleep("month", timedelta(days=30))
        return "awake"

    executor = app.serve()
    executor.send(EVENT)
    executor.send(inngest.Event(name="unrelated"))

    (run,) = executor.finish()
    assert run.output == "awake"
    assert executor.now == pytest.approx(30 * 86_400, abs=5)


@pytest.fixture
def waiting_app(app: App) -> App:
    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        event = await ctx.step.wait_for_event(
            "wait",
            event="test/answer",
            if_exp="async.data.key == event.data.key",
            timeout=timedelta(days=1),
        )
        return event and event.data

    return app


def test_run_wait_is_matched_by_the_event_that_fits(waiting_app: App) -> None:
    executor = waiting_app.serve()
    executor.send(inngest.Event(name="test/event", data={"key": 1}))
    executor.send(inngest.Event(name="test/answer", data={"key": 2}))
    executor.send(inngest.Event(name="test/answer", data={"key": 1, "answer": "yes"}))

    (run,) = executor.finish()
    assert run.output == {"key": 1, "answer": "yes"}


@pytest.mark.stand_in
def test_run_wait_times_out(waiting_app: App) -> None:
    executor = waiting_app.serve()

    run = executor.run(inngest.Event(name="test/event", data={"key": 1}))

    assert (run.status, run.output) == ("Completed", None)
    assert executor.now == 86_400


@pytest.mark.stand_in
def test_send_event_before_a_run_waits_does_not_match(waiting_app: App) -> None:
    executor = waiting_app.serve()
    executor.send(inngest.Event(name="test/answer", data={"key": 1}))

    assert executor.run(inngest.Event(name="test/event", data={"key": 1})).output is None


@pytest.mark.parametrize("expression", ["async.data.key ==", "evnt.data.key == 'a'"])
def test_run_wait_with_expression_that_does_not_compile_fails_at_once(
    app: App, expression: str
) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.wait_for_event(
            "wait", event="test/answer", if_exp=expression, timeout=timedelta(days=1)
        )

    run = app.serve().run(EVENT)

    assert run.status == "Failed"
    assert "If expression failed to compile" in str(run.output)


def test_send_cancelling_event_ends_the_run_that_it_means(app: App) -> None:
    cancel = inngest.Cancel(event="test/cancel", if_exp="async.data.key == event.data.key")

    @app.function(cancel=[cancel])
    async def handler(ctx: inngest.Context) -> str:
        await ctx.step.sleep("a while", timedelta(seconds=6))
        return "done"

    executor = app.serve()
    executor.send(*(inngest.Event(name="test/event", data={"key": key}) for key in ("a", "b")))
    executor.send(inngest.Event(name="test/cancel", data={"key": "a"}))

    assert sorted(run.status for run in executor.finish()) == ["Cancelled", "Completed"]


@pytest.mark.stand_in
def test_send_cancelling_event_after_its_timeout_does_nothing(app: App) -> None:
    @app.function(cancel=[inngest.Cancel(event="test/cancel", timeout=timedelta(hours=1))])
    async def handler(ctx: inngest.Context) -> str:
        await ctx.step.sleep("day", timedelta(days=1))
        await ctx.step.send_event("cancel", inngest.Event(name="test/cancel"))
        await ctx.step.sleep("night", timedelta(days=1))
        return "done"

    assert app.serve().run(EVENT).output == "done"


def test_send_cancelling_event_while_a_step_runs_ends_the_run(app: App) -> None:
    @app.function(cancel=[inngest.Cancel(event="test/cancel")])
    async def handler(ctx: inngest.Context) -> str:
        async def withdraw() -> None:
            await app.client.send(inngest.Event(name="test/cancel"))
            await asyncio.sleep(1)

        await ctx.step.run("withdraw", withdraw)
        await ctx.step.run("after", app.step("after"))
        return "done"

    assert app.serve().run(EVENT).status == "Cancelled"
    assert app.calls == {}


@pytest.mark.parametrize("expression", ["async.data.id == event.data.id"])
def test_send_cancelling_event_without_the_field_cancels_no_run_without_it(
    app: App, expression: str
) -> None:
    @app.function(cancel=[inngest.Cancel(event="test/cancel", if_exp=expression)])
    async def handler(ctx: inngest.Context) -> str:
        await ctx.step.sleep("a while", timedelta(seconds=4))
        return "done"

    executor = app.serve()
    executor.send(EVENT)
    executor.send(inngest.Event(name="test/cancel"))

    assert [run.output for run in executor.finish()] == ["done"]


def test_run_started_by_the_event_that_cancels_others_goes_on(app: App) -> None:
    @app.function(cancel=[inngest.Cancel(event="test/event")])
    async def handler(ctx: inngest.Context) -> Any:
        await ctx.step.sleep("a while", timedelta(seconds=4))
        return ctx.event.data["n"]

    executor = app.serve()
    for n in (1, 2):
        executor.send(inngest.Event(name="test/event", data={"n": n}))

    assert [run.status for run in executor.finish()] == ["Cancelled", "Completed"]


@pytest.mark.stand_in
def test_wait_with_expression_that_hangs_on_the_server_is_refused(app: App) -> None:
    expression = "async['data'].id == event.data.id"

    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.wait_for_event(
            "wait", event="test/answer", if_exp=expression, timeout=timedelta(days=1)
        )

    executor = app.serve()
    executor.send(EVENT)

    with pytest.raises(Unsupported, match="async"):
        executor.send(inngest.Event(name="test/answer", data={"id": 1}))


@pytest.mark.stand_in
def test_run_sleep_is_as_long_as_whole_seconds(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.sleep("a while", timedelta(seconds=90))

    run = app.serve().run(EVENT)

    assert (run.started, run.ended) == (0, 90)
