"""What became of the runs of an event, asked of the stand-in and, with --inngest-dev-server, of a
real server.
"""

import asyncio
import time
from datetime import timedelta

import inngest
import pytest

from core.inngest import runs
from core.inngest.errors import ConfigurationError
from core.inngest.runs import EventRuns, RunsUnavailable, get_runs
from core.inngest.settings import Settings
from tests.testing.inngest_app import SIGNING_KEY, App

EVENT = inngest.Event(name="test/event")
ULID = "01M89ZNZAW6YP2Z7KXNKWB1DWP"
WAIT = 60  # seconds at most; only what fails takes them


def use_settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    settings = Settings.model_validate(values)
    monkeypatch.setattr(runs, "get_settings", lambda: settings)


def production_settings(origin: str) -> dict[str, str]:
    return {"inngest_dev": "0", "inngest_base_url": origin, "inngest_event_key": "event-key"}


def serve(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    app.serve()
    use_settings(monkeypatch, inngest_dev="1", inngest_base_url=app.executor.origin)


def ask(event_id: str, wait: float = 0, expected: int = 1) -> EventRuns:
    return asyncio.run(get_runs(event_id, wait=wait, expected=expected))


def test_get_runs_of_run_that_sleeps_is_running(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.run("first", app.step("first"))
        await ctx.step.sleep("pause", timedelta(hours=1))

    serve(app, monkeypatch)
    (event_id,) = app.executor.send(EVENT)

    found = ask(event_id)

    assert (found.status, [run.status for run in found.runs]) == ("running", ["running"])
    assert found.runs[0].function_id == "fn"
    assert found.runs[0].output is None


def test_get_runs_of_run_that_has_returned_has_its_output(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> dict[str, int]:
        return {"total": 7}

    serve(app, monkeypatch)
    (event_id,) = app.executor.send(EVENT)
    app.executor.finish()

    found = ask(event_id, WAIT)

    assert found.status == "completed"
    assert found.runs[0].output == {"total": 7}
    assert found.runs[0].reason is None


def test_get_runs_of_run_that_has_failed_has_one_line_and_no_traceback(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    @app.function(retries=0)
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.run("step", app.step("step", fail=9, error=ValueError("no stock\nof lamps")))

    serve(app, monkeypatch)
    (event_id,) = app.executor.send(EVENT)
    app.executor.finish()

    found = ask(event_id, WAIT)

    assert (found.status, found.runs[0].reason) == ("failed", "no stock")
    assert "Traceback" not in found.model_dump_json()
    assert ".py" not in found.model_dump_json()


def test_get_runs_of_run_between_two_attempts_is_running(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    @app.function(retries=4)
    async def handler(ctx: inngest.Context) -> None:
        error = inngest.RetryAfterError("later", timedelta(hours=1))
        await ctx.step.run("step", app.step("step", fail=9, error=error))

    serve(app, monkeypatch)
    (event_id,) = app.executor.send(EVENT)

    assert ask(event_id).status == "running"


def test_get_runs_of_run_that_was_cancelled(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    @app.function(cancel=[inngest.Cancel(event="test/cancel")])
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.sleep("pause", timedelta(hours=1))

    serve(app, monkeypatch)
    (event_id,) = app.executor.send(EVENT)
    app.executor.send(inngest.Event(name="test/cancel"))

    found = ask(event_id, WAIT)

    assert (found.status, found.runs[0].output) == ("cancelled", None)


def test_get_runs_of_event_that_starts_several_waits_for_all_and_shows_the_worst(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    @app.function(id="good")
    async def good(ctx: inngest.Context) -> str:
        return "fine"

    @app.function(id="bad", retries=0)
    async def bad(ctx: inngest.Context) -> None:
        raise ValueError("broken")

    serve(app, monkeypatch)
    (event_id,) = app.executor.send(EVENT)
    app.executor.finish()

    found = ask(event_id, WAIT, expected=2)

    assert found.status == "failed"
    outcomes = {run.function_id: (run.status, run.output, run.reason) for run in found.runs}
    assert outcomes == {"good": ("completed", "fine", None), "bad": ("failed", None, "broken")}
    assert ask(event_id, expected=3).status == "running"


def test_get_runs_of_event_that_starts_nothing_waits_and_is_pending(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    serve(app, monkeypatch)
    (event_id,) = app.executor.send(inngest.Event(name="test/other"))
    start = time.monotonic()

    found = ask(event_id, wait=1)

    assert (found.status, found.runs) == ("pending", [])
    assert 1 <= time.monotonic() - start < 30


def test_get_runs_sees_the_end_that_comes_while_it_waits(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> str:
        await ctx.step.sleep("pause", timedelta(seconds=2))
        return "done"

    serve(app, monkeypatch)
    (event_id,) = app.executor.send(EVENT)

    async def wait_and_finish() -> EventRuns:
        waiting = asyncio.create_task(get_runs(event_id, wait=WAIT))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        await asyncio.to_thread(app.executor.finish)
        return await waiting

    assert asyncio.run(wait_and_finish()).runs[0].output == "done"


@pytest.mark.parametrize(
    "keys",
    [
        {"inngest_signing_key": SIGNING_KEY},
        {"inngest_signing_key": f"signkey-prod-{SIGNING_KEY}"},
        {"inngest_signing_key": "cd" * 32, "inngest_signing_key_fallback": SIGNING_KEY},
    ],
)
def test_get_runs_in_production_shows_the_key(
    production_app: App, monkeypatch: pytest.MonkeyPatch, keys: dict[str, str]
) -> None:
    @production_app.function()
    async def handler(ctx: inngest.Context) -> str:
        return "done"

    server = production_app.serve()
    (event_id,) = server.send(EVENT)
    use_settings(monkeypatch, **production_settings(server.origin), **keys)

    found = ask(event_id, WAIT)

    assert (found.status, found.runs[0].function_id) == ("completed", "fn")


def test_get_runs_with_another_key_is_refused(
    production_app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    @production_app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    settings = production_settings(production_app.serve().origin)
    use_settings(monkeypatch, **settings, inngest_signing_key="cd" * 32)

    with pytest.raises(RunsUnavailable, match="refuses INNGEST_SIGNING_KEY"):
        ask(ULID)


def test_get_runs_without_a_server_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    use_settings(monkeypatch, inngest_dev="1", inngest_base_url="http://127.0.0.1:1")

    with pytest.raises(RunsUnavailable, match=r"does not answer at http://127\.0\.0\.1:1"):
        ask(ULID, wait=0.3)


def test_get_runs_while_inngest_is_off_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INNGEST_DEV", raising=False)
    use_settings(monkeypatch)

    with pytest.raises(ConfigurationError, match="Inngest is off"):
        ask(ULID)


@pytest.mark.parametrize("event_id", ["", "../../v1/apps", "a/b", "a?b", "a b"])
def test_get_runs_of_what_is_no_id_asks_nobody(
    monkeypatch: pytest.MonkeyPatch, event_id: str
) -> None:
    use_settings(monkeypatch, inngest_dev="1", inngest_base_url="http://127.0.0.1:1")

    with pytest.raises(ValueError, match="no id of an event"):
        ask(event_id)
