"""How Inngest's server bends CEL: missing fields, `+`, null, and `&&`, `||` and `?`."""

from inngest_devtools.testing.expressions.functions import call
from inngest_devtools.testing.expressions.interpreter import Interpreter
from inngest_devtools.testing.expressions.nodes import ORDERS, ExpressionError, Uint
from inngest_devtools.testing.expressions.values import (
    UNKNOWN,
    Failure,
    Value,
    go_format,
    is_missing,
    type_of,
)

_ZEROS: dict[str, Value] = {"int": 0, "uint": Uint(0), "double": 0.0, "string": ""}


class Dialect(Interpreter):
    """CEL as Inngest's server bends it. Source: pkg/expressions/unknown.go."""

    def call(self, function: str, args: list[Value]) -> Value:
        if any(map(is_missing, args)):
            return self._call_on_missing(function, args)
        result = call(function, args)
        if not isinstance(result, Failure):
            return result
        if function == "_+_" and type_of(args[0]) != type_of(args[1]):
            return go_format(args[0]) + go_format(args[1])
        if function in ORDERS and None in args:
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
        if function in ORDERS:
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
