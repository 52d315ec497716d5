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
    depth = 0  # numbers in square brackets stay, lists and indices alike
    position = 0
    follows_name = False
    while position < len(text):
        found = _LIFTABLE.match(text, position)
        assert found is not None
        kind, word = found.lastgroup or "other", found.group()
        is_number = kind in ("kept", "float", "int")
        starts_with_dot = word.startswith(".")
        if is_number and (follows_name or (depth > 0 and not starts_with_dot)):
            kind, word = "other", word[0]
        position += len(word)
        if kind == "comment":
            continue
        depth += {"[": 1, "]": -1}.get(word, 0)
        if kind in ("double", "single", "float", "int") and len(variables) < len(LIFTED):
            value = _lifted_value(kind, found[kind])
            if value is not None:
                letter = LIFTED[len(variables)]
                variables[letter] = value
                word = f"vars.{letter}"
        elif kind in ("double", "single"):
            raise Unsupported("an expression with more than 26 literals")
        yield word
        follows_name = word[-1].isascii() and (word[-1].isalnum() or word[-1] == "_")


def _lifted_value(kind: str, text: str) -> object:
    """The literal, or None for a number that the server leaves in its place."""
    if kind in ("double", "single"):
        return text
    try:
        value = int(text) if kind == "int" else float(text)
    except ValueError:
        return None
    is_kept = value > MAX_INT if kind == "int" else not isfinite(value)
    return None if is_kept else value
