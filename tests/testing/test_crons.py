"""The check of cron schedules: held to what the real server takes."""

import json
from pathlib import Path

import pytest
from inngest_devtools.testing.crons import InvalidCron, check_cron

ANSWERS = json.loads(Path(__file__).with_name("expressions.json").read_text("utf-8"))["cron"]


def takes(text: str) -> bool:
    try:
        check_cron(text)
    except InvalidCron:
        return False
    return True


@pytest.mark.parametrize("text", ANSWERS)
def test_schedule_is_taken_where_the_server_takes_it(text: str) -> None:
    assert takes(text) is ANSWERS[text]


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
    check_cron(text)


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
        check_cron(text)
