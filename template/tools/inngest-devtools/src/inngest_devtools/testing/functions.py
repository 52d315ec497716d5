"""A registered function: the part of its configuration by which the stand-in runs it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Self

from inngest_devtools.testing.crons import read_cron
from inngest_devtools.testing.durations import read_duration
from inngest_devtools.testing.protocol import Json
from inngest_devtools.testing.unsupported import Unsupported

MAX_RETRIES = 20  # of one step; a function may ask for more, and does not get them
DEFAULT_RETRIES = 4
IDEMPOTENCY_PERIOD = "24h"

# The options that are imitated; `name` changes nothing that a test can see.
OPTIONS = {
    *("id", "name", "triggers", "steps", "batchEvents", "cancel", "concurrency", "debounce"),
    *("idempotency", "priority", "rateLimit", "singleton", "throttle", "timeouts"),
}


@dataclass(frozen=True)
class Firing:
    """One time at which a cron runs a function.

    Args:
        scheduled_at: As the cron says.
        fires_at: The same, or later by the cron's jitter.
    """

    cron: str
    scheduled_at: datetime
    fires_at: datetime


@dataclass(kw_only=True)
class Function:
    """What an app said of a function when it synced; the options keep the names that they have
    there.
    """

    id: str  # with the app's id in front
    local_id: str
    app_id: str
    url: str
    triggers: list[Json]
    max_attempts: int
    cancel: list[Json]
    concurrency: list[Json]
    batch: Json | None
    debounce: Json | None
    priority: Json | None
    rate_limit: Json | None
    singleton: Json | None
    throttle: Json | None
    timeouts: Json

    @classmethod
    def from_config(cls, app_id: str, config: Json) -> Self:
        """The function of a configuration.

        Raises:
            Unsupported: It has an option that is not imitated.
        """
        for option in config.keys() - OPTIONS:
            raise Unsupported(f"the option {option!r} of {config['id']}")
        step = config["steps"]["step"]
        retries = (step.get("retries") or {}).get("attempts", DEFAULT_RETRIES)
        return cls(
            id=config["id"],
            local_id=config["id"].removeprefix(f"{app_id}-"),
            app_id=app_id,
            url=step["runtime"]["url"],
            triggers=config["triggers"],
            max_attempts=min(retries, MAX_RETRIES) + 1,
            cancel=config.get("cancel") or [],
            concurrency=config.get("concurrency") or [],
            batch=config.get("batchEvents"),
            debounce=config.get("debounce"),
            priority=config.get("priority"),
            rate_limit=_read_rate_limit(config),
            singleton=config.get("singleton"),
            throttle=config.get("throttle"),
            timeouts=config.get("timeouts") or {},
        )

    def list_firings(self, after: datetime, until: datetime) -> list[Firing]:
        """When the function's crons run it in a span of time."""
        firings = []
        for trigger in self.triggers:
            if "cron" not in trigger:
                continue
            schedule = read_cron(trigger["cron"])
            when = schedule.next_after(after)
            while when is not None and when <= until:
                firings.append(Firing(trigger["cron"], when, when + _jitter(trigger, when)))
                when = schedule.next_after(when)
        return firings


def _jitter(trigger: Json, when: datetime) -> timedelta:
    """From a second on to the cron's jitter; as on the server the same for the same time."""
    most = read_duration(trigger.get("jitter") or "")
    if not most:
        return timedelta()
    return timedelta(seconds=Random(f"{trigger['cron']} {when}").uniform(1, most))


def _read_rate_limit(config: Json) -> Any:
    """The server makes a rate limit of `idempotency`, in the place of the function's own."""
    if config.get("idempotency") is not None:
        return {"limit": 1, "period": IDEMPOTENCY_PERIOD, "key": config["idempotency"]}
    return config.get("rateLimit")
