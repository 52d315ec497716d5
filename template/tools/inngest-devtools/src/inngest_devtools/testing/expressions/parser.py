"""Reads the text of an expression into nodes: the grammar of CEL.

First into tokens, then by recursive descent: `_Parser` has a method for each level of precedence.
"""

import re
from collections.abc import Callable
from math import isfinite
from typing import NamedTuple

from inngest_devtools.testing.expressions.nodes import (
    MAX_INT,
    MAX_UINT,
    MIN_INT,
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
    Uint,
)
from inngest_devtools.testing.unsupported import Unsupported


class _Token(NamedTuple):
    kind: str
    text: str


_ESCAPE = (
    r"\\[abfnrtv\"'\\?`]|\\[0-3][0-7][0-7]|\\[xX][0-9a-fA-F]{2}"
    r"|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}"
)
_TOKEN = re.compile(
    rf"""
      (?P<space>[\t \r\n\f]+|//[^\n]*)
    | (?P<raw>[rR](?:\"\"\".*?\"\"\"|'''.*?'''|"[^"\n\r]*"|'[^'\n\r]*'))
    | (?P<bytes>[bB][rR]?["'])
    | (?P<triple>\"\"\"(?:{_ESCAPE}|[^\\])*?\"\"\"|'''(?:{_ESCAPE}|[^\\])*?''')
    | (?P<string>"(?:{_ESCAPE}|[^\\"\n\r])*"|'(?:{_ESCAPE}|[^\\'\n\r])*')
    | (?P<float>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
    | (?P<uint>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])
    | (?P<int>0x[0-9a-fA-F]+|[0-9]+)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<mark>==|!=|<=|>=|&&|\|\||[-!<>\[\]{{}}().,?:+*/%])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_NUMBERS = ("int", "uint", "float")
_CONSTANTS = {"true": True, "false": False, "null": None}
_RELATIONS = ("<", "<=", ">=", ">", "==", "!=", "in")
_RESERVED = re.compile(
    "as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var"
    "|void|while"
)
_FOLDS = {"all": 2, "exists": 2, "exists_one": 2, "existsOne": 2, "filter": 2}
_SIMPLE_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def parse(text: str) -> Node:
    """The nodes of an expression.

    Raises:
        InvalidExpression: It is none.
        Unsupported: It has bytes, a name that starts with a dot, or more digits than are known.
    """
    return _Parser(text).parse()


def _tokenise(text: str) -> list[_Token]:
    tokens = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            raise InvalidExpression(f"syntax error at {text[position:]!r} in {text!r}")
        position = found.end()
        kind = found.lastgroup or "mark"
        if kind == "bytes":
            raise Unsupported(f"bytes, in the expression {text!r}")
        if kind != "space":
            tokens.append(_Token(kind, found.group()))
    return [*tokens, _Token("end", "")]


class _Parser:
    """Recursive descent: a method for each level of precedence, from the loosest one on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokenise(text)
        self.position = 0

    def parse(self) -> Node:
        node = self._expression()
        if self._next.kind != "end":
            raise self._error()
        return node

    def _expression(self) -> Node:
        condition = self._either()
        if not self._take("?"):
            return condition
        when_true = self._either()
        self._expect(":")
        when_false = self._expression()
        return Call("_?_:_", (condition, when_true, when_false))

    def _either(self) -> Node:
        return self._joined(("||",), self._both)

    def _both(self) -> Node:
        return self._joined(("&&",), self._relation)

    def _relation(self) -> Node:
        return self._joined(_RELATIONS, self._sum)

    def _sum(self) -> Node:
        return self._joined(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._joined(("*", "/", "%"), self._unary)

    def _joined(self, operators: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        left = operand()
        while self._next.text in operators and self._next.kind in ("mark", "name"):
            operator = self._advance().text
            function = "@in" if operator == "in" else f"_{operator}_"
            left = Call(function, (left, operand()))
        return left

    def _unary(self) -> Node:
        for operator in ("!", "-"):
            if self._is_signed_number():
                break
            count = 0
            while self._take(operator):
                count += 1
            if count:
                operand = self._member()
                # An even number of signs is none at all: `!!x` does not make x a boolean.
                return Call(f"{operator}_", (operand,)) if count % 2 else operand
        return self._member()

    def _is_signed_number(self) -> bool:
        after = self.tokens[min(self.position + 1, len(self.tokens) - 1)]
        return self._next.text == "-" and after.kind in ("int", "float")

    def _member(self) -> Node:
        node = self._primary()
        while True:
            if self._take("["):
                index = self._expression()
                self._expect("]")
                node = Call("_[_]", (node, index))
            elif self._take("."):
                node = self._field(node)
            else:
                return node

    def _field(self, operand: Node) -> Node:
        name = self._advance()
        if name.kind != "name" or name.text in (*_CONSTANTS, "in"):
            raise self._error()
        if not self._take("("):
            return Select(operand, name.text)
        args = self._items(")")
        return self._macro(operand, name.text, args) or Call(name.text, args, target=operand)

    def _macro(self, source: Node, name: str, args: tuple[Node, ...]) -> Node | None:
        is_map = name == "map" and len(args) in (2, 3)
        if not is_map and _FOLDS.get(name) != len(args):
            return None
        variable = args[0]
        if not isinstance(variable, Name):
            raise InvalidExpression(f"the first argument of {name} is no name in {self.text!r}")
        if not is_map:
            return Fold(name.replace("existsOne", "exists_one"), source, variable.name, args[1])
        predicate = args[1] if len(args) == 3 else Literal(True)
        return Fold("map", source, variable.name, predicate, transform=args[-1])

    def _primary(self) -> Node:
        sign = "-" if self._take("-") else ""
        token = self._advance()
        if token.kind in _NUMBERS:
            return Literal(self._number(sign, token))
        if token.kind in ("string", "triple", "raw"):
            return Literal(_unquote(token))
        if token.kind == "name":
            return self._named(token.text)
        if token.text == "(":
            node = self._expression()
            self._expect(")")
            return node
        if token.text == "[":
            return ListOf(self._items("]"))
        if token.text == "{":
            return MapOf(self._entries())
        if token.text == "." and self._next.kind == "name":
            raise Unsupported(f"a name that starts with a dot, in the expression {self.text!r}")
        raise self._error()

    def _named(self, name: str) -> Node:
        if name in _CONSTANTS:
            return Literal(_CONSTANTS[name])
        if name == "in" or self._next.text == "{":
            raise self._error()
        if _RESERVED.fullmatch(name):
            raise InvalidExpression(f"reserved identifier: {name}, in {self.text!r}")
        if not self._take("("):
            return Name(name)
        args = self._items(")")
        if name != "has" or len(args) != 1:
            return Call(name, args)
        if not isinstance(args[0], Select):
            raise InvalidExpression(f"invalid argument to has(), in {self.text!r}")
        return Has(args[0].operand, args[0].field)

    def _items(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._take(end):
            if items:
                self._expect(",")
                if end == "]" and self._take(end):
                    break
            items.append(self._expression())
        return tuple(items)

    def _entries(self) -> tuple[tuple[Node, Node], ...]:
        entries: list[tuple[Node, Node]] = []
        while not self._take("}"):
            if entries:
                self._expect(",")
                if self._take("}"):
                    break
            key = self._expression()
            self._expect(":")
            entries.append((key, self._expression()))
        return tuple(entries)

    def _number(self, sign: str, token: _Token) -> object:
        if token.kind == "float":
            number = float(sign + token.text)
            if not isfinite(number):
                raise InvalidExpression(f"invalid double literal {token.text}, in {self.text!r}")
            return number
        digits = token.text.rstrip("uU")
        value = int(sign + digits, 16 if "x" in digits else 10)
        if token.kind == "uint":
            if value > MAX_UINT:
                raise self._error()
            return Uint(value)
        if not MIN_INT <= value <= MAX_INT:
            raise InvalidExpression(f"invalid int literal {token.text}, in {self.text!r}")
        return value

    @property
    def _next(self) -> _Token:
        return self.tokens[self.position]

    def _advance(self) -> _Token:
        token = self._next
        if token.kind != "end":
            self.position += 1
        return token

    def _take(self, mark: str) -> bool:
        if self._next != _Token("mark", mark):
            return False
        self.position += 1
        return True

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise self._error()

    def _error(self) -> InvalidExpression:
        return InvalidExpression(f"syntax error at {self._next.text!r} in {self.text!r}")


def _unquote(token: _Token) -> str:
    text = token.text.lstrip("rR")
    quotes = 3 if text[:3] in ('"""', "'''") and len(text) >= 6 else 1
    inside = text[quotes:-quotes]
    if token.kind == "raw":
        return inside
    return re.sub(rf"(?:{_ESCAPE})", lambda found: _unescape(found[0]), inside)


def _unescape(escape: str) -> str:
    letter = escape[1]
    if letter in "xXuU":
        return chr(int(escape[2:], 16))
    if letter in "0123":
        return chr(int(escape[1:], 8))
    return _SIMPLE_ESCAPES.get(letter, letter)
