"""What a rule finds."""

import ast
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """A mistake, or a hint, in a line of a file."""

    line: int
    message: str
    is_hint: bool = False


def mistake(node: ast.expr | ast.stmt | ast.ExceptHandler, message: str) -> Finding:
    return Finding(node.lineno, message)


def hint(node: ast.expr | ast.stmt | ast.ExceptHandler, message: str) -> Finding:
    return Finding(node.lineno, message, is_hint=True)
