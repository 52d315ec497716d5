"""The values of expressions: what they are, which are equal, and how they are written.

Values are Python's own: None, bool, int, float, str, list, dict, beside `Uint`, `TypeName` and the
two below that are no values: `UNKNOWN` and `Failure`. Numbers of an event are always floats.
"""

import math
from dataclasses import dataclass
from typing import Any

from inngest_devtools.testing.expressions.nodes import Uint
from inngest_devtools.testing.unsupported import Unsupported

Value = Any


@dataclass(frozen=True)
class Failure:
    """What is left of an operation that cannot be done; the dialect mostly goes on with it."""

    message: str


@dataclass(frozen=True)
class TypeName:
    """A type as a value, as in `type(x) == string`."""

    name: str


class _Unknown:
    """A field that the event does not have."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()
NO_OVERLOAD = Failure("no such overload")
TYPE_NAMES = {
    *("bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"),
}


def type_of(value: Value) -> str:
    """The name of a value's type."""
    if value is None:
        return "null_type"
    if value is UNKNOWN:
        return "unknown"
    names = {
        Failure: "error",
        bool: "bool",
        Uint: "uint",
        int: "int",
        float: "double",
        str: "string",
        list: "list",
        dict: "map",
        TypeName: "type",
    }
    return names[type(value)]


def from_json(value: Any) -> Value:
    """A value of an event as the server reads it: every number a double."""
    if isinstance(value, dict):
        return {name: from_json(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [from_json(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_missing(value: Value) -> bool:
    return value is UNKNOWN or isinstance(value, Failure)


def equals(left: Value, right: Value) -> bool:
    """Numbers of all types compare; other types that differ are simply not equal."""
    if is_number(left) and is_number(right):
        # An int is compared as a double with a double, whatever that loses.
        return bool(float(left) == float(right)) if has_float(left, right) else left == right
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equals, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equals(left[key], right[key]) for key in left)
    return bool(left == right)


def select(operand: Value, key: Value) -> Value:
    """`operand[key]` and `operand.key`."""
    if is_missing(key):
        return key
    if isinstance(operand, dict):
        return operand[key] if has_key(operand, key) else Failure(f"no such key: {key}")
    if isinstance(operand, list):
        index = _as_index(key)
        if index is None:
            return Failure(f"unsupported index type '{type_of(key)}' in list")
        return operand[index] if 0 <= index < len(operand) else Failure(f"no such index: {key}")
    return Failure(f"no such key: {key}")


def has(operand: Value, field: str) -> Value:
    """Whether a map has a field; of what is no map it is not asked."""
    if is_missing(operand):
        return operand
    if isinstance(operand, list):
        return Failure("unsupported index type 'string' in list")
    return isinstance(operand, dict) and field in operand


def go_format(value: Value) -> str:
    """What Go prints for `%v`, which is how `+` joins a text and another value."""
    if isinstance(value, (bool, TypeName)):
        return str(value).lower() if isinstance(value, bool) else value.name
    if isinstance(value, float):
        return _format_double(value)
    if isinstance(value, list):
        return f"[{' '.join(_format_inner(item) for item in value)}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_format_inner(value[key])}' for key in sorted(value))}]"
    if isinstance(value, Failure):
        raise Unsupported("`+` in an expression, on a value that could not be computed")
    return "NULL_VALUE" if value is None else str(value)


def _format_inner(value: Value) -> str:
    if value is None:
        raise Unsupported("`+` in an expression, on a list or map with null in it")
    return go_format(value)


def _format_double(number: float) -> str:
    """Go's %g: the fewest digits that tell it apart; an exponent below 1e-4 and from 1e6 on."""
    if not math.isfinite(number):
        return {"inf": "+Inf", "-inf": "-Inf"}.get(str(number), "NaN")
    digits = repr(number).partition("e")[0].lstrip("-").replace(".", "").strip("0")
    decimals = max(len(digits) - 1, 0)
    with_exponent = f"{number:.{decimals}e}"
    power = int(with_exponent.partition("e")[2])
    if -4 <= power < 6:
        return f"{number:.{max(decimals - power, 0)}f}"
    return with_exponent


def has_float(*numbers: Value) -> bool:
    return any(isinstance(number, float) for number in numbers)


def has_key(operand: dict[str, Value], key: Value) -> bool:
    return isinstance(key, str) and key in operand


def _as_index(key: Value) -> int | None:
    if not is_number(key) or key != int(key):
        return None
    return int(key)
