"""Whether an event matches a trigger or an expression, and what a key comes to for it."""

from typing import Any, Final

from inngest_devtools.testing.expressions import (
    ExpressionError,
    InvalidExpression,
    evaluate,
    matches,
)
from inngest_devtools.testing.protocol import Json, public_event

NO_KEY: Final = "the server fails to evaluate this key"


def triggers(trigger: Json, event: Json) -> bool:
    """Whether an event runs a function that has this trigger; a cron's never is."""
    pattern: str | None = trigger.get("event")
    name: str = event["name"]
    if pattern is None:
        return False
    is_named = name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
    return is_named and holds(trigger.get("expression"), event)


def holds(expression: str | None, event: Json, async_event: Json | None = None) -> bool:
    """Whether an expression is true; without one all is well.

    Args:
        event: What `event` means: the event that started the run.
        async_event: What `async` means: the event that has just arrived.
    """
    if expression is None:
        return True
    arrived = public_event(async_event) if async_event else None
    return matches(expression, public_event(event), arrived)


def evaluate_key(expression: str | None, event: Json) -> Any:
    """What a key's expression comes to, in a form by which equal keys are found equal.

    False where its field is missing, or where the expression is false; `NO_KEY` where it fails.
    """
    if expression is None:
        return None
    try:
        value = evaluate(expression, public_event(event))
    except (ExpressionError, InvalidExpression):
        return NO_KEY
    return value if isinstance(value, bool) else f"{type(value).__name__} {value}"


def find_number(expression: str, event: Json) -> int:
    """What a priority comes to: a whole number, or nothing."""
    try:
        value = evaluate(expression, public_event(event))
    except (ExpressionError, InvalidExpression):
        return 0
    return int(value) if isinstance(value, int | float) else 0
