"""What a test asks of a server, on both alike."""

from datetime import timedelta
from typing import Any

import httpx
import inngest
import pytest
from inngest_devtools.testing import Unsupported

from tests.testing.inngest_app import App

EVENT = inngest.Event(name="test/event")


@pytest.fixture
def two_functions(app: App) -> App:
    """A function that sends an event, and one that waits after it was started by that."""

    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.send_event("send", inngest.Event(name="test/other", data={"n": 1}))

    @app.function(id="other", event="test/other")
    async def other(ctx: inngest.Context) -> str:
        await ctx.step.run("a", app.step("a"))
        await ctx.step.sleep("a while", timedelta(seconds=5))
        await ctx.step.run("b", app.step("b"))
        return "done"

    return app


def test_settle_goes_as_far_as_it_can_after_the_app_has_sent_an_event(two_functions: App) -> None:
    executor = two_functions.serve()
    httpx.post(f"{executor.origin}/e/key", json={"name": "test/event"}).raise_for_status()

    runs = executor.settle()

    assert [(run.function_id, run.status) for run in runs] == [
        ("fn", "Completed"),
        ("other", "Running"),
    ]
    assert two_functions.calls == {"a": 1}


def test_wait_until_lets_time_pass_until_it_is_true(two_functions: App) -> None:
    executor = two_functions.serve()
    executor.send(EVENT)

    executor.wait_until(lambda: two_functions.calls["b"] == 1)

    assert executor.now == pytest.approx(5, abs=4)
    assert [run.output for run in executor.finish()] == [None, "done"]


def test_wait_until_what_never_comes_is_an_error(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    executor.send(EVENT)

    with pytest.raises(AssertionError, match="did not become true"):
        executor.wait_until(lambda: False, timeout=2)


def test_events_shows_what_was_sent_by_name(two_functions: App) -> None:
    executor = two_functions.serve()
    executor.send(EVENT)
    executor.finish()

    (other,) = executor.events("test/other")
    assert other.data == {"n": 1}
    assert [event.name for event in executor.events()][:2] == ["test/event", "test/other"]
    finished = executor.events("inngest/function.finished")
    assert {event.data["function_id"] for event in finished} == {"app-fn", "app-other"}


def test_runs_of_shows_the_runs_of_a_function_as_they_are(two_functions: App) -> None:
    executor = two_functions.serve()
    executor.send(EVENT)

    (run,) = executor.runs_of("other")
    assert (run.status, run.ended) == ("Running", None)

    executor.finish()
    (run,) = executor.runs_of("other")
    assert run.status == "Completed"
    assert run.started is not None
    assert run.ended is not None
    assert run.ended - run.started == pytest.approx(5, abs=2)


def test_reset_shows_nothing_of_an_earlier_test(two_functions: App) -> None:
    executor = two_functions.serve()
    executor.send(EVENT)
    executor.finish()

    executor.reset()

    assert (executor.list_runs(), executor.events()) == ([], [])
    assert executor.now < 1


@pytest.mark.stand_in
def test_finish_names_the_run_that_waits_for_what_never_comes(app: App) -> None:
    """A child that a singleton skips never ends, and its parent named no timeout."""

    @app.function(id="child", event="test/child", singleton=inngest.Singleton(mode="skip"))
    async def child(ctx: inngest.Context) -> None:
        await ctx.step.sleep("a while", timedelta(seconds=5))

    @app.function()
    async def parent(ctx: inngest.Context) -> None:
        await ctx.step.invoke_by_id("invoke", function_id="child")

    executor = app.serve()
    executor.send(EVENT, inngest.Event(name="test/event"))

    with pytest.raises(AssertionError, match=r"wait for what never comes: \['fn'\]"):
        executor.finish()


def test_more_runs_than_the_server_lists_at_once(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        return ctx.event.data["n"]

    executor = app.serve()
    executor.send(*(inngest.Event(name="test/event", data={"n": n}) for n in range(250)))

    assert sorted(run.output for run in executor.finish()) == list(range(250))


def test_most_at_once_is_for_virtual_time_alone(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    executor.send(EVENT)

    try:
        assert executor.most_at_once() == 1
    except Unsupported as error:
        assert "most_at_once" in str(error)  # noqa: PT017
