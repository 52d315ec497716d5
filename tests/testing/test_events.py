"""Which events the server takes, what they start, and which it sends itself."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import httpx
import inngest
import pytest
from inngest_devtools.testing import Unsupported

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


def test_send_events_of_which_one_is_refused_answers_the_ids_of_the_others(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    events = [{"name": "test/event"}, {"name": "inngest/event"}]
    accepted = httpx.post(f"{executor.origin}/e/key", json=events).json()["ids"]
    none = httpx.post(f"{executor.origin}/e/key", json=events[1:]).json()["ids"]

    (run,) = executor.finish()
    assert run.event_ids == accepted
    assert none == [""]


@pytest.mark.parametrize(
    ("ts", "problem"),
    [(1, "timestamp is before Jan 1, 1980"), (5_000_000_000_000, "timestamp is after Jan 1, 2100")],
)
def test_post_event_with_a_time_that_cannot_be_is_refused(app: App, ts: int, problem: str) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    reply = httpx.post(f"{executor.origin}/e/key", json={"name": "test/event", "ts": ts})

    assert reply.json()["error"] == problem


def test_send_event_of_the_future_starts_its_run_then(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> int:
        return ctx.event.ts

    executor = app.serve()
    ts = round(time.time() * 1000) + 8000
    sending = time.monotonic()
    executor.send(inngest.Event(name="test/event", ts=ts))
    sent_within = time.monotonic() - sending

    (run,) = executor.list_runs()
    assert run.status == "Running"
    (run,) = executor.finish()
    assert run.output == ts
    assert run.started is not None
    assert 8 - sent_within - 1 < run.started < 8 + 2


def test_send_event_with_id_of_its_own_answers_the_servers_id(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> str:
        return ctx.event.id

    executor = app.serve()
    (id,) = executor.send(inngest.Event(name="test/event", id="own"))

    (run,) = executor.finish()
    assert (run.event_ids, run.output) == ([id], "own")
    assert id != "own"


def test_send_event_with_one_id_twice_is_waited_for_twice(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        event = await ctx.step.wait_for_event(
            "wait", event="test/answer", timeout=timedelta(seconds=8)
        )
        return event and event.id

    answer = inngest.Event(name="test/answer", id="same")
    executor = app.serve()
    executor.send(answer)
    executor.send(EVENT)
    executor.send(answer)

    assert [run.output for run in executor.finish()] == ["same"]


def test_send_event_with_user_and_version_reaches_expressions(app: App) -> None:
    expression = "event.user.tier == 'pro' && event.v == '2'"

    @app.function(trigger=inngest.TriggerEvent(event="test/event", expression=expression))
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    executor.send({"name": "test/event", "user": {"tier": "pro"}, "v": "2"}, EVENT)

    assert len(executor.finish()) == 1


@pytest.mark.stand_in
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/realtime/publish"), ("POST", "/v1/cancellations"), ("DELETE", "/fn/remove")],
)
def test_ask_for_a_route_that_is_not_imitated_is_refused(app: App, method: str, path: str) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        async with httpx.AsyncClient(base_url=executor.origin) as client:
            await client.request(method, path)

    executor = app.serve()

    with pytest.raises(Unsupported, match=f"{method} {path}"):
        executor.run(EVENT)


@pytest.mark.stand_in
def test_start_of_a_run_leaves_the_step_that_sent_its_event_time_to_end(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the server's queue does: a step may write what its event's run reads."""
    monkeypatch.setattr("inngest_devtools.testing.executor.TICK", 60)  # not that of a busy machine
    order: list[str] = []

    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        async def send() -> None:
            await app.client.send(inngest.Event(name="test/other"))
            await asyncio.sleep(0.01)
            order.append("written")

        await ctx.step.run("send", send)

    @app.function(id="other", event="test/other")
    async def other(ctx: inngest.Context) -> None:
        order.append("read")

    app.serve().send(EVENT)

    assert order == ["written", "read"]


@pytest.mark.stand_in
def test_send_event_with_a_field_that_is_not_imitated_is_refused(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(Unsupported, match="`meta`"):
        app.serve().send({"name": "test/event", "meta": {"sessions": {"chat": "1"}}})
