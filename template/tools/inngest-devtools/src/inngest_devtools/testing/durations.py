"""Lengths of time as the SDK, a person and a timestamp write them."""

import re
import time
from datetime import UTC, datetime

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds(duration: str) -> int:
    """Seconds in the SDK's form of a duration: 30s, 5m, 1h, 2d, 1w."""
    return int(duration[:-1]) * UNITS[duration[-1]]


def read_duration(text: str) -> float:
    """Seconds in a duration that a person has written, such as 1m30s or 500ms.

    Raises:
        ValueError: It is none.
    """
    if not text.strip():
        return 0
    if not re.fullmatch(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?(?:ms|[smhdw]))+|0", text):
        raise ValueError(f"{text!r} is no duration")
    units = UNITS | {"ms": 0.001}
    parts = re.findall(r"([0-9.]+)(ms|[smhdw])", text)
    total = sum(float(number) * units[unit] for number, unit in parts)
    return -total if text.startswith("-") else total


def seconds_until(timestamp: str) -> float:
    """From now until an ISO 8601 time: the SDK computed it from its own clock a moment ago."""
    then = datetime.fromisoformat(timestamp)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def seconds_until_ts(ts: int) -> float:
    """From now until an event's time, in milliseconds since the epoch."""
    return max(0.0, ts / 1000 - time.time())
