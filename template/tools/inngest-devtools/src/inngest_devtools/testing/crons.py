"""Cron schedules as the server reads them (inngest 1.43.0, vendor/github.com/robfig/cron/v3)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from inngest_devtools.testing.unsupported import Unsupported

# What the server takes for a time zone before it looks for a file of that name. "Local" is its own,
# also where a schedule names none: UTC in production and on Inngest Cloud, and so UTC here.
BUILT_IN_ZONES = ("", "UTC", "Local")
MAX_INT = 2**63 - 1
MAX_YEARS = 5  # a schedule that fits no moment until then fires never

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


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


@dataclass(frozen=True)
class Schedule:
    """When a cron fires: the numbers that each field allows.

    Not imitated: on the few days on which the clocks change at midnight (as in Beirut) or by half
    an hour (Lord Howe) the server itself skips or moves some firings.

    Args:
        any_day: One of the two fields for days is `*`: the other alone counts then. Else a day
            that fits either of them will do.
    """

    zone: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool

    def next_after(self, moment: datetime) -> datetime | None:
        """The first minute after a moment at which the schedule fires.

        An hour that the clocks leave out in spring does not fire, one that they repeat fires twice.

        Raises:
            Unsupported: This system does not know the schedule's time zone.
        """
        zone = _find_zone(self.zone)
        local = moment.astimezone(zone)
        last_year = local.year + MAX_YEARS
        moment = moment.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE
        while local.year <= last_year:
            local = moment.astimezone(zone)
            if not self._fits_day(local):
                # Not quite to midnight: a day may have 23 hours.
                full_hour = moment - local.minute * MINUTE
                moment = full_hour + max(22 - local.hour, 1) * HOUR
            elif local.hour not in self.hours:
                moment += HOUR - local.minute * MINUTE
            elif local.minute not in self.minutes:
                moment += MINUTE
            else:
                return moment
        return None

    def _fits_day(self, local: datetime) -> bool:
        if local.month not in self.months:
            return False
        fits = (local.day in self.days, local.isoweekday() % 7 in self.weekdays)
        return all(fits) if self.any_day else any(fits)


def read_cron(text: str) -> Schedule:
    """A schedule as the server reads it when an app syncs.

    It takes five fields, perhaps after `TZ=` or `CRON_TZ=` and a time zone; neither seconds nor
    `@daily` and `@every 1h`.

    Args:
        text: For example `TZ=Europe/Paris 0 9 * * 1-5`.

    Raises:
        InvalidCron: The server refuses it.
    """
    try:
        zone, fields = _split(text)
        if len(fields) != len(_FIELDS):
            raise ValueError(f"five fields expected, found {len(fields)}")
        minutes, hours, days, months, weekdays = (
            frozenset(_read_field(part, field)) for part, field in zip(fields, _FIELDS, strict=True)
        )
    except ValueError as error:
        raise InvalidCron(f"{text!r} isn't a valid cron schedule: {error}") from None
    any_day = _has_star(fields[2]) or _has_star(fields[4])
    return Schedule(zone, minutes, hours, days, months, weekdays, any_day)


def _split(text: str) -> tuple[str, list[str]]:
    """The time zone and the fields of a schedule."""
    prefix = re.match("(?:CRON_)?TZ=", text)
    if not prefix:
        return "UTC", text.split()
    zone, space, schedule = text[prefix.end() :].partition(" ")
    if not space or not _is_time_zone(zone):
        raise ValueError(f"bad time zone {zone!r}")
    return zone, schedule.split()


def _is_time_zone(name: str) -> bool:
    """Whether it is one; any name is where the system has no list of them, as Windows has none."""
    if name in BUILT_IN_ZONES:
        return True
    zones = available_timezones()
    return not zones or name in zones


def _find_zone(name: str) -> tzinfo:
    if name in BUILT_IN_ZONES:
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):
        raise Unsupported(f"the time zone {name}, of which this system knows nothing") from None


def _read_field(text: str, field: _Field) -> set[int]:
    numbers: set[int] = set()
    for part in text.split(","):
        if part:  # an empty part, as in `1,,3`, is passed over
            numbers.update(_read_range(part, field))
    return numbers


def _read_range(text: str, field: _Field) -> range:
    """`*`, `value` or `value-value`, perhaps with `/step`."""
    span, slash, step_text = text.partition("/")
    step = _whole_number(step_text) if slash else 1
    if step == 0:
        raise ValueError(f"the step of {text!r} is 0")
    ends = span.split("-")
    if ends[0] in ("*", "?"):  # whatever follows, as in `*-5`
        return range(field.first, field.last + 1, step)
    if len(ends) > 2:
        raise ValueError(f"too many hyphens in {text!r}")
    first, last = field.number(ends[0]), field.number(ends[-1])
    if len(ends) == 1 and slash:  # `5/10` counts from 5 to the end
        last = max(first, field.last)
    if first > last:
        raise ValueError(f"{text!r} ends before it begins")
    if first < field.first or last > field.last:
        raise ValueError(f"{text!r} is no {field.name}: {field.first} to {field.last}")
    return range(first, last + 1, step)


def _has_star(text: str) -> bool:
    """Whether a field takes every day: `*` does, `*/2` does not."""
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span.split("-")[0] in ("*", "?") and (not step or _whole_number(step) == 1):
            return True
    return False


def _whole_number(text: str) -> int:
    if not re.fullmatch("[+-]?[0-9]+", text, re.ASCII):
        raise ValueError(f"{text!r} is no number")
    number = int(text)
    if not 0 <= number <= MAX_INT:
        raise ValueError(f"{text!r} is out of range")
    return number
