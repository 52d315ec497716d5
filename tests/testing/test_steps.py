"""A run and its steps: what is remembered, tried again, and done side by side."""

import asyncio
import math
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import inngest
import pytest
from inngest_devtools.testing import Json, Run, free_port, serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.testing.inngest_app import App

EVENT = inngest.Event(name="test/event")


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
    monkeypatch.setattr("inngest_devtools.testing.steps.MAX_STEPS", 10)

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
        await asyncio.wait_for(barrier.wait(), timeout=60)
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


def test_run_race_asks_the_function_after_each_step(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        steps = (
            partial(ctx.step.sleep, "slow", timedelta(seconds=3)),
            partial(ctx.step.run, "fast", app.step("fast", "first")),
        )
        both = await ctx.group.parallel(steps, parallel_mode=inngest.ParallelMode.RACE)
        return [*both, await ctx.step.run("after", app.step("after", "after"))]

    assert app.serve().run(EVENT).output == [None, "first", "after"]
    assert app.calls == {"fast": 1, "after": 1}


def test_run_after_a_parallel_group_runs_steps_at_once_again(app: App) -> None:
    """Each step of the group has a request of its own; one that follows needs none more."""
    entered: list[bool] = []

    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        entered.append(True)
        await ctx.group.parallel(
            tuple(partial(ctx.step.run, name, app.step(name)) for name in ("a", "b"))
        )
        await ctx.step.run("c", app.step("c"))
        await ctx.step.run("d", app.step("d"))

    app.serve().run(EVENT)

    assert app.calls == {"a": 1, "b": 1, "c": 1, "d": 1}
    # To plan the group, for each of its steps, for each of the others, and to end.
    assert len(entered) == 1 + 2 + 2 + 1


# --- Replies


def test_run_with_streamed_replies(app: App) -> None:
    @app.function(retries=0)
    async def handler(ctx: inngest.Context) -> Any:
        try:
            await ctx.step.run("a", app.step("a", fail=1))
        except inngest.StepError as error:
            return [error.message, await ctx.step.run("b", app.step("b", "done"))]

    executor = app.serve(streaming=inngest.Streaming.FORCE)

    assert executor.run(EVENT).output == ["a failed", "done"]


def test_run_step_that_returns_no_json_number_fails_when_its_attempts_are_spent(app: App) -> None:
    @app.function(retries=1)
    async def handler(ctx: inngest.Context) -> Any:
        return await ctx.step.run("a", app.step("a", math.nan))

    run = app.serve().run(EVENT)

    assert run.status == "Failed"
    assert "invalid character 'N'" in str(run.output)
    assert app.calls == {"a": 2}


def test_run_that_returns_no_json_number_completes_with_its_text(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        return math.nan

    run = app.serve().run(EVENT)

    assert (run.status, run.output) == ("Completed", "NaN")


def test_run_calls_the_url_under_which_the_app_was_registered(app: App) -> None:
    """A proxy in front of the app sees every call, though the sync was asked for behind it."""
    seen: list[str] = []

    async def forward(request: Request) -> Response:
        seen.append(request.url.path)
        async with httpx.AsyncClient(base_url=app.url) as client:
            reply = await client.post(
                f"/api/inngest?{request.url.query}", content=await request.body()
            )
        headers = {k: v for k, v in reply.headers.items() if k.startswith("x-inngest")}
        return Response(reply.content, reply.status_code, headers)

    @app.function()
    async def handler(ctx: inngest.Context) -> Any:
        return await ctx.step.run("a", app.step("a", "done"))

    listener = free_port()
    proxy = Starlette(routes=[Route("/shop/api/inngest", forward, methods=["POST"])])
    with serve(proxy, listener):
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        executor = app.serve(serve_origin=origin, public_path="/shop/api/inngest")

        assert executor.run(EVENT).output == "done"
    assert seen == ["/shop/api/inngest"] * 2


@pytest.mark.stand_in
def test_run_with_a_large_state_lets_the_sdk_fetch_it(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> int:
        texts = [await ctx.step.run(f"a{n}", app.step("a", "x" * 1_500_000)) for n in range(3)]
        return sum(map(len, texts)) + len(str(ctx.event.data["text"]))

    event = inngest.Event(name="test/event", data={"text": "y" * 500_000})

    assert app.serve().run(event).output == 5_000_000
