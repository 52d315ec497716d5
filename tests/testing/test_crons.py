"""Cron schedules: held to what the real server takes, and fired in virtual time."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import inngest
import pytest
from inngest_devtools.testing.crons import InvalidCron, read_cron

from tests.testing.inngest_app import App

ANSWERS = json.loads(Path(__file__).with_name("expressions.json").read_text("utf-8"))["cron"]


def takes(text: str) -> bool:
    try:
        read_cron(text)
    except InvalidCron:
        return False
    return True


def test_schedule_is_taken_where_the_server_takes_it() -> None:
    assert {text: takes(text) for text in ANSWERS} == ANSWERS


@pytest.mark.parametrize(
    "text",
    [
        "TZ=Local 0 9 * * *",
        "CRON_TZ=UTC 0 9 * * *",
        "TZ= 0 9 * * *",
        "*-5 * * * *",
        "?-1-2 +5 * JAN mon",
        ", * * * *",
        "*/+5 * * * *",
    ],
)
def test_odd_schedule_that_the_server_takes(text: str) -> None:
    read_cron(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@every 1h", "five fields expected, found 2"),
        ("TZ=UTC @daily", "five fields expected, found 1"),
        ("TZ=Nowhere 0 9 * * *", "bad time zone 'Nowhere'"),
        ("TZ=UTC", "bad time zone 'UTC'"),
        ("0 0 * * 7", "'7' is no day of the week: 0 to 6"),
        ("*/0 * * * *", "the step of '\\*/0' is 0"),
        ("5-1 * * * *", "'5-1' ends before it begins"),
        ("1-2-3 * * * *", "too many hyphens"),
        ("0 0 1 january *", "'january' is no number"),
        ("99999999999999999999 * * * *", "out of range"),
    ],
)
def test_refusal_says_why(text: str, message: str) -> None:
    with pytest.raises(InvalidCron, match=f"isn't a valid cron schedule: .*{message}"):
        read_cron(text)


# What the server's own library says, by `cron.Next`.
@pytest.mark.parametrize(
    ("text", "after", "firings"),
    [
        ("0 9 * * *", "2026-11-25 08:59:59", ["11-25 09:00", "11-26 09:00"]),
        ("0 9 * * *", "2026-11-25 09:00:00", ["11-26 09:00"]),
        ("TZ=Europe/Berlin 0 9 * * 1-5", "2026-11-27 12:00", ["11-30 08:00", "12-01 08:00"]),
        # A day that fits either field for days will do, unless one of them is `*`; `*/2` is not.
        ("0 0 13 * 5", "2026-11-01", ["11-06 00:00", "11-13 00:00", "11-20 00:00"]),
        ("0 0 13 * *", "2026-11-01", ["11-13 00:00", "12-13 00:00"]),
        ("0 0 */30 * 5", "2026-11-01", ["11-06 00:00", "11-13 00:00"]),
        ("50/5 22-23 ? nov ?", "2026-11-25 22:54", ["11-25 22:55", "11-25 23:50"]),
        # The hour that spring leaves out, and the one that autumn repeats.
        ("TZ=Europe/Berlin 30 2 * * *", "2026-03-28 12:00", ["03-30 00:30"]),
        ("TZ=Europe/Berlin 30 2 * * *", "2026-10-24 12:00", ["10-25 00:30", "10-25 01:30"]),
    ],
)
def test_schedule_fires_when_the_server_says(text: str, after: str, firings: list[str]) -> None:
    moment: datetime | None = datetime.fromisoformat(after).replace(tzinfo=UTC)
    schedule = read_cron(text)
    found = []
    for _ in firings:
        assert moment is not None
        moment = schedule.next_after(moment)
        found.append(f"{moment:%m-%d %H:%M}")

    assert found == firings


def test_schedule_of_a_day_that_there_is_not_fires_never() -> None:
    assert read_cron("0 0 31 2 *").next_after(datetime.now(UTC)) is None


# --- In virtual time


@pytest.mark.stand_in
def test_a_day_fires_a_daily_cron_once_and_an_hourly_one_each_hour(app: App) -> None:
    daily = inngest.TriggerCron(cron="TZ=Asia/Tokyo 0 9 * * *")
    hourly = inngest.TriggerCron(cron="30 * * * *")

    @app.function(trigger=[daily, hourly, inngest.TriggerEvent(event="test/event")])
    async def handler(ctx: inngest.Context) -> str:
        return str(ctx.event.data["cron"])

    executor = app.serve()

    executor.pass_time(24 * 3600)

    runs = executor.list_runs()
    assert Counter(run.output for run in runs) == {daily.cron: 1, hourly.cron: 24}
    assert {event.name for event in executor.events()} >= {"inngest/scheduled.timer"}


@pytest.mark.stand_in
def test_two_crons_of_a_function_at_one_time_are_one_run(app: App) -> None:
    triggers = [inngest.TriggerCron(cron=cron) for cron in ("0 * * * *", "0 */1 * * *")]

    @app.function(trigger=triggers)
    async def handler(ctx: inngest.Context) -> str:
        return ctx.event.id

    executor = app.serve()

    executor.pass_time(3600)

    (run,) = executor.list_runs()
    assert run.output.endswith(":00:00Z")


@pytest.mark.stand_in
def test_time_that_runs_take_fires_no_cron(app: App) -> None:
    @app.function(id="cron", trigger=inngest.TriggerCron(cron="* * * * *"))
    async def cron(ctx: inngest.Context) -> None: ...

    @app.function()
    async def handler(ctx: inngest.Context) -> None:
        await ctx.step.sleep("a day", timedelta(days=1))

    executor = app.serve()
    executor.run(inngest.Event(name="test/event"))

    assert executor.runs_of("cron") == []
