"""CEL's operators and functions, on values of which none is missing."""

import base64
import binascii
import json
import math
import re
from collections.abc import Callable
from typing import Any

from inngest_devtools.testing.expressions.nodes import MAX_INT, MAX_UINT, MIN_INT, Uint
from inngest_devtools.testing.expressions.values import (
    NO_OVERLOAD,
    Failure,
    TypeName,
    Value,
    equals,
    from_json,
    go_format,
    has_float,
    has_key,
    is_number,
    type_of,
)
from inngest_devtools.testing.unsupported import Unsupported

# Of Go's regular expressions (RE2) what Python's read in the same way.
_COMMON_REGEX = re.compile(
    r"""(?:
        (?: [^\\\[\](){}*+?|^$] | \\[dwsDWS.^$*+?()\[\]{}|\\/-] | \)
          | \[\^?(?:[^\\\]\[] | \\[dwsDWS.\\\]\[^-])+\] )
        (?: (?:[*+?] | \{[0-9]{1,3}(?:,[0-9]{0,3})?\}) \?? (?![*+?{]) )?
      | (?: [\^$|] | \\[bB] | \((?:\?:)? ) (?![*+?{])
    )*""",
    re.VERBOSE,
)


def call(function: str, args: list[Value]) -> Value:
    """An operator or a function on values of which none is missing.

    Raises:
        Unsupported: The function exists on the server, and is not imitated.
    """
    if function in _ORDER:
        return _compare(_ORDER[function], *args)
    if _UNSUPPORTED.fullmatch(function):
        raise Unsupported(f"{function}() in an expression")
    known = _FUNCTIONS.get((function, len(args)))
    return known(*args) if known else Failure(f"no such overload: {function}")


# --- Order


_ORDER: dict[str, Callable[[int], bool]] = {
    "_<_": lambda order: order < 0,
    "_<=_": lambda order: order <= 0,
    "_>_": lambda order: order > 0,
    "_>=_": lambda order: order >= 0,
}


def _compare(holds: Callable[[int], bool], left: Value, right: Value) -> Value:
    are_numbers = is_number(left) and is_number(right)
    are_alike = type(left) is type(right) and isinstance(left, (str, bool))
    if not are_numbers and not are_alike:
        return NO_OVERLOAD
    if has_float(left, right):
        left, right = float(left), float(right)
    return holds((left > right) - (left < right))


# --- Arithmetic


def _whole(value: int, kind: type) -> Value:
    low, high = (0, MAX_UINT) if kind is Uint else (MIN_INT, MAX_INT)
    return kind(value) if low <= value <= high else Failure("integer overflow")


def _arithmetic(
    on_integers: Callable[[int, int], int], on_doubles: Callable[[float, float], float] | None
) -> Callable[[Value, Value], Value]:
    """An operator that takes two numbers of one type: CEL converts none."""

    def operate(left: Value, right: Value) -> Value:
        if type(left) is not type(right) or not is_number(left):
            return NO_OVERLOAD
        if isinstance(left, float):
            return on_doubles(left, right) if on_doubles else NO_OVERLOAD
        try:
            return _whole(on_integers(int(left), int(right)), type(left))
        except ZeroDivisionError:
            return Failure("division by zero")

    return operate


def _divide(left: int, right: int) -> int:
    """Towards zero, as Go does."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _divide_doubles(left: float, right: float) -> float:
    if right:
        return left / right
    return math.nan if not left else math.copysign(math.inf, left) * math.copysign(1, right)


_add_numbers = _arithmetic(lambda left, right: left + right, lambda left, right: left + right)


def _add(left: Value, right: Value) -> Value:
    if type(left) is type(right) and isinstance(left, (str, list)):
        return left + right
    return _add_numbers(left, right)


def _negate(value: Value) -> Value:
    if isinstance(value, float):
        return -value
    return _whole(-value, int) if type(value) is int else NO_OVERLOAD


def _not(value: Value) -> Value:
    return not value if isinstance(value, bool) else NO_OVERLOAD


# --- Collections and text


def _is_in(item: Value, container: Value) -> Value:
    if isinstance(container, list):
        return any(equals(item, other) for other in container)
    if isinstance(container, dict):
        return has_key(container, item)
    return NO_OVERLOAD


def _size(value: Value) -> Value:
    return len(value) if isinstance(value, (str, list, dict)) else NO_OVERLOAD


def _on_texts(test: Callable[[str, str], bool]) -> Callable[[Value, Value], Value]:
    def tested(text: Value, part: Value) -> Value:
        if not isinstance(text, str) or not isinstance(part, str):
            return NO_OVERLOAD
        return test(text, part)

    return tested


def _matches(text: str, pattern: str) -> Any:
    if not _COMMON_REGEX.fullmatch(pattern):
        raise Unsupported(f"the regular expression {pattern!r}")
    # `$` is the very end in Go, and `.` is no line feed in both.
    translated = re.sub(r"\\.|\[(?:\\.|[^\]])*\]|\$", _translate_end, pattern)
    try:
        return re.search(translated, text, re.ASCII) is not None
    except re.error:
        return Failure(f"error parsing regexp: {pattern}")


def _translate_end(found: re.Match[str]) -> str:
    return r"\Z" if found[0] == "$" else found[0]


# --- Conversions


def _to_int(value: Value) -> Value:
    if isinstance(value, str):
        return _whole(int(value), int) if re.fullmatch("[+-]?[0-9]+", value) else NO_OVERLOAD
    if not is_number(value) or (isinstance(value, float) and not math.isfinite(value)):
        return NO_OVERLOAD
    return _whole(int(value), int)


def _to_uint(value: Value) -> Value:
    if isinstance(value, str):
        return _whole(int(value), Uint) if re.fullmatch("[0-9]+", value) else NO_OVERLOAD
    if not is_number(value) or (isinstance(value, float) and not math.isfinite(value)):
        return NO_OVERLOAD
    return _whole(int(value), Uint) if value >= 0 else Failure("unsigned integer overflow")


def _to_double(value: Value) -> Value:
    if is_number(value):
        return float(value)
    if not isinstance(value, str):
        return NO_OVERLOAD
    if re.fullmatch(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", value):
        return float(value)
    if re.search("inf|nan|0x|_", value, re.IGNORECASE):
        raise Unsupported(f"double({value!r}) in an expression")
    return NO_OVERLOAD


def _to_string(value: Value) -> Value:
    if isinstance(value, (str, bool, int, float)):
        return go_format(value)
    return NO_OVERLOAD


def _to_bool(value: Value) -> Value:
    if isinstance(value, bool):
        return value
    if value in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    return NO_OVERLOAD


def _base64_decode(value: Value) -> Value:
    if not isinstance(value, str):
        return ""
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise Unsupported("b64decode() of what is no base64 of a text, in an expression") from None


def _parse_json(value: Value) -> Value:
    """An object's fields; of anything else, the server has an object without fields."""
    try:
        parsed = json.loads(value) if isinstance(value, str) else {}
    except ValueError:
        return {}
    return from_json(parsed) if isinstance(parsed, dict) else {}


# --- All of them, by name and number of arguments

_FUNCTIONS: dict[tuple[str, int], Callable[..., Value]] = {
    ("_==_", 2): equals,
    ("_!=_", 2): lambda left, right: not equals(left, right),
    ("!_", 1): _not,
    ("-_", 1): _negate,
    ("_+_", 2): _add,
    ("_-_", 2): _arithmetic(lambda left, right: left - right, lambda left, right: left - right),
    ("_*_", 2): _arithmetic(lambda left, right: left * right, lambda left, right: left * right),
    ("_/_", 2): _arithmetic(_divide, _divide_doubles),
    ("_%_", 2): _arithmetic(lambda left, right: left - right * _divide(left, right), None),
    ("@in", 2): _is_in,
    ("size", 1): _size,
    ("contains", 2): _on_texts(lambda text, part: part in text),
    ("startsWith", 2): _on_texts(str.startswith),
    ("endsWith", 2): _on_texts(str.endswith),
    ("matches", 2): _on_texts(_matches),
    ("int", 1): _to_int,
    ("uint", 1): _to_uint,
    ("double", 1): _to_double,
    ("string", 1): _to_string,
    ("bool", 1): _to_bool,
    ("dyn", 1): lambda value: value,
    ("type", 1): lambda value: TypeName(type_of(value)),
    ("uppercase", 1): lambda value: value.upper() if isinstance(value, str) else "",
    ("lowercase", 1): lambda value: value.lower() if isinstance(value, str) else "",
    ("b64decode", 1): _base64_decode,
    ("json_parse", 1): _parse_json,
}
_UNSUPPORTED = re.compile(
    "bytes|date|duration|timestamp|now|now_plus|now_minus|getDate|getDayOfMonth|getDayOfWeek"
    "|getDayOfYear|getFullYear|getHours|getMilliseconds|getMinutes|getMonth|getSeconds"
)
