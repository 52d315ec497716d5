"""A place where work gets lost, and how a rule names it."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from inngest_devtools.adopt.calls import Function
from inngest_devtools.words import t


@dataclass(frozen=True, order=True)
class LostWork:
    """A place, what can get lost there, and the function skeleton that is made for it.

    Args:
        example: Its name among the answers to `examples`.
    """

    path: str
    line: int
    what: str
    loss: str
    example: str


Rule = Callable[[Function], Iterator[LostWork]]


def place_at(function: Function, node: ast.AST, what: str, loss: str, example: str) -> LostWork:
    line: int = getattr(node, "lineno", function.node.lineno)
    return LostWork(function.source.path, line, what, loss, example)


def by_route(function: Function) -> str:
    """The route that reaches a function, as the end of a sentence."""
    origin = function.reached_from
    return t(", by {route}", route=origin.route) if origin and origin.route else ""
