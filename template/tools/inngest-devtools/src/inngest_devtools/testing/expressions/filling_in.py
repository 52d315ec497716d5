"""Puts the fields of a run's own event into the condition of its wait or its cancellation.

The server does this once, when the wait begins, and keeps the text that comes of it; what it makes
of the text later knows `async` alone. Source: inngest 1.43.0, pkg/expressions/residual.go.
"""

import json
from collections.abc import Iterator

from inngest_devtools.testing.expressions.interpreter import Interpreter, Variables
from inngest_devtools.testing.expressions.nodes import (
    COMPARISONS,
    Call,
    Has,
    InvalidExpression,
    ListOf,
    Literal,
    MapOf,
    Name,
    Node,
    Select,
    Uint,
)
from inngest_devtools.testing.expressions.parser import parse
from inngest_devtools.testing.expressions.values import (
    Failure,
    TypeName,
    Value,
    go_format,
    is_missing,
)
from inngest_devtools.testing.unsupported import Unsupported


def fill_in(text: str, event: Variables) -> str:
    """The condition with the event's fields as literals.

    Raises:
        Unsupported: The server cannot do it, and leaves the run as it is, past its timeout; or its
            way of leaving out the fields that the event lacks is not imitated.
    """
    if "event." not in text:
        return text
    node = parse(text)
    residual = _Residual(node, {"event": event})
    if isinstance(residual.evaluate(node, {}), Failure):
        raise Unsupported(_stuck(text))
    filled_in = residual.prune(node)
    written = _write(filled_in, text)
    try:
        parse(written)
    except InvalidExpression:
        # The server writes a round number from a million on, such as 2000000, as 2e+06.0.
        raise Unsupported(_stuck(text)) from None
    if "event." not in written:
        return written
    return _write_with_nulls(filled_in, text)


def _stuck(text: str) -> str:
    return (
        f"the condition {text!r}, into which the server cannot put the fields of the run's event:"
        " a wait with it leaves the run RUNNING past its timeout"
    )


class _Residual(Interpreter):
    """Finds what of an expression is known before `async` is."""

    def prune(self, node: Node) -> Node:
        """The expression with literals for what is known."""
        value = self.evaluate(node, {})
        if not is_missing(value):
            return _as_literal(value)
        match node:
            case Call("_&&_" | "_||_", (left, right)):
                # One side alone cannot be known and decide; where one is known the other remains.
                if not is_missing(self.evaluate(left, {})):
                    return self.prune(right)
                if not is_missing(self.evaluate(right, {})):
                    return self.prune(left)
                return Call(node.function, (self.prune(left), self.prune(right)))
            case Call("_?_:_", (condition, when_true, when_false)):
                chosen = self.evaluate(condition, {})
                if not is_missing(chosen):
                    return self.prune(when_true if chosen else when_false)
            case Call("_[_]"):
                return node
            case Call("@in", (_, container)):
                if self.evaluate(container, {}) in ([], {}):
                    return Literal(False)
        match node:
            case Call(function, args, target):
                pruned = tuple(map(self.prune, args))
                return Call(function, pruned, target and self.prune(target))
            case ListOf(items):
                return ListOf(tuple(map(self.prune, items)))
            case MapOf(entries):
                return MapOf(tuple((self.prune(key), self.prune(value)) for key, value in entries))
        return node


def _as_literal(value: Value) -> Node:
    if isinstance(value, list):
        return ListOf(tuple(map(_as_literal, value)))
    if isinstance(value, dict):
        return MapOf(tuple((Literal(key), _as_literal(item)) for key, item in value.items()))
    return Literal(value)


def _write(node: Node, text: str) -> str:
    match node:
        case Literal(value):
            return _write_literal(value)
        case Name(name):
            return name
        case Select(operand, field):
            return f"{_write(operand, text)}.{field}"
        case Has(operand, field):
            return f"has({_write(operand, text)}.{field})"
        case ListOf(items):
            return f"[{', '.join(_write(item, text) for item in items)}]"
        case MapOf(entries):
            pairs = [f"{_write(key, text)}: {_write(value, text)}" for key, value in entries]
            return f"{{{', '.join(pairs)}}}"
        case Call("_[_]", (operand, index)):
            return f"{_write(operand, text)}[{_write(index, text)}]"
        case Call("_?_:_", args):
            condition, when_true, when_false = (_write(arg, text) for arg in args)
            return f"(({condition}) ? ({when_true}) : ({when_false}))"
        case Call("!_" | "-_" as function, (operand,)):
            return f"{function[0]}({_write(operand, text)})"
        case Call(function, (left, right)) if function[0] in "_@":
            operator = function.strip("_@")
            return f"({_write(left, text)} {operator} {_write(right, text)})"
        case Call(function, args, target):
            prefix = f"({_write(target, text)})." if target else ""
            return f"{prefix}{function}({', '.join(_write(arg, text) for arg in args)})"
    raise Unsupported(_stuck(text))


def _write_literal(value: Value) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Uint):
        return f"{value}u"
    if isinstance(value, float):
        written = go_format(value)
        return written if "." in written else f"{written}.0"
    if isinstance(value, TypeName):
        raise Unsupported("a type in the condition of a wait")
    return json.dumps(value)


def _write_with_nulls(node: Node, text: str) -> str:
    """The condition as the server writes it where the event lacks a field: by its comparisons.

    On the left of an operator a missing field becomes null, on the right it stays, to be missing
    later: `event.data.x == async.data.y` is `async.data.y == null`, the other way round it never
    holds. What stands between comparisons is kept only where all are joined alike.
    """
    comparisons = [node]
    joint = ""
    match node:
        case Call("_&&_" | "_||_" as joint, _):
            comparisons = list(_joined(node, joint))
    operator = f" {joint.strip('_')} "
    return operator.join(_write_comparison(comparison, text) for comparison in comparisons)


def _joined(node: Node, joint: str) -> Iterator[Node]:
    match node:
        case Call(function, (left, right)) if function == joint:
            yield from _joined(left, joint)
            yield from _joined(right, joint)
        case _:
            yield node


def _write_comparison(node: Node, text: str) -> str:
    match node:
        case Call(function, (left, right)) if function in COMPARISONS:
            operator = function.strip("_")
            paths = [_write(side, text) for side in (left, right) if _is_path(side)]
            literals = [side.value for side in (left, right) if isinstance(side, Literal)]
            if len(paths) == 2:
                if paths[0].startswith("event."):
                    return f"{paths[1]} {operator} null"
                return f"{paths[0]} {operator} {paths[1]}"
            if len(paths) == 1 and literals and _is_rewritten(operator, literals[0]):
                path = "null" if paths[0].startswith("event.") else paths[0]
                return f"{path} {operator} {_write_again(literals[0])}"
    raise Unsupported(f"the condition {text!r}, with a field that the run's event does not have")


def _is_path(node: Node) -> bool:
    while isinstance(node, Select):
        node = node.operand
    return isinstance(node, Name) and node.name in ("event", "async")


def _is_rewritten(operator: str, value: Value) -> bool:
    if isinstance(value, (list, dict, Uint)):
        return False
    if value is None or isinstance(value, bool):
        return operator in ("==", "!=")
    return isinstance(value, str) or (value >= 0 and "e" not in go_format(value))


def _write_again(value: Value) -> str:
    if isinstance(value, str):  # what is quoted once is text with its quotes' backslashes by now
        return _write_literal(_write_literal(value)[1:-1])
    return _write_literal(value)
