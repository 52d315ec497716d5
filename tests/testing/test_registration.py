"""What the server refuses when an app syncs, and what it takes."""

from datetime import timedelta
from zoneinfo import available_timezones

import httpx
import inngest
import pytest
from inngest_devtools.testing import Json, SyncError, Unsupported

from tests.testing.inngest_app import App

EVENT = inngest.Event(name="test/event")


def test_sync_without_functions_is_refused_though_it_answers_200(app: App) -> None:
    with pytest.raises(SyncError, match="no functions found"):
        app.serve()


SECOND = timedelta(seconds=1)
BATCH = inngest.Batch(max_size=2, timeout=SECOND)


def make_crons(*crons: str, jitter: str | None = None) -> list[inngest.TriggerCron]:
    return [inngest.TriggerCron(cron=cron, jitter=jitter) for cron in crons]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trigger": [inngest.TriggerEvent(event="a")] * 2}, "duplicate trigger"),
        (
            {"trigger": make_crons("* * * * *") + make_crons("* * * * *", jitter="5s")},
            "duplicate cron expression",
        ),
        ({"trigger": inngest.TriggerEvent(event="a" * 256)}, "event name is too long"),
        ({"trigger": make_crons(f"0 9 * * {'1,' * 140}1")}, "cron is too long"),
        ({"trigger": make_crons("* * * * *", jitter="6m")}, "cron jitter must be"),
        ({"trigger": make_crons("* * * * *", jitter="5")}, "isn't a valid jitter duration"),
        (
            {"concurrency": [inngest.Concurrency(limit=1, key=f"event.data.{k}") for k in "abc"]},
            "concurrency",
        ),
        (
            {"concurrency": [inngest.Concurrency(limit=1, scope="account")]},
            "concurrency key must be specified",
        ),
        (
            {"concurrency": [inngest.Concurrency(limit=1, scope="env")]},
            "concurrency key must be specified",
        ),
        (
            {"batch_events": BATCH, "priority": inngest.Priority(run="0")},
            r"(?i)batch|priority",
        ),
        ({"batch_events": inngest.Batch(max_size=2)}, r"timeout|duration"),
        (
            {"debounce": inngest.Debounce(period=timedelta(days=8))},
            r"debounce period .* greater than the max",
        ),
        ({"rate_limit": inngest.RateLimit(limit=0, period=SECOND)}, "limit must be greater than 0"),
        (
            {"rate_limit": inngest.RateLimit(limit=1, period=timedelta(hours=25))},
            "period must be less than",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_sync_with_options_that_the_server_does_not_take_is_refused(
    app: App, options: Json, message: str
) -> None:
    @app.function(**options)
    async def handler(ctx: inngest.Context) -> None: ...

    with pytest.raises(SyncError, match=message):
        app.serve()


needs_time_zones = pytest.mark.skipif(
    not available_timezones(), reason="this system has no list of time zones"
)


@pytest.mark.parametrize(
    "cron",
    [
        "0 * * * * *",
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
        "0/15 * * jan *",
        "CRON_TZ=UTC 0 0 31 2 0",
    ],
)
def test_sync_cron_that_the_server_reads_is_accepted(app: App, cron: str) -> None:
    @app.function(trigger=inngest.TriggerCron(cron=cron))
    async def handler(ctx: inngest.Context) -> None: ...

    app.serve()


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "event.data.a = 'b'",
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


@pytest.mark.stand_in
def test_sync_option_that_is_not_imitated_is_refused(app: App) -> None:
    @app.function()
    async def handler(ctx: inngest.Context) -> None: ...

    executor = app.serve()
    config = app.functions[0].get_config(app.url).main.to_dict()
    assert isinstance(config, dict)
    body = {"appname": "app", "functions": [config | {"checkpoint": {"batch_steps": 3}}]}
    httpx.post(f"{executor.origin}/fn/register", json=body)

    with pytest.raises(Unsupported, match="the option 'checkpoint' of app-fn"):
        executor.settle()
