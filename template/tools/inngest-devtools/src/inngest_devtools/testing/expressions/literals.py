"""Takes the literals out of an expression before it is read, as the server does.

It gives the dialect half of its oddities: the server looks at characters, not at the grammar.
"""

import re
from collections.abc import Iterator
from math import isfinite

from inngest_devtools.testing.expressions.nodes import MAX_INT
from inngest_devtools.testing.unsupported import Unsupported

LIFTED = "abcdefghijklmnopqrstuvwxyz"  # literals beyond these stay where they are

# What the server lifts out of an expression, or has to step over while it looks for that.
_LIFTABLE = re.compile(
    r"""
      (?P<comment>//[^\n]*)
    | "(?P<double>(?:\\.|[^"\\])*)(?:"|\\?\Z)
    | '(?P<single>(?:\\.|[^'\\])*)(?:'|\\?\Z)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<kept>0[A-Za-z]|[0-9]+[uU])
    | (?P<float>\.[0-9]+(?:[eE][+-]?[0-9]*)?
        |[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]*)?|[eE][+-]?[0-9]*))
    | (?P<int>[0-9]+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED = ("double", "single")
_LITERALS = (*_QUOTED, "float", "int")
_NUMBERS = ("kept", "float", "int")


def lift_literals(text: str) -> tuple[str, dict[str, object]]:
    """The text that the server evaluates, with `vars.a` for its first literal, and these `vars`.

    The server moves quoted text and numbers out of an expression before it parses it (so that
    expressions that differ in nothing else share a place in its cache), and does so by its
    characters: backslashes in quoted text stay as they are, the raw string `r'x'` becomes the name
    `rvars.a`, and `'''x'''` becomes `vars.avars.bvars.c`. Source: inngest 1.43.0,
    vendor/github.com/inngest/expr/lift.go; `event.data.s == r'Hello'` was seen to match no "Hello".
    """
    if "vars." in text:
        return text, {}
    variables: dict[str, object] = {}
    written = "".join(_lift(text, variables))
    return written.strip(), variables


def _lift(text: str, variables: dict[str, object]) -> Iterator[str]:
    depth = 0  # of square brackets
    position = 0
    follows_name = False
    while position < len(text):
        kind, word, content = _read_word(text, position, follows_name, depth)
        position += len(word)
        if kind == "comment":
            continue
        depth += {"[": 1, "]": -1}.get(word, 0)
        has_room = len(variables) < len(LIFTED)
        if kind in _QUOTED and not has_room:
            raise Unsupported("an expression with more than 26 literals")
        if kind in _LITERALS and has_room:
            value = _lifted_value(kind, content)
            if value is not None:
                letter = LIFTED[len(variables)]
                variables[letter] = value
                word = f"vars.{letter}"
        yield word
        last = word[-1]
        follows_name = last.isascii() and (last.isalnum() or last == "_")


def _read_word(text: str, position: int, follows_name: bool, depth: int) -> tuple[str, str, str]:
    """The kind of what comes next, all of it, and what is within its quotes.

    A number stays where it is in a name, and in square brackets, lists and indices alike: its first
    character is then a word like any other.
    """
    found = _LIFTABLE.match(text, position)
    assert found is not None
    kind, word = found.lastgroup or "other", found.group()
    stays = follows_name or (depth > 0 and not word.startswith("."))
    if kind in _NUMBERS and stays:
        return "other", word[0], ""
    return kind, word, found[kind]


def _lifted_value(kind: str, text: str) -> object:
    """The literal, or None for a number that the server leaves in its place."""
    if kind in _QUOTED:
        return text
    try:
        value = int(text) if kind == "int" else float(text)
    except ValueError:
        return None
    is_kept = value > MAX_INT if kind == "int" else not isfinite(value)
    return None if is_kept else value
