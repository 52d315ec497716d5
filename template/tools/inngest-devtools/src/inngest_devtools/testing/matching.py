"""Whether an event matches an expression, and what a key comes to; see `expressions` for the language."""

import re
from typing import Any

from inngest_devtools.testing.protocol import Json
from inngest_devtools.testing.unsupported import Unsupported


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
    parts = [part.strip() for part in expression.split("&&")]
    return all(evaluate(part, event, async_event or event) is True for part in parts)


def evaluate_key(expression: str | None, event: Json) -> Any:
    """What a key's expression comes to, in a form by which equal keys are found equal."""
    if expression is None:
        return None
    value = evaluate(expression, event, event)
    return value if isinstance(value, bool) else str(value)


def evaluate(expression: str, event: Json, async_event: Json) -> Any:
    """The value of a path, a quoted string, or a comparison of two of them."""
    left, equals, right = expression.partition("==")
    if equals:
        return evaluate(left.strip(), event, async_event) == evaluate(
            right.strip(), event, async_event
        )
    if quoted := re.fullmatch(r"'([^'\\]*)'|\"([^\"\\]*)\"", expression):
        return quoted[1] or quoted[2] or ""
    if re.fullmatch(r"-?\d+", expression):
        return int(expression)
    if not re.fullmatch(r"(event|async)(\.\w+)+", expression):
        raise Unsupported(f"the expression {expression!r}")
    root, *names = expression.split(".")
    value: Any = event if root == "event" else async_event
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
