"""Which runs there are, and when they go on."""

import asyncio
from datetime import timedelta
from typing import Any

import inngest
import pytest
from inngest_devtools.testing import StandIn

from tests.testing.inngest_app import App

EVENT = inngest.Event(name="test/event")


def test_send_events_with_one_idempotency_key_runs_once(app: App) -> None:
    @app.function(idempotency="event.data.key")
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    executor.send(*(inngest.Event(name="test/event", data={"key": key}) for key in ("a", "a", "b")))

    assert len(executor.finish()) == 2


@pytest.mark.stand_in
def test_send_events_in_batches_by_size_key_and_timeout(app: App) -> None:
    batch = inngest.Batch(max_size=2, timeout=timedelta(seconds=30), key="event.data.key")

    @app.function(batch_events=batch)
    async def handler(ctx: inngest.Context) -> list[Any]:
        return [event.data["n"] for event in ctx.events]

    executor = app.serve()
    executor.send(
        *(
            inngest.Event(name="test/event", data={"key": key, "n": n})
            for n, key in enumerate("aaba")
        )
    )

    assert sorted(run.output for run in executor.finish()) == [[0, 1], [2], [3]]
    assert executor.now == 30


@pytest.mark.stand_in
def test_batch_that_fills_up_later_starts_at_its_timeout_all_the_same(app: App) -> None:
    """As on the server 1.43, where only what comes together can be a full batch at once."""

    @app.function(batch_events=inngest.Batch(max_size=2, timeout=timedelta(seconds=30)))
    async def handler(ctx: inngest.Context) -> Any:
        return [event.data["n"] for event in ctx.events]

    def make_event(n: int) -> inngest.Event:
        return inngest.Event(name="test/event", data={"n": n})

    executor = app.serve()
    executor.send(make_event(0), make_event(1), make_event(2))
    executor.pass_time(5)
    executor.send(make_event(3))
    executor.pass_time(10)
    executor.send(make_event(4))

    starts = {tuple(run.output): run.started for run in executor.finish()}
    assert starts == {(0, 1): 0, (2, 3): 30, (4,): 45}


def test_send_event_that_does_not_fit_a_batch_runs_alone_and_at_once(app: App) -> None:
    batch = inngest.Batch(max_size=10, timeout=timedelta(seconds=2), if_exp="event.data.key == 'y'")
    batches = []

    @app.function(batch_events=batch)
    async def handler(ctx: inngest.Context) -> None:
        batches.append("".join(str(event.data["key"]) for event in ctx.events))

    executor = app.serve()
    executor.send(*(inngest.Event(name="test/event", data={"key": key}) for key in "yyn"))
    assert batches == ["n"]

    executor.finish()
    assert batches == ["n", "yy"]


@pytest.mark.stand_in
def test_run_functions_that_start_each_other_without_end_is_stopped(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inngest_devtools.testing.call_queue.MAX_CALLS", 50)

    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.send_event("again", EVENT)

    with pytest.raises(AssertionError, match="without end"):
        app.serve().run(EVENT)


@pytest.mark.stand_in
def test_reset_forgets_runs_and_time_but_not_the_app(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.sleep("day", timedelta(days=1))

    executor = app.serve()
    executor.run(EVENT)
    executor.reset()

    assert (executor.now, executor.finish()) == (0, [])
    assert executor.run(EVENT).status == "Completed"


def send_in_turn(executor: StandIn, *events: inngest.Event, seconds: float = 0) -> None:
    """Send events one after the other, with virtual seconds between them."""
    for event in events:
        executor.send(event)
        start = executor.now
        executor.pass_time(seconds)
        assert executor.now == start + seconds


def numbered(count: int, **data: Any) -> list[inngest.Event]:
    return [inngest.Event(name="test/event", data={"n": n, **data}) for n in range(count)]


# --- Debounce


@pytest.mark.stand_in
def test_debounce_keeps_the_last_event_of_a_key_until_none_has_come_for_a_while(app: App) -> None:
    @app.function(debounce=inngest.Debounce(period=timedelta(seconds=10), key="event.data.key"))
    async def handler(ctx: inngest.Context) -> Any:
        return [ctx.event.data["key"], ctx.event.data["n"]]

    executor = app.serve()
    send_in_turn(executor, *numbered(3, key="a"), seconds=8)
    executor.send(*numbered(1, key="b"))

    runs = executor.finish()
    assert [run.output for run in runs] == [["a", 2], ["b", 0]]
    assert [run.started for run in runs] == [26, 34]


@pytest.mark.stand_in
def test_debounce_ends_at_its_timeout_at_the_latest(app: App) -> None:
    debounce = inngest.Debounce(period=timedelta(seconds=10), timeout=timedelta(seconds=15))

    @app.function(debounce=debounce)
    async def handler(ctx: inngest.Context) -> Any:
        return ctx.event.data["n"]

    executor = app.serve()
    send_in_turn(executor, *numbered(3), seconds=6)

    runs = executor.finish()
    assert [(run.output, run.started) for run in runs] == [(2, 15)]


@pytest.mark.stand_in
def test_debounce_takes_no_notice_of_an_older_event_that_comes_late(app: App) -> None:
    @app.function(debounce=inngest.Debounce(period=timedelta(seconds=10)))
    async def handler(ctx: inngest.Context) -> Any:
        return ctx.event.data["n"]

    executor = app.serve()
    send_in_turn(
        executor,
        inngest.Event(name="test/event", data={"n": "new"}, ts=1_700_000_000_001),
        inngest.Event(name="test/event", data={"n": "old"}, ts=1_700_000_000_000),
        seconds=5,
    )

    assert [(run.output, run.started) for run in executor.finish()] == [("new", 10)]


def test_debounce_runs_once_for_events_close_together(app: App) -> None:
    @app.function(debounce=inngest.Debounce(period=timedelta(seconds=4)))
    async def handler(ctx: inngest.Context) -> Any:
        return ctx.event.data["n"]

    executor = app.serve()
    for event in numbered(2):
        executor.send(event)
    executor.wait_until(lambda: bool(executor.list_runs()))

    assert [run.output for run in executor.finish()] == [1]


# --- Rate limit


@pytest.mark.parametrize(("limit", "runs"), [(1, 1), (9, 1), (10, 2), (20, 3)])
def test_rate_limit_lets_a_tenth_of_the_limit_start_at_once(
    app: App, limit: int, runs: int
) -> None:
    @app.function(rate_limit=inngest.RateLimit(limit=limit, period=timedelta(hours=1)))
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    executor.send(*numbered(12))

    assert len(executor.finish()) == runs


@pytest.mark.stand_in
def test_rate_limit_has_room_again_when_its_share_of_the_period_is_over(app: App) -> None:
    rate_limit = inngest.RateLimit(limit=2, period=timedelta(seconds=60), key="event.data.key")

    @app.function(rate_limit=rate_limit)
    async def handler(ctx: inngest.Context) -> Any:
        return ctx.event.data["key"]

    executor = app.serve()
    executor.send(*numbered(2, key="a"), *numbered(2, key="b"))
    executor.pass_time(29)
    executor.send(*numbered(2, key="a"))
    executor.pass_time(1)
    executor.send(*numbered(2, key="a"))

    runs = executor.finish()
    assert [(run.output, run.started) for run in runs] == [("a", 0), ("b", 0), ("a", 30)]


def test_invoke_function_above_its_rate_limit_fails(app: App) -> None:
    rate_limit = inngest.RateLimit(limit=1, period=timedelta(hours=1))

    @app.function(id="child", event="test/child", rate_limit=rate_limit)
    async def child(ctx: inngest.Context) -> str:
        return "done"

    @app.function()
    async def parent(ctx: inngest.Context) -> list[Any]:
        outcomes: list[Any] = []
        for id in ("first", "second"):
            try:
                outcomes.append(await ctx.step.invoke_by_id(id, function_id="child"))
            except inngest.StepError as error:
                outcomes.append(error.message)
        return outcomes

    assert app.serve().run(EVENT).output == ["done", "invoked function is rate limited"]


# --- Throttle


@pytest.mark.stand_in
def test_throttle_delays_starts_above_the_limit_and_spaces_them(app: App) -> None:
    @app.function(throttle=inngest.Throttle(limit=2, period=timedelta(seconds=10)))
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    executor.send(*numbered(6))

    assert [run.started for run in executor.finish()] == [0, 0, 0, 5, 10, 15]


@pytest.mark.stand_in
def test_throttle_counts_no_retries_and_no_other_key(app: App) -> None:
    throttle = inngest.Throttle(limit=1, period=timedelta(hours=1), burst=0, key="event.data.key")

    @app.function(throttle=throttle, retries=1)
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.run("a", app.step("a", fail=1))

    executor = app.serve()
    executor.send(*numbered(2, key="a"), *numbered(1, key="b"))

    runs = executor.finish()
    assert [run.started for run in runs] == [0, 3600, 0]
    assert runs[0].ended == 15


# --- Concurrency


def slow_step(app: App) -> Any:
    """A step's function that tells how many of its kind were under way with it."""
    under_way = [0]

    async def run() -> int:
        app.calls["slow"] += 1
        under_way[0] += 1
        await asyncio.sleep(0.1)
        seen = under_way[0]
        under_way[0] -= 1
        return seen

    return run


@pytest.mark.parametrize("limit", [1, 2])
def test_concurrency_limits_the_steps_at_once(app: App, limit: int) -> None:
    step = slow_step(app)

    @app.function(concurrency=[inngest.Concurrency(limit=limit)])
    async def handler(ctx: inngest.Context) -> int:
        return await ctx.step.run("slow", step)

    executor = app.serve()
    executor.send(*numbered(4))

    assert max(run.output for run in executor.finish()) <= limit
    assert app.calls == {"slow": 4}


def test_concurrency_of_a_key_leaves_other_keys_alone(app: App) -> None:
    steps = {"a": slow_step(app), "b": slow_step(app)}
    both: asyncio.Barrier = asyncio.Barrier(2)

    @app.function(concurrency=[inngest.Concurrency(limit=1, key="event.data.key")])
    async def handler(ctx: inngest.Context) -> int:
        if ctx.event.data["n"] == 0:
            await asyncio.wait_for(both.wait(), timeout=60)
        return await ctx.step.run("slow", steps[str(ctx.event.data["key"])])

    executor = app.serve()
    executor.send(*numbered(1, key="a"), *numbered(1, key="b"))
    executor.send(inngest.Event(name="test/event", data={"n": 1, "key": "a"}))

    # The handlers of the first two meet once at each replay: neither waits for the other's end.
    assert [run.output for run in executor.finish()] == [1, 1, 1]


@pytest.mark.parametrize("scope", ["account", "env"])
def test_concurrency_beyond_the_function_is_shared_with_others(app: App, scope: Any) -> None:
    step = slow_step(app)
    limit = inngest.Concurrency(limit=1, scope=scope, key="'other-service'")

    @app.function(id="one", concurrency=[limit])
    async def one(ctx: inngest.Context) -> int:
        return await ctx.step.run("slow", step)

    @app.function(id="two", concurrency=[limit])
    async def two(ctx: inngest.Context) -> int:
        return await ctx.step.run("slow", step)

    executor = app.serve()
    executor.send(*numbered(2))

    assert {run.output for run in executor.finish()} == {1}


@pytest.mark.stand_in
def test_most_at_once_counts_the_calls_of_runs(app: App) -> None:
    async def take_a_while(key: Any) -> Any:
        await asyncio.sleep(0.3)  # so that those which may run at once do
        return key

    @app.function(concurrency=[inngest.Concurrency(limit=2, key="event.data.key")])
    async def handler(ctx: inngest.Context) -> Any:
        return await ctx.step.run("a", take_a_while, ctx.event.data["key"])

    executor = app.serve()
    executor.send(*numbered(5, key="a"), *numbered(5, key="b"))

    runs = executor.finish()
    assert executor.most_at_once() == 4
    assert executor.most_at_once(*[run for run in runs if run.output == "a"]) == 2


@pytest.mark.stand_in
def test_concurrency_gives_a_sleeping_runs_room_to_others(app: App) -> None:
    @app.function(concurrency=[inngest.Concurrency(limit=1)])
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.sleep("day", timedelta(days=1))

    executor = app.serve()
    executor.send(*numbered(3))

    assert [run.ended for run in executor.finish()] == [86_400] * 3


@pytest.mark.stand_in
def test_priority_lets_a_run_go_ahead_of_those_that_wait(app: App) -> None:
    order: list[Any] = []

    @app.function(
        concurrency=[inngest.Concurrency(limit=1)],
        priority=inngest.Priority(run="event.data.urgent ? 60 : 0"),
    )
    async def handler(ctx: inngest.Context) -> None:
        order.append(ctx.event.data["urgent"])

    app.serve().send(*numbered(2, urgent=False), *numbered(1, urgent=True))

    # All three became due at one moment.
    assert order == [True, False, False]


# --- Singleton


def test_singleton_skips_while_a_run_of_the_key_is_under_way(app: App) -> None:
    @app.function(singleton=inngest.Singleton(mode="skip", key="event.data.key"))
    async def handler(ctx: inngest.Context) -> Any:
        await ctx.step.sleep("a while", timedelta(seconds=4))
        return [ctx.event.data["key"], ctx.event.data["n"]]

    executor = app.serve()
    for event in (*numbered(2, key="a"), *numbered(1, key="b")):
        executor.send(event)
    assert [run.output for run in executor.finish()] == [["a", 0], ["b", 0]]

    executor.send(*numbered(1, key="a"))
    assert len(executor.finish()) == 3


def test_singleton_cancels_the_run_that_is_under_way(app: App) -> None:
    @app.function(singleton=inngest.Singleton(mode="cancel"))
    async def handler(ctx: inngest.Context) -> Any:
        await ctx.step.sleep("a while", timedelta(seconds=4))
        return ctx.event.data["n"]

    executor = app.serve()
    for event in numbered(2):
        executor.send(event)

    runs = executor.finish()
    assert [run.status for run in runs] == ["Cancelled", "Completed"]
    assert runs[1].output == 1


# --- Timeouts


def test_timeout_of_the_finish_cancels_also_a_run_that_sleeps(app: App) -> None:
    @app.function(timeouts=inngest.Timeouts(finish=timedelta(seconds=3)))
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.sleep("long", timedelta(seconds=20))

    run = app.serve().run(EVENT)

    assert run.status == "Cancelled"
    assert run.ended is not None
    assert run.ended < 10


@pytest.mark.stand_in
def test_timeout_of_the_start_cancels_a_run_that_waits_for_room(app: App) -> None:
    @app.function(
        throttle=inngest.Throttle(limit=1, period=timedelta(hours=1), burst=0),
        timeouts=inngest.Timeouts(start=timedelta(minutes=5)),
    )
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    executor.send(*numbered(2))

    runs = executor.finish()
    assert [run.status for run in runs] == ["Completed", "Cancelled"]
    assert [run.ended for run in runs] == [0, 300]
