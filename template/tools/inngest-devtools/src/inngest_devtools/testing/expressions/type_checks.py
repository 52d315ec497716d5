"""What the server refuses at sync: names and functions that there are not, types that cannot fit.

Fields of an event are of any type, so only literals, operators and functions give a type away.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from inngest_devtools.testing.expressions.nodes import (
    COMPARISONS,
    Call,
    Fold,
    Has,
    InvalidExpression,
    ListOf,
    Literal,
    MapOf,
    Name,
    Node,
    Select,
)
from inngest_devtools.testing.expressions.values import TYPE_NAMES, type_of


@dataclass(frozen=True)
class Type:
    """A type by its name; of lists and maps, also what they hold."""

    name: str
    key: "Type | None" = None
    item: "Type | None" = None

    def fits(self, wanted: Self) -> bool:
        if "dyn" in (self.name, wanted.name):
            return True
        if self.name == "null_type" and wanted.name in ("timestamp", "duration"):
            return True
        return self.name == wanted.name and all(
            mine is None or other is None or mine.fits(other)
            for mine, other in ((self.key, wanted.key), (self.item, wanted.item))
        )

    def __str__(self) -> str:
        inner = ", ".join(str(part) for part in (self.key, self.item) if part)
        return f"{self.name}({inner})" if inner else self.name


DYN = Type("dyn")
BOOL = Type("bool")
INT = Type("int")
STRING = Type("string")
EVENT = Type("map", key=STRING, item=DYN)
Scope = Mapping[str, Type]

_DECLARED: Scope = {"event": EVENT, "async": EVENT, "vars": EVENT}

# Overloads, each "arguments -> result"; what is called on a value has that as its first argument.
_ARITHMETIC = ("int int -> int", "uint uint -> uint", "double double -> double")
_SIZES = ("string -> int", "bytes -> int", "list -> int", "map -> int")
_TEXT_TESTS = ("string string -> bool",)
_DATE_PARTS = ("timestamp -> int", "timestamp string -> int")
_TIME_PARTS = (*_DATE_PARTS, "duration -> int")
_FUNCTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(COMPARISONS, ("dyn dyn -> bool",)),
    **dict.fromkeys(("_&&_", "_||_"), ("bool bool -> bool",)),
    "!_": ("bool -> bool",),
    "-_": ("int -> int", "double -> double"),
    "_+_": ("dyn dyn -> dyn",),
    "_-_": (
        *_ARITHMETIC,
        "timestamp timestamp -> duration",
        "timestamp duration -> timestamp",
        "duration duration -> duration",
    ),
    **dict.fromkeys(("_*_", "_/_"), _ARITHMETIC),
    "_%_": _ARITHMETIC[:2],
    "size": _SIZES,
    "matches": _TEXT_TESTS,
    "bool": ("bool -> bool", "string -> bool"),
    "bytes": ("bytes -> bytes", "string -> bytes"),
    "double": tuple(f"{name} -> double" for name in ("double", "int", "string", "uint")),
    "duration": tuple(f"{name} -> duration" for name in ("duration", "int", "string")),
    "dyn": ("dyn -> dyn",),
    "int": tuple(
        f"{name} -> int" for name in ("int", "double", "duration", "string", "timestamp", "uint")
    ),
    "string": tuple(
        f"{name} -> string"
        for name in ("string", "bool", "bytes", "double", "duration", "int", "timestamp", "uint")
    ),
    "timestamp": tuple(f"{name} -> timestamp" for name in ("timestamp", "int", "string")),
    "type": ("dyn -> type",),
    "uint": tuple(f"{name} -> uint" for name in ("uint", "double", "int", "string")),
    **dict.fromkeys(("lowercase", "uppercase", "b64decode"), ("string -> string",)),
    "json_parse": ("string -> dyn",),
    "date": ("dyn -> timestamp",),
    "now": (" -> timestamp",),
    **dict.fromkeys(("now_plus", "now_minus"), ("string -> timestamp",)),
}
_METHODS: dict[str, tuple[str, ...]] = {
    "size": _SIZES,
    **dict.fromkeys(("contains", "startsWith", "endsWith", "matches"), _TEXT_TESTS),
    **dict.fromkeys(
        (
            "getDate",
            "getDayOfMonth",
            "getDayOfWeek",
            "getDayOfYear",
            "getFullYear",
            "getMonth",
        ),
        _DATE_PARTS,
    ),
    **dict.fromkeys(("getHours", "getMilliseconds", "getMinutes", "getSeconds"), _TIME_PARTS),
}

# All that the condition of a cancellation may call. Source: pkg/expressions/validation.go.
_ALLOWED = {
    *("_?_:_", "_&&_", "_||_", "!_", "_[_]", "@in"),
    *COMPARISONS,
    *("int", "uint", "double"),
}


def check_types(node: Node, scope: Scope = _DECLARED) -> Type:
    """The type of an expression.

    Raises:
        InvalidExpression: It names what there is not, or its types do not fit.
    """
    match node:
        case Literal(value):
            return Type(type_of(value))
        case Name(name):
            return _type_of_name(name, scope)
        case Select(operand, field) | Has(operand, field):
            selected = _type_of_field(check_types(operand, scope), field)
            return BOOL if isinstance(node, Has) else selected
        case ListOf(items):
            return Type("list", item=_join(check_types(item, scope) for item in items))
        case MapOf(entries):
            keys = _join(check_types(key, scope) for key, _ in entries)
            return Type("map", keys, _join(check_types(value, scope) for _, value in entries))
        case Fold():
            return _type_of_fold(node, scope)
        case Call(function, args, target):
            operands = args if target is None else (target, *args)
            types = [check_types(operand, scope) for operand in operands]
            return _type_of_call(function, types, is_method=target is not None)


def find_disallowed(node: Node) -> str | None:
    """What the server does not allow in the condition of a cancellation, the first of it.

    It does not look into macros, lists and maps, nor at what a method is called on.
    """
    match node:
        case Fold():
            return "macros are disallowed"
        case Has():
            return "macros are disallowed (uses 'has')"
        case Select(operand):
            return find_disallowed(operand)
        case Call(function, args):
            if function not in _ALLOWED:
                return f"function calls are disallowed (uses '{function}')"
            return next(filter(None, map(find_disallowed, args)), None)
    return None


def _type_of_name(name: str, scope: Scope) -> Type:
    if name in scope:
        return scope[name]
    if name in TYPE_NAMES:
        return Type("type")
    raise InvalidExpression(f"undeclared reference to '{name}'")


def _type_of_field(operand: Type, field: str) -> Type:
    if operand.name == "map":
        return operand.item or DYN
    if operand.name != "dyn":
        raise InvalidExpression(f"type '{operand}' does not support field selection ('{field}')")
    return DYN


def _type_of_fold(fold: Fold, scope: Scope) -> Type:
    source = check_types(fold.source, scope)
    if source.name not in ("list", "map", "dyn"):
        raise InvalidExpression(f"expression of type '{source}' cannot be range of a {fold.macro}")
    items = source.key if source.name == "map" else source.item
    inner = {**scope, fold.variable: items or DYN}
    if not check_types(fold.predicate, inner).fits(BOOL):
        raise InvalidExpression(f"found no matching overload for the condition of {fold.macro}")
    if fold.transform:
        check_types(fold.transform, inner)
    # The lists of `filter` and `map` grow by `+`, of which the server knows no type.
    return Type("list", item=DYN) if fold.macro in ("filter", "map") else BOOL


def _type_of_call(function: str, types: list[Type], *, is_method: bool) -> Type:
    result: Type | None
    match function, types:
        case "_?_:_", (condition, when_true, when_false):
            result = _conditional(condition, when_true, when_false)
        case "_[_]", (operand, index):
            result = _index(operand, index)
        case "@in", (item, container):
            result = _in(item, container)
        case _:
            result = _overloaded(function, types, is_method)
    if result is None:
        applied = ", ".join(map(str, types))
        raise InvalidExpression(f"found no matching overload for '{function}' applied to {applied}")
    return result


def _overloaded(function: str, types: list[Type], is_method: bool) -> Type | None:
    functions = _METHODS if is_method else _FUNCTIONS
    if function not in _METHODS and function not in _FUNCTIONS:
        raise InvalidExpression(f"undeclared reference to '{function}'")
    results: list[Type] = []
    for overload in functions.get(function, ()):
        wanted, _, result = overload.partition("->")
        arguments = wanted.split()
        fitting = map(Type.fits, types, map(Type, arguments))
        if len(arguments) == len(types) and all(fitting):
            results.append(Type(result.strip()))
    return _join(results) if results else None


def _conditional(condition: Type, when_true: Type, when_false: Type) -> Type | None:
    if not condition.fits(BOOL) or not when_true.fits(when_false):
        return None
    return _join([when_true, when_false])


def _index(operand: Type, index: Type) -> Type | None:
    wanted = INT if operand.name == "list" else operand.key or DYN
    if operand.name not in ("list", "map", "dyn") or not index.fits(wanted):
        return None
    return operand.item or DYN


def _in(item: Type, container: Type) -> Type | None:
    held = container.key if container.name == "map" else container.item
    if container.name not in ("list", "map", "dyn") or not item.fits(held or DYN):
        return None
    return BOOL


def _join(types: Iterator[Type] | list[Type]) -> Type:
    """The type that all have, or any."""
    different = set(types)
    return different.pop() if len(different) == 1 else DYN
