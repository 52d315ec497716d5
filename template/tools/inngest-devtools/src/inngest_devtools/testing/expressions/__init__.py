"""Inngest's expressions, as its server reads them: in triggers, cancellations, waits and keys.

They are CEL on paper. The server answers otherwise wherever a field is missing, types differ or
`&&`, `||` and `?` meet what is no boolean, and it does so in a way that no CEL package follows.
What is here was read in the server's source (inngest 1.43.0, `pkg/expressions`) and held to its
answers.

The way of an expression: `type_checks` when an app syncs; then for each event, `filling_in` (of a
wait's condition), `literals`, `parser`, `interpreter` (CEL's rules) under `dialect` (the server's).
"""

from typing import Any

from inngest_devtools.testing.expressions.dialect import Dialect
from inngest_devtools.testing.expressions.filling_in import fill_in
from inngest_devtools.testing.expressions.literals import lift_literals
from inngest_devtools.testing.expressions.nodes import ExpressionError, InvalidExpression, Uint
from inngest_devtools.testing.expressions.parser import parse
from inngest_devtools.testing.expressions.type_checks import check_types, find_disallowed
from inngest_devtools.testing.expressions.values import (
    UNKNOWN,
    Failure,
    TypeName,
    Value,
    from_json,
)
from inngest_devtools.testing.unsupported import Unsupported

__all__ = [
    "ExpressionError",
    "InvalidExpression",
    "Unsupported",
    "check_expression",
    "evaluate",
    "matches",
]

Json = dict[str, Any]

# What the server does with an expression when an app syncs.
_CHECKED = ("trigger", "wait", "idempotency", "rateLimit", "debounce", "batchEvents")
_ONLY_PARSED = ("concurrency", "priority")
_NOT_CHECKED = ("throttle", "singleton")


def check_expression(text: str, kind: str) -> None:
    """Whether the server takes an expression (inngest 1.43.0, seen at POST /fn/register).

    Args:
        kind: Where it stands: `trigger`, `cancel`, `concurrency`, `priority`, `idempotency`,
            `rateLimit`, `debounce`, `batchEvents`, `throttle` or `singleton`; or `wait`, which the
            server checks when a run gets there, to fail the run with `InvalidExpression`.

    Raises:
        InvalidExpression: It does not.
        Unsupported: It may, and we do not know.
    """
    if kind in _NOT_CHECKED:
        return
    if kind in _ONLY_PARSED:  # any name will do, and quotes need not even be closed
        parse(lift_literals(text)[0])
        return
    if kind not in (*_CHECKED, "cancel"):
        raise ValueError(f"no place for expressions is called {kind!r}")
    node = parse(text)
    check_types(node)
    disallowed = find_disallowed(node) if kind == "cancel" else None
    if disallowed:
        raise InvalidExpression(f"validation failed: {disallowed}, in {text!r}")


def matches(text: str, event: Json, async_event: Json | None = None) -> bool:
    """Whether an expression holds; one that fails, or is neither true nor false, does not.

    Args:
        event: What `event` means: the event that came, or the one that started the run.
        async_event: What `async` means: the event that came, for waits and cancellations.

    Raises:
        Unsupported: It has what is not imitated, or it is a wait's and the server leaves the run
            RUNNING past the timeout of that wait.
    """
    try:
        if async_event is None:
            return _evaluate(text, {"event": _as_map(event)}) is True
        filled_in = fill_in(text, _as_map(event))
        return _evaluate(filled_in, {"async": _as_map(async_event)}) is True
    except (ExpressionError, InvalidExpression):
        return False


def evaluate(text: str, event: Json) -> Any:
    """The value of a key or a priority for an event, as JSON; False where its field is missing.

    Raises:
        ExpressionError: It has none.
        Unsupported: It has what is not imitated.
    """
    value = _evaluate(text, {"event": _as_map(event)})
    if isinstance(value, TypeName):
        raise Unsupported(f"a type as the value of the expression {text!r}")
    return int(value) if isinstance(value, Uint) else value


def _as_map(event: Json) -> Json:
    """An event as expressions see it: with `data` and `user` even where it has none."""
    maps = {name: event.get(name) or {} for name in ("data", "user")}
    return {name: from_json(value) for name, value in {**event, **maps}.items()}


def _evaluate(text: str, variables: Json) -> Value:
    written, lifted = lift_literals(text)
    if lifted:
        variables = {**variables, "vars": lifted}
    node = parse(written)
    value = Dialect(node, variables).evaluate(node, {})
    if isinstance(value, Failure):
        raise ExpressionError(f"{value.message}: {text!r}")
    return False if value is UNKNOWN else value
