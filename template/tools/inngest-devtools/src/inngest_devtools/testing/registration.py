"""Why a server refuses an app's functions when it registers them.

Its limits are in its source in pkg/consts/consts.go, its rules in pkg/inngest/function.go.
"""

from collections.abc import Iterator

from inngest_devtools.testing.crons import InvalidCron, check_cron
from inngest_devtools.testing.expressions import InvalidExpression, check_expression
from inngest_devtools.testing.protocol import UNITS, Json, seconds

LIMITS = {"concurrency": 2, "triggers": 10, "cancel": 5}
MAX_DEBOUNCE = UNITS["w"]
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
    problems += _find_cron_problems(config)
    problems += _find_concurrency_problems(config)
    if config.get("debounce") and seconds(config["debounce"]["period"]) > MAX_DEBOUNCE:
        problems.append("the debounce period is greater than the max of 168h")
    problems += _find_batch_problems(config)
    problems += _find_expression_problems(config)
    return [f"{config['id']}: {problem}" for problem in problems]


def _find_cron_problems(config: Json) -> Iterator[str]:
    for trigger in config["triggers"]:
        if "cron" in trigger:
            try:
                check_cron(trigger["cron"])
            except InvalidCron as error:
                yield f"{trigger['cron']!r} isn't a valid cron schedule: {error}"


def _find_concurrency_problems(config: Json) -> Iterator[str]:
    for limit in config.get("concurrency") or []:
        if limit.get("scope") in ("account", "env") and limit.get("key") is None:
            yield f"a concurrency key must be specified for {limit['scope']} scoped limits"


def _find_batch_problems(config: Json) -> Iterator[str]:
    batch = config.get("batchEvents")
    if not batch:
        return
    for option in BATCH_CLASHES:
        if config.get(option):
            yield f"batchEvents cannot be combined with {option}"
    if batch["maxSize"] < 2:
        yield "batch size cannot be smaller than 2"
    if batch.get("timeout", "d")[-1] in "dw":
        yield "batchEvents without a timeout, a duration below one day"


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
                if entry.get(key) is not None:
                    yield option, entry[key]
