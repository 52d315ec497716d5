"""Why a server refuses an app's functions when it registers them.

Its limits are in its source in pkg/consts/consts.go, its rules in pkg/inngest/function.go.
"""

from collections.abc import Iterator

from inngest_devtools.testing.crons import InvalidCron, read_cron
from inngest_devtools.testing.durations import UNITS, read_duration, seconds
from inngest_devtools.testing.expressions import InvalidExpression, check_expression
from inngest_devtools.testing.protocol import Json

MAX_NAME = 255  # characters of an event's name, and of a schedule
MAX_JITTER = 5 * 60  # seconds, and at least 1
LIMITS = {"concurrency": 2, "triggers": 10, "cancel": 5}
MAX_DEBOUNCE = UNITS["w"]
MAX_RATE_LIMIT_PERIOD = UNITS["d"]
BATCH_CLASHES = ("cancel", "debounce", "singleton", "priority")

# Where a function's configuration has expressions.
EXPRESSIONS = {
    "triggers": ["expression"],
    "cancel": ["if"],
    "concurrency": ["key"],
    "priority": ["run"],
    "batchEvents": ["key", "if"],
    "debounce": ["key"],
    "rateLimit": ["key"],
    "throttle": ["key"],
    "singleton": ["key"],
}


def find_problems(config: Json) -> list[str]:
    """Why the server would refuse a function."""
    problems = [
        f"more than {limit} {key}"
        for key, limit in LIMITS.items()
        if len(config.get(key) or []) > limit
    ]
    for find in (
        _find_trigger_problems,
        _find_concurrency_problems,
        _find_debounce_problems,
        _find_rate_problems,
        _find_batch_problems,
        _find_expression_problems,
    ):
        problems += find(config)
    return [f"{config['id']}: {problem}" for problem in problems]


def _find_trigger_problems(config: Json) -> Iterator[str]:
    triggers = config["triggers"]
    for index, trigger in enumerate(triggers):
        schedule = trigger.get("cron")
        before = triggers[:index]
        if trigger in before:
            yield f"duplicate trigger {trigger}"
        elif schedule is not None and any(schedule == other.get("cron") for other in before):
            yield f"duplicate cron expression: {schedule}"  # with another jitter, say
        yield from (
            _find_cron_problems(trigger) if "cron" in trigger else _find_name_problems(trigger)
        )


def _find_name_problems(trigger: Json) -> Iterator[str]:
    if not trigger.get("event"):
        yield "an event trigger must specify an event name"
    elif len(trigger["event"].encode()) > MAX_NAME:
        yield f"event name is too long: more than {MAX_NAME} characters"


def _find_cron_problems(trigger: Json) -> Iterator[str]:
    try:
        read_cron(trigger["cron"])
    except InvalidCron as error:
        yield str(error)
    if len(trigger["cron"].encode()) > MAX_NAME:
        yield f"cron is too long: more than {MAX_NAME} characters"
    try:
        jitter = read_duration(trigger.get("jitter") or "0s")
    except ValueError:
        yield f"{trigger['jitter']!r} isn't a valid jitter duration"
    else:
        if jitter != 0 and not 1 <= jitter <= MAX_JITTER:
            yield f"cron jitter must be from 1s to 5m, not {trigger['jitter']}"


def _find_concurrency_problems(config: Json) -> Iterator[str]:
    for limit in config.get("concurrency") or []:
        if limit.get("scope") in ("account", "env") and limit.get("key") is None:
            yield f"a concurrency key must be specified for {limit['scope']} scoped limits"


def _find_debounce_problems(config: Json) -> Iterator[str]:
    if not config.get("debounce"):
        return
    period = seconds(config["debounce"]["period"])
    if period < 1:
        yield "the debounce period is less than the min of 1s"
    if period > MAX_DEBOUNCE:
        yield "the debounce period is greater than the max of 168h"


def _find_rate_problems(config: Json) -> Iterator[str]:
    rate_limit, throttle = config.get("rateLimit"), config.get("throttle")
    if rate_limit and rate_limit["limit"] < 1:
        yield "rateLimit: limit must be greater than 0"
    if rate_limit and seconds(rate_limit["period"]) > MAX_RATE_LIMIT_PERIOD:
        yield "rateLimit: period must be less than 24h"
    if throttle and (throttle["limit"] < 0 or throttle.get("burst", 0) < 0):
        yield "throttle: a limit or burst below 0"


def _find_batch_problems(config: Json) -> Iterator[str]:
    batch = config.get("batchEvents")
    if not batch:
        return
    for option in BATCH_CLASHES:
        if config.get(option):
            yield f"batchEvents cannot be combined with {option}"
    if batch["maxSize"] < 2:
        yield "batch size cannot be smaller than 2"
    timeout = batch.get("timeout", "")
    if timeout[-1:] not in ("s", "m", "h"):  # here, unlike elsewhere, the server knows no days
        yield "batchEvents without a timeout, a duration below one day"
    elif seconds(timeout) < 1:
        yield "batch timeout should be more than 1s"


def _find_expression_problems(config: Json) -> Iterator[str]:
    for option, expression in _list_expressions(config):
        kind = "trigger" if option == "triggers" else option
        try:
            check_expression(expression, kind)
        except InvalidExpression as error:
            yield f"{option}: error compiling expression {expression!r}: {error}"


def _list_expressions(config: Json) -> Iterator[tuple[str, str]]:
    """Where a function has expressions, and which."""
    if config.get("idempotency") is not None:
        yield "idempotency", config["idempotency"]
    for option, keys in EXPRESSIONS.items():
        entries = config.get(option) or []
        for entry in entries if isinstance(entries, list) else [entries]:
            for key in keys:
                expression = entry.get(key)
                is_none = expression is None or (expression == "" and option == "debounce")
                if not is_none:
                    yield option, expression
