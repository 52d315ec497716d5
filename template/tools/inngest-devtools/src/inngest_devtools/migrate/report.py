"""What is said at the end, and the diff."""

import difflib
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TextIO

COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
BOLD, RESET = "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, order=True)
class Finding:
    """Something that a person decides: where, and why. Line 0 stands for the whole file."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


@dataclass
class Change:
    """What is done in one file: lines of the old text with what becomes of them."""

    path: str
    old: str
    new: str
    notes: list[tuple[int, str]] = field(default_factory=list)


def show_diff(change: Change, out: TextIO) -> None:
    """Print a unified diff, coloured where a person reads it."""
    colour = uses_colour(out)
    old = change.old.splitlines(keepends=True)
    new = change.new.splitlines(keepends=True)
    for line in difflib.unified_diff(old, new, f"a/{change.path}", f"b/{change.path}"):
        text = line.rstrip("\r\n")
        if colour and line.startswith(("+++", "---")):
            text = f"{BOLD}{text}{RESET}"
        elif colour and line[:1] in COLOURS:
            text = f"{COLOURS[line[0]]}{text}{RESET}"
        print(text, file=out)
        if not line.endswith(("\n", "\r")):
            print("\\ No newline at end of file", file=out)


def show_notes(change: Change, out: TextIO) -> None:
    """Print what was changed in a file, indented: entries at column 0 are a person's to decide."""
    print(f"  {change.path}", file=out)
    for line, note in sorted(set(change.notes)):
        print(f"    {line:>4}  {note}", file=out)


def show_findings(findings: Iterable[Finding], out: TextIO) -> None:
    for finding in sorted(set(findings)):
        print(finding, file=out)


def uses_colour(out: TextIO) -> bool:
    if "NO_COLOR" in os.environ:
        return False
    return bool(os.environ.get("FORCE_COLOR")) or out.isatty()


def can_print(out: TextIO) -> None:
    """A terminal of another encoding shows what it cannot print as an escape, and does not fail."""
    if isinstance(out, type(sys.stdout)) and hasattr(out, "reconfigure"):
        out.reconfigure(errors="backslashreplace")
