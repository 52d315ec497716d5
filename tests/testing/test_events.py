"""Which events the server takes, what they start, and which it sends itself."""

from typing import Any

import httpx
import inngest
import pytest

from tests.testing.inngest_app import App

EVENT = inngest.Event(name="test/event")


def test_run_sends_events_that_trigger_functions(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> list[str]:
        return await ctx.step.send_event(
            "send", [inngest.Event(name="test/other", data={"n": n}) for n in (1, 2)]
        )

    @app.function(id="other", event="test/other")
    async def other(ctx: inngest.Context) -> Any:
        return ctx.event.data["n"]

    executor = app.serve()
    executor.send(EVENT)

    sender, *others = executor.finish()
    assert sorted(run.output for run in others) == [1, 2]
    assert sorted(sender.output) == sorted(run.event_ids[0] for run in others)


def test_send_event_triggers_by_expression_and_wildcard(app: App) -> None:
    expression = "event.data.kind == 'b' && event.data.on == 'yes'"

    @app.function(
        id="only-b", trigger=inngest.TriggerEvent(event="test/event", expression=expression)
    )
    async def only_b(ctx: inngest.Context) -> None: ...

    @app.function(id="any", event="test/*")
    async def any_event(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    executor.send(
        *(inngest.Event(name="test/event", data={"kind": kind, "on": "yes"}) for kind in "ab")
    )

    assert sorted(run.function_id for run in executor.finish()) == ["any", "any", "only-b"]


def test_send_event_with_one_id_twice_runs_once(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    executor.send(inngest.Event(name="test/event", id="same"))
    executor.send(inngest.Event(name="test/event", id="same"))

    assert len(executor.finish()) == 1


def test_post_event_without_name_is_refused(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()

    assert httpx.post(f"{executor.origin}/e/key", json={"data": {}}).status_code == 400
    assert (
        httpx.post(f"{executor.origin}/e/key", json={"name": "test/event"}).json()["status"] == 200
    )
    assert len(executor.finish()) == 1


@pytest.mark.parametrize("name", ["inngest/event", "Inngest/function.failed"])
def test_post_event_with_reserved_name_is_refused_but_not_those_before_it(
    app: App, name: str
) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    response = httpx.post(f"{executor.origin}/e/key", json=[{"name": "test/event"}, {"name": name}])

    assert response.status_code == 400
    assert response.json()["error"] == f"event name is reserved for internal use: {name}"
    assert len(executor.finish()) == 1


def test_run_failed_runs_on_failure_with_the_error(app: App) -> None:
    failures: list[Any] = []

    async def on_failure(ctx: inngest.Context) -> None:
        failures.append((ctx.event.name, ctx.event.data))

    @app.function(retries=0, on_failure=on_failure)
    async def handler(ctx: inngest.Context) -> None:
        raise RuntimeError("broken")

    @app.function(id="other", event="test/other", retries=0)
    async def other(ctx: inngest.Context) -> None:
        raise RuntimeError("other")

    executor = app.serve()
    executor.send(inngest.Event(name="test/event", data={"x": 1}), inngest.Event(name="test/other"))

    runs = {run.function_id: run for run in executor.finish()}
    ((name, data),) = failures
    assert name == "inngest/function.failed"
    assert (data["function_id"], data["run_id"]) == ("app-fn", runs["fn"].id)
    assert (data["error"]["message"], data["event"]["data"]) == ("broken", {"x": 1})
    assert data["error"].keys() == {"error", "message", "name", "stack"}
    assert runs["fn-failure"].status == "Completed"
