"""Inngest's expressions, as its server reads them: in triggers, cancellations, waits and keys.

They are CEL on paper. The server answers otherwise wherever a field is missing, types differ or
`&&`, `||` and `?` meet what is no boolean, and it does so in a way that no CEL package follows.
What is here was read in the server's source (inngest 1.43.0, `pkg/expressions`) and held to its
answers.
"""

from typing import Any

from inngest_devtools.testing._expression_cel import Interpreter
from inngest_devtools.testing._expression_parser import (
    InvalidExpression,
    Uint,
    lift_literals,
    parse,
)
from inngest_devtools.testing._expression_residual import fill_in
from inngest_devtools.testing._expression_types import check_types, find_disallowed
from inngest_devtools.testing._expression_values import (
    UNKNOWN,
    Failure,
    TypeName,
    Value,
    call,
    from_json,
    go_format,
    is_missing,
    type_of,
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

_ZEROS: dict[str, Value] = {"int": 0, "uint": Uint(0), "double": 0.0, "string": ""}
_ORDERS = ("_<_", "_<=_", "_>_", "_>=_")


class ExpressionError(ValueError):
    """The server fails to evaluate this expression on this event."""


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
    value = _Dialect(node, variables).evaluate(node, {})
    if isinstance(value, Failure):
        raise ExpressionError(f"{value.message}: {text!r}")
    return False if value is UNKNOWN else value


class _Dialect(Interpreter):
    """CEL as Inngest's server bends it. Source: pkg/expressions/unknown.go."""

    def call(self, function: str, args: list[Value]) -> Value:
        if any(map(is_missing, args)):
            return self._call_on_missing(function, args)
        result = call(function, args)
        if not isinstance(result, Failure):
            return result
        if function == "_+_" and type_of(args[0]) != type_of(args[1]):
            return go_format(args[0]) + go_format(args[1])
        if function in _ORDERS and None in args:
            return _compare_with_null(function, args)
        return result

    def logical(self, left: Value, right: Value, *, absorbing: bool) -> Value:
        """As in JavaScript: the operand that decides is the value."""
        return left if _is_truthy(left) is absorbing else right

    def condition(self, value: Value) -> Value:
        return _is_truthy(value)

    def may_go_on(self, value: Value) -> bool:
        return _is_undeclared(value) if is_missing(value) else super().may_go_on(value)

    def _call_on_missing(self, function: str, args: list[Value]) -> Value:
        """A value for what has none: a missing field is null here, and less than all else."""
        if function == "_+_" and {type_of(arg) for arg in args} > {"error"} and UNKNOWN not in args:
            return go_format(args[0]) + go_format(args[1])  # a failure is joined like any value
        if any(map(_is_undeclared, args)):
            return super().call(function, args)
        if function == "_+_":
            return next((arg for arg in args if arg is not UNKNOWN), False)
        if function in ("_==_", "_!=_"):
            return (None in args) is (function == "_==_")
        if function in _ORDERS:
            return is_missing(args[0]) is (function in ("_<_", "_<=_"))
        return 0 if function == "size" else False


def _compare_with_null(function: str, args: list[Value]) -> Value:
    """Null stands for the other's zero: `null < 5` is `0 < 5`."""
    kinds = {type_of(arg) for arg in args} - {"null_type"}
    zero = next((_ZEROS[kind] for kind in kinds if kind in _ZEROS), None)
    left, right = (zero if arg is None else arg for arg in args)
    if kinds and not isinstance(left, (bool, int, float, str)):
        # Here the server's evaluation ends at once, whatever `||` or `!` there is around it.
        raise ExpressionError(f"expression did not return true or false: {function} on null")
    return call(function, [left, right])


def _is_truthy(value: Value) -> bool:
    """As in JavaScript, where an empty list is true; what is missing is false."""
    if is_missing(value) or value is None:
        return False
    return bool(value) if isinstance(value, (bool, str, int, float)) else True


def _is_undeclared(value: Value) -> bool:
    return isinstance(value, Failure) and value.message.startswith("no such attribute")
