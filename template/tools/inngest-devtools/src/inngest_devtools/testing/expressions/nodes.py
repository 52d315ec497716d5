"""What an expression consists of: the tree that the parser makes and the others walk."""

from dataclasses import dataclass

ORDERS = ("_<_", "_<=_", "_>_", "_>=_")
COMPARISONS = ("_==_", "_!=_", *ORDERS)
MIN_INT, MAX_INT, MAX_UINT = -(2**63), 2**63 - 1, 2**64 - 1


class InvalidExpression(ValueError):
    """The server refuses this expression."""


class ExpressionError(ValueError):
    """The server fails to evaluate this expression on this event."""


class Uint(int):
    """An unsigned integer, as in `8u`."""


@dataclass(frozen=True)
class Literal:
    value: object


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Select:
    """`operand.field`"""

    operand: "Node"
    field: str


@dataclass(frozen=True)
class Has:
    """`has(operand.field)`"""

    operand: "Node"
    field: str


@dataclass(frozen=True)
class Call:
    """A function or an operator, named as in CEL: `_==_`, `!_`, `_?_:_`, `_[_]`, `size`."""

    function: str
    args: tuple["Node", ...]
    target: "Node | None" = None


@dataclass(frozen=True)
class ListOf:
    items: tuple["Node", ...]


@dataclass(frozen=True)
class MapOf:
    entries: tuple[tuple["Node", "Node"], ...]


@dataclass(frozen=True)
class Fold:
    """A macro over a list or a map: `source.macro(variable, predicate)`; `map` has a transform."""

    macro: str
    source: "Node"
    variable: str
    predicate: "Node"
    transform: "Node | None" = None


Node = Literal | Name | Select | Has | Call | ListOf | MapOf | Fold
