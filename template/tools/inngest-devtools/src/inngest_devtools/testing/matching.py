"""Whether an event matches a trigger, a wait or a cancellation."""

import re
from typing import Any

from inngest_devtools.testing.protocol import Json
from inngest_devtools.testing.unsupported import Unsupported


def matches(trigger: Json, event: Json) -> bool:
    pattern: str = trigger["event"]
    name: str = event["name"]
    is_named = name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
    return is_named and holds(trigger.get("expression"), event, event)


def holds(expression: str | None, event: Json, async_event: Json) -> bool:
    return expression is None or all(
        evaluate(part.strip(), event, async_event) is True for part in expression.split("&&")
    )


def evaluate(expression: str, event: Json, async_event: Json) -> Any:
    """The value of a path, a quoted string, or a comparison of two of them.

    Args:
        event: What `event` means: the event that started the run.
        async_event: What `async` means: the event that has just arrived.
    """
    left, equals, right = expression.partition("==")
    if equals:
        return evaluate(left.strip(), event, async_event) == evaluate(
            right.strip(), event, async_event
        )
    if quoted := re.fullmatch(r"'([^'\\]*)'|\"([^\"\\]*)\"", expression):
        return quoted[1] or quoted[2] or ""
    if not re.fullmatch(r"(event|async)(\.\w+)+", expression):
        raise Unsupported(f"the expression {expression!r}")
    root, *names = expression.split(".")
    value: Any = event if root == "event" else async_event
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
