"""What a function's handler has to look like: the SDK takes any, and fails each run of one that it
cannot call.
"""

import inspect
from collections.abc import Callable
from typing import Any

FORM = "write `async def {name}(ctx: inngest.Context)`, and use ctx.event and ctx.step"


def find_handler_mistake(handler: Callable[..., Any]) -> str | None:
    """Why the SDK could not call a handler, and its right form; None if it can.

    The SDK calls it with one argument, a Context. A wrapper counts as it is, not as what it wraps.
    """
    try:
        signature = inspect.signature(handler, follow_wrapped=False)
    except (TypeError, ValueError):  # written in C, or as strange: the SDK will say
        return None
    name = getattr(handler, "__name__", "handler")
    shown = f"{name}{signature.replace(return_annotation=inspect.Signature.empty)}"
    form = FORM.format(name=name)
    try:
        signature.bind(object())
    except TypeError:
        return f"{shown} cannot be called with one argument: {form}"
    first = next(iter(signature.parameters.values()))
    if _expects_event(first):
        return f"{shown} would get a Context, not an event: {form}"
    return None


def place_of(handler: Callable[..., Any]) -> tuple[str, int]:
    """File and line of a handler; of a wrapped one, those of what it wraps."""
    code = getattr(inspect.unwrap(handler), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else ("", 0)


def _expects_event(parameter: inspect.Parameter) -> bool:
    """As in the older guide: `event`, or `event: Event`; one that says Context is a Context."""
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return False
    annotation = parameter.annotation
    if annotation is inspect.Parameter.empty:
        return parameter.name == "event"
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return text.rpartition(".")[2] == "Event"
