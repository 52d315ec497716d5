"""Which cron schedules the server takes when an app syncs."""

import re
from dataclasses import dataclass
from zoneinfo import available_timezones

# Where the server looks for a time zone before it looks for a file of that name.
BUILT_IN_ZONES = ("", "UTC", "Local")
MAX_INT = 2**63 - 1


class InvalidCron(ValueError):
    """The server refuses this schedule."""


@dataclass(frozen=True)
class _Field:
    """One of the five fields, and the numbers and names that may stand in it."""

    name: str
    first: int
    last: int
    names: str = ""

    def number(self, text: str) -> int:
        """The number that a number or a name stands for; a sign and leading zeros are no fault."""
        names = self.names.split()
        if text.lower() in names:
            return self.first + names.index(text.lower())
        return _whole_number(text)


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"),
    _Field("day of the week", 0, 6, "sun mon tue wed thu fri sat"),  # where 7 is none
)


def check_cron(text: str) -> None:
    """Whether the server takes a schedule (inngest 1.43.0, seen at POST /fn/register).

    It reads five fields, perhaps after `TZ=` or `CRON_TZ=` and a time zone; neither seconds nor
    `@daily` and `@every 1h`. Source: vendor/github.com/robfig/cron/v3/parser.go.

    Args:
        text: For example `TZ=Europe/Paris 0 9 * * 1-5`.

    Raises:
        InvalidCron: It does not.
    """
    try:
        fields = _without_time_zone(text).split()
        if len(fields) != len(_FIELDS):
            raise ValueError(f"five fields expected, found {len(fields)}")
        for part, field in zip(fields, _FIELDS, strict=True):
            _check_field(part, field)
    except ValueError as error:
        raise InvalidCron(f"{text!r} isn't a valid cron schedule: {error}") from None


def _without_time_zone(text: str) -> str:
    prefix = re.match("(?:CRON_)?TZ=", text)
    if not prefix:
        return text
    zone, space, schedule = text[prefix.end() :].partition(" ")
    if not space or not _is_time_zone(zone):
        raise ValueError(f"bad time zone {zone!r}")
    return schedule


def _is_time_zone(name: str) -> bool:
    """Whether it is one; any name is where the system has no list of them, as Windows has none."""
    if name in BUILT_IN_ZONES:
        return True
    zones = available_timezones()
    return not zones or name in zones


def _check_field(text: str, field: _Field) -> None:
    for part in text.split(","):
        if part:  # an empty part, as in `1,,3`, is passed over
            _check_range(part, field)


def _check_range(text: str, field: _Field) -> None:
    """`*`, `value` or `value-value`, perhaps with `/step`."""
    span, slash, step = text.partition("/")
    if slash and _whole_number(step) == 0:
        raise ValueError(f"the step of {text!r} is 0")
    ends = span.split("-")
    if ends[0] in ("*", "?"):
        return  # whatever follows, as in `*-5`
    if len(ends) > 2:
        raise ValueError(f"too many hyphens in {text!r}")
    numbers = [field.number(end) for end in ends]
    if numbers != sorted(numbers):
        raise ValueError(f"{text!r} ends before it begins")
    if numbers[0] < field.first or numbers[-1] > field.last:
        raise ValueError(f"{text!r} is no {field.name}: {field.first} to {field.last}")


def _whole_number(text: str) -> int:
    if not re.fullmatch("[+-]?[0-9]+", text, re.ASCII):
        raise ValueError(f"{text!r} is no number")
    number = int(text)
    if not 0 <= number <= MAX_INT:
        raise ValueError(f"{text!r} is out of range")
    return number
