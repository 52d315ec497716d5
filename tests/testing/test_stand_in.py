"""The stand-in for the Inngest server follows the protocol: all that a generated project's tests
say rests on this.

`INNGEST_BIN=... uv run pytest tests/test_executor.py --dev-server` asks the real server whether it
agrees.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import available_timezones

import httpx
import inngest
import jcs  # type: ignore[import-untyped]
import pytest
from inngest_devtools.testing import Json, Run, SyncError, Unsupported, sign

from tests.testing.inngest_app import SIGNING_KEY, App

EVENT = inngest.Event(name="test/event")


# --- Sync


def test_sync_without_functions_is_refused_though_it_answers_200(app: App) -> None:
    with pytest.raises(SyncError, match="no functions found"):
        app.serve()


def test_sync_with_options_beyond_the_servers_limits_is_refused(app: App) -> None:
    @app.function(
        concurrency=[inngest.Concurrency(limit=1, key=f"event.data.{key}") for key in "abc"]
    )
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(SyncError, match="concurrency"):
        app.serve()


def test_sync_batch_with_priority_is_refused(app: App) -> None:
    batch = inngest.Batch(max_size=2, timeout=timedelta(seconds=1))

    @app.function(batch_events=batch, priority=inngest.Priority(run="0"))
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(SyncError, match=r"(?i)batch|priority"):
        app.serve()


def test_sync_batch_without_timeout_is_refused(app: App) -> None:
    @app.function(batch_events=inngest.Batch(max_size=2))
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(SyncError, match=r"timeout|duration"):
        app.serve()


needs_time_zones = pytest.mark.skipif(
    not available_timezones(), reason="this system has no list of time zones"
)


@pytest.mark.parametrize(
    "cron",
    [
        "not a cron",
        "0 * * * * *",
        "60 * * * *",
        "0 0 * * 7",
        "5-1 * * * *",
        "@daily",
        pytest.param("TZ=Nowhere 0 9 * * *", marks=needs_time_zones),
    ],
)
def test_sync_cron_that_the_server_cannot_read_is_refused(app: App, cron: str) -> None:
    @app.function(trigger=inngest.TriggerCron(cron=cron))
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(SyncError, match="isn't a valid cron schedule"):
        app.serve()


@pytest.mark.parametrize(
    "cron",
    [
        "*/5 00-09/2 1,15 ? MON-fri",
        "0/15 * * jan *",
        "TZ=Europe/Paris 0 9 * * 1-5",
        "CRON_TZ=UTC 0 0 31 2 0",
    ],
)
def test_sync_cron_that_the_server_reads_is_accepted(app: App, cron: str) -> None:
    @app.function(trigger=inngest.TriggerCron(cron=cron))
    async def handler(ctx: inngest.Context) -> None: ...

    app.serve()


@pytest.mark.parametrize("scope", ["account", "env"])
def test_sync_concurrency_beyond_the_function_without_key_is_refused(app: App, scope: Any) -> None:
    @app.function(concurrency=[inngest.Concurrency(limit=1, scope=scope)])
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(SyncError, match="concurrency key must be specified"):
        app.serve()


def test_sync_debounce_of_more_than_a_week_is_refused(app: App) -> None:
    @app.function(debounce=inngest.Debounce(period=timedelta(days=8)))
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(SyncError, match=r"debounce period .* greater than the max"):
        app.serve()


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "event.data.a ==",
        "event.data.a && && event.data.b",
        "(event.data.a == 'b'",
        "event.data.a)(",
        "event.data.a == 'b",
        "event.data.a = 'b'",
        "event.data.a and event.data.b",
        "event.data.a ? 1",
        "event.data[0",
        "event..data",
        "{{ event.data.a }}",
        "evnt.data.a == 'b'",
    ],
)
def test_sync_expression_that_does_not_compile_is_refused(app: App, expression: str) -> None:
    @app.function(trigger=inngest.TriggerEvent(event="test/event", expression=expression))
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(SyncError, match=r"error compiling expression|undeclared reference"):
        app.serve()


@pytest.mark.parametrize(
    "options",
    [
        {"cancel": [inngest.Cancel(event="test/cancel", if_exp="event.data.a ==")]},
        {"concurrency": [inngest.Concurrency(limit=1, key="event.data.a ==")]},
        {"idempotency": "event.data.a =="},
        {"priority": inngest.Priority(run="event.data.a ==")},
        {
            "batch_events": inngest.Batch(
                max_size=2, timeout=timedelta(seconds=1), key="event.data.a =="
            )
        },
        {
            "batch_events": inngest.Batch(
                max_size=2, timeout=timedelta(seconds=1), if_exp="event.data.a =="
            )
        },
        {"debounce": inngest.Debounce(period=timedelta(seconds=1), key="event.data.a ==")},
        {
            "rate_limit": inngest.RateLimit(
                limit=1, period=timedelta(seconds=1), key="event.data.a =="
            )
        },
    ],
    ids=lambda options: next(iter(options)),
)
def test_sync_option_with_expression_that_does_not_compile_is_refused(
    app: App, options: Json
) -> None:
    @app.function(**options)
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(SyncError, match="error compiling expression"):
        app.serve()


@pytest.mark.parametrize(
    "expression", ["has(event.data.a)", "event.data.a + 1 == 2", "event.data.a.startsWith('b')"]
)
def test_sync_cancel_with_more_than_comparisons_is_refused(app: App, expression: str) -> None:
    @app.function(cancel=[inngest.Cancel(event="test/cancel", if_exp=expression)])
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(SyncError, match=r"function calls are disallowed|macros are disallowed"):
        app.serve()


@pytest.mark.parametrize(
    "expression",
    [
        "event.data.urgent ? 120 : 0",
        "!(event.data.a in ['b', \"c\"]) || event.data.list[0] >= -1.5",
        "event.data.if == 'it\\'s' && event.data['b'] != null",
        "event.data.list.exists(item, item == 'b') && size(event.data.list) % 2 == 0",
        "has(event.data.a)\n&& true",
    ],
)
def test_sync_expression_that_compiles_is_accepted(app: App, expression: str) -> None:
    @app.function(
        trigger=inngest.TriggerEvent(event="test/event", expression=expression),
        concurrency=[inngest.Concurrency(limit=1, key=expression)],
        priority=inngest.Priority(run=expression),
    )
    async def handler(ctx: inngest.Context) -> None: ...

    app.serve()


# --- Steps


def test_run_remembers_each_step_and_calls_again(app: App) -> None:
    entered = []

    @app.function()
    async def handler(ctx: inngest.Context) -> list[Any]:
        entered.append(ctx.run_id)
        return [
            await ctx.step.run("a", app.step("a", 1)),
            await ctx.step.run("b", app.step("b", 2)),
        ]

    run = app.serve().run(EVENT)

    assert run.output == [1, 2]
    assert app.calls == {"a": 1, "b": 1}
    assert len(entered) == 3


def test_run_with_one_step_id_twice_keeps_both(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> list[Any]:
        return [await ctx.step.run("same", app.step(name, name)) for name in ("first", "second")]

    assert app.serve().run(EVENT).output == ["first", "second"]


def test_run_hands_back_what_json_makes_of_an_output(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        return await ctx.step.run("a", app.step("a", {"pair": (1, 2), 3: "three"}))

    assert app.serve().run(EVENT).output == {"pair": [1, 2], "3": "three"}


def test_run_with_output_that_is_no_json_fails(app: App) -> None:
    @app.function(retries=0)
    async def handler(ctx: inngest.Context) -> Any:
        return await ctx.step.run("a", app.step("a", object()))

    run = app.serve().run(EVENT)

    assert run.status == "Failed"
    assert run.output["message"] == '"a" returned unserializable data'


@pytest.mark.parametrize(
    "output", ["x" * 5_000_000, "<" * 800_000, "é" * 800_000], ids=["plain", "html", "unicode"]
)
def test_run_step_with_output_beyond_4_mib_is_retried_and_fails(app: App, output: str) -> None:
    @app.function(retries=1)
    async def handler(ctx: inngest.Context) -> None:
        with suppress(inngest.StepError):  # which it is not: the function never hears of it
            await ctx.step.run("a", app.step("a", output))

    run = app.serve().run(EVENT)

    assert run.status == "Failed"
    assert "step output size is greater than the limit" in str(run.output)
    assert app.calls == {"a": 2}


def test_run_step_with_output_just_below_4_mib_succeeds(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> int:
        return len(await ctx.step.run("a", app.step("a", "x" * (4 * 1024 * 1024 - 12))))

    assert app.serve().run(EVENT).status == "Completed"


def run_parallel_steps(app: App, count: int) -> Run:
    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.group.parallel(
            tuple(partial(ctx.step.run, f"a{n}", app.step("a")) for n in range(count))
        )

    return app.serve().run(EVENT)


def test_run_with_more_than_a_thousand_steps_at_once_fails(app: App) -> None:
    run = run_parallel_steps(app, 1001)

    assert run.status == "Failed"
    assert "exceeded the step limit of 1000 steps" in str(run.output)


@pytest.mark.stand_in  # with the server's own limit it takes the server 40 s
@pytest.mark.parametrize(("count", "status"), [(9, "Completed"), (10, "Failed")])
def test_run_with_as_many_steps_as_the_limit_fails(
    app: App, monkeypatch: pytest.MonkeyPatch, count: int, status: str
) -> None:
    monkeypatch.setattr("inngest_devtools.testing.stand_in.MAX_STEPS", 10)

    assert run_parallel_steps(app, count).status == status


# --- Retries


@pytest.mark.parametrize(
    ("options", "attempts"),
    [({}, 5), ({"retries": 0}, 1), ({"retries": 2}, 3), ({"retries": 25}, 21)],
)
def test_run_retries_step_up_to_the_functions_own_number_and_20(
    app: App, options: Json, attempts: int
) -> None:
    seen: list[int] = []

    async def step(attempt: int) -> None:
        seen.append(attempt)
        raise RuntimeError("down")

    @app.function(**options)
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.run("a", step, ctx.attempt)

    run = app.serve().run(EVENT)

    assert run.status == "Failed"
    assert run.output["message"] == "down"
    assert seen == list(range(attempts))


def test_run_counts_attempts_anew_for_each_step(app: App) -> None:
    @app.function(retries=1)
    async def handler(ctx: inngest.Context) -> list[int]:
        await ctx.step.run("a", app.step("a", fail=1))
        await ctx.step.run("b", app.step("b", fail=1))
        return [ctx.attempt]

    run = app.serve().run(EVENT)

    assert (run.status, run.output) == ("Completed", [0])
    assert app.calls == {"a": 2, "b": 2}


def test_run_catches_step_error_after_the_last_attempt(app: App) -> None:
    @app.function(retries=1)
    async def handler(ctx: inngest.Context) -> Any:
        try:
            await ctx.step.run("a", app.step("a", fail=9))
        except inngest.StepError as error:
            return [
                error.name,
                error.message,
                await ctx.step.run("b", app.step("b", "compensated")),
            ]

    assert app.serve().run(EVENT).output == ["RuntimeError", "a failed", "compensated"]
    assert app.calls == {"a": 2, "b": 1}


def test_run_honours_no_retry(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.run("a", app.step("a", fail=9, error=inngest.NonRetriableError("never")))

    run = app.serve().run(EVENT)

    assert (run.status, run.output["message"]) == ("Failed", "never")
    assert app.calls == {"a": 1}


@pytest.mark.stand_in
def test_run_honours_retry_after_in_virtual_time(app: App) -> None:
    error = inngest.RetryAfterError("busy", timedelta(hours=3))

    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.run("a", app.step("a", fail=1, error=error))

    executor = app.serve()
    executor.send(EVENT)
    assert app.calls == {"a": 1}

    (run,) = executor.finish()
    assert run.status == "Completed"
    assert executor.now == pytest.approx(3 * 3600, abs=5)


@pytest.mark.stand_in
def test_run_waits_longer_before_each_retry(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.run("a", app.step("a", fail=3))

    executor = app.serve()
    executor.run(EVENT)

    assert executor.now == 15 + 30 + 60


def test_run_retries_while_the_app_is_down(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> str:
        return "up"

    executor = app.serve()
    app.stop()
    executor.send(EVENT)
    app.start()

    (run,) = executor.finish()
    assert (run.status, run.output) == ("Completed", "up")


# --- Side by side


def test_run_parallel_plans_steps_and_runs_each_once(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        names = ("a", "b", "c")
        both = await ctx.group.parallel(
            tuple(partial(ctx.step.run, name, app.step(name, name)) for name in names)
        )
        return [*both, await ctx.step.run("after", app.step("after", "after"))]

    assert app.serve().run(EVENT).output == ["a", "b", "c", "after"]
    assert app.calls == {"a": 1, "b": 1, "c": 1, "after": 1}


def test_run_parallel_retries_only_the_branch_that_failed(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        steps = {"a": app.step("a", 1), "b": app.step("b", 2, fail=2)}
        return list(
            await ctx.group.parallel(
                tuple(partial(ctx.step.run, id, step) for id, step in steps.items())
            )
        )

    assert app.serve().run(EVENT).output == [1, 2]
    assert app.calls == {"a": 1, "b": 3}


def test_run_parallel_steps_at_the_same_time(app: App) -> None:
    barrier = asyncio.Barrier(2)

    async def step() -> str:
        await asyncio.wait_for(barrier.wait(), timeout=5)
        return "met"

    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        return list(
            await ctx.group.parallel(tuple(partial(ctx.step.run, id, step) for id in ("a", "b")))
        )

    assert app.serve().run(EVENT).output == ["met", "met"]


def test_run_asyncio_gather_runs_a_step_twice(app: App) -> None:
    """What the server punishes, the stand-in does too."""

    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        return await asyncio.gather(
            ctx.step.run("a", app.step("a")), ctx.step.run("b", app.step("b"))
        )

    app.serve().run(EVENT)

    assert sum(app.calls.values()) > 2


@pytest.mark.stand_in
def test_run_race_is_refused(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        steps = tuple(partial(ctx.step.run, name, app.step(name)) for name in "ab")
        return await ctx.group.parallel(steps, parallel_mode=inngest.ParallelMode.RACE)

    with pytest.raises(Unsupported, match=r"ParallelMode\.RACE"):
        app.serve().run(EVENT)


# --- Sleeps, waits, cancellation


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


@pytest.mark.stand_in
@pytest.mark.parametrize(
    "expression", ["event.data.a > 1", "has(event.data.a)", "event.data.a || event.data.b"]
)
def test_evaluate_expression_that_is_not_imitated_is_refused(app: App, expression: str) -> None:
    @app.function(trigger=inngest.TriggerEvent(event="test/event", expression=expression))
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(Unsupported, match="the expression"):
        app.serve().send(EVENT)


# --- Events


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


# --- Invocation


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


# --- Which runs there are


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
@pytest.mark.parametrize(
    "options",
    [
        {"debounce": inngest.Debounce(period=timedelta(seconds=1))},
        {"rate_limit": inngest.RateLimit(limit=1, period=timedelta(hours=1))},
        {"singleton": inngest.Singleton(mode="skip")},
        {"timeouts": inngest.Timeouts(finish=timedelta(hours=1))},
    ],
    ids=lambda options: next(iter(options)),
)
def test_send_event_to_function_with_option_that_is_not_imitated_is_refused(
    app: App, options: Json
) -> None:
    @app.function(**options)
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(Unsupported, match="fn uses"):
        app.serve().send(EVENT)


@pytest.mark.stand_in
def test_run_functions_that_start_each_other_without_end_is_stopped(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inngest_devtools.testing.stand_in.MAX_CALLS", 50)

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


# --- Production mode


@pytest.fixture
def production_run(production_app: App) -> Run:
    @production_app.function()
    async def handler(ctx: inngest.Context) -> Any:
        return await ctx.step.run("a", production_app.step("a", "signed"))

    return production_app.serve().run(EVENT)


def test_run_in_production_signs_requests_and_checks_responses(production_run: Run) -> None:
    assert (production_run.status, production_run.output) == ("Completed", "signed")


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "t=1&s=00",
        sign(b"{}", "cd" * 32),
        sign(jcs.canonicalize({"other": "body"}), SIGNING_KEY),
    ],
    ids=["none", "empty", "malformed", "other key", "other body"],
)
def test_call_production_app_without_valid_signature_is_refused(
    production_app: App, production_run: Run, signature: str | None
) -> None:
    headers = {} if signature is None else {"x-inngest-signature": signature}

    response = httpx.post(
        f"{production_app.url}/api/inngest?fnId=app-fn&stepId=step", content=b"{}", headers=headers
    )

    assert response.status_code == 401
    assert production_app.calls == {"a": 1}


def test_sync_production_app_with_another_key_is_refused(production_app: App) -> None:
    @production_app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    production_app.executor.signing_key = "cd" * 32

    with pytest.raises(SyncError, match="Authentication failed"):
        production_app.serve()


@pytest.mark.stand_in
def test_sync_dev_app_from_a_production_server_is_refused(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    app.executor.signing_key = SIGNING_KEY

    with pytest.raises(SyncError, match="expected Dev Server"):
        app.serve()
