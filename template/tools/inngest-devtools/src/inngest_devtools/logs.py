"""Log files: followed as they grow, and written to the terminal."""

import json
import re
import signal
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from inngest_devtools.words import pad, t
from rich.console import Console
from rich.text import Text

COLORS = {"app": "cyan", "inngest": "magenta"}
SHOWN_AT_ONCE = 200_000  # bytes of a log: what prints more must not keep the loop from its work
# Of the logs, what the ready block, "Reloaded" and the Dev Server's lines say better.
ROUTINE = re.compile(
    r"INFO\S*: +(Started server|Finished server|Waiting for application|Waiting for connections"
    r"|Application (startup|shutdown) complete|Uvicorn running|Shutting down"
    r"|\S+\.installation - Inngest app)"
    r"|ERROR\S*: +Application (startup|shutdown) failed"  # the line before says why
    r"|POST /api/inngest\?.*[ m]20[06] "  # the Dev Server's calls of functions
    r"|GET /_inngest-dev/"  # the page at `/`, which asks for the last runs
)

console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def has_colors() -> bool:
    """Whether what we start may colour what it prints."""
    return console.is_terminal and not console.no_color


def prepare_terminal() -> None:
    """What a program does first: a console without UTF-8 does not end it, and SIGTERM lets it clear
    up.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Tail:
    """Reads the lines that a file has got since the last look.

    Args:
        path: The file, there or not.
        limit: Bytes that are read at a look; of more, the last. None for all.
    """

    def __init__(self, path: Path, limit: int | None = None) -> None:
        self._path = path
        self._limit = limit
        self._position = 0
        self._rest = b""

    def read(self) -> list[str]:
        """The new complete lines, readable."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            size = file.seek(0, 2)
            if size < self._position:  # started anew
                self._position = 0
            left_out = size - self._position - self._limit if self._limit else 0
            if left_out > 0:
                self._position += left_out
                self._rest = self._name_left_out(left_out)
            file.seek(self._position)
            data = file.read(size - self._position)
        self._position += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [to_readable(line.decode("utf-8", "replace").rstrip()) for line in lines]

    def _name_left_out(self, size: int) -> bytes:
        words = t("({size} kB more are in {file}.)", size=size // 1000, file=self._path.name)
        return f"{words}\n".encode()


class Logs:
    """The logs of what runs, on one terminal."""

    def __init__(self) -> None:
        self._tails: dict[str, Tail] = {}

    def follow(self, name: str, path: Path, *, from_now: bool = False) -> None:
        tail = Tail(path, SHOWN_AT_ONCE)
        if from_now:
            tail.read()
        self._tails[name] = tail

    def leave(self, name: str) -> None:
        """Show no more of it."""
        self._tails.pop(name, None)

    def show(self, *, quiet: bool = False) -> None:
        """Print what is new; quiet is without a word of the dozen services that start in the
        server, or end.
        """
        for name, tail in self._tails.items():
            lines = [line for line in tail.read() if not _is_noise(name, line, quiet)]
            if lines:
                console.print(_join(name, lines), end="")

    def print_block(self, rows: list[tuple[str, str, str]]) -> None:
        """What runs where: name, value and its colour."""
        console.print()
        for name, value, color in rows:
            console.print(Text.assemble(f"  {pad(name, 10)} ", (value, f"bold {color}")))
        console.print(f"\n  {t('Ctrl-C ends it.')}\n")


def _is_noise(name: str, line: str, is_quiet: bool) -> bool:
    if name == "app":
        return bool(ROUTINE.search(line))
    return is_quiet and line.startswith("INFO")


def _join(name: str, lines: list[str]) -> Text:
    """All lines as one text: the console takes longer for many than an app to print them."""
    text = Text()
    for line in lines:
        text.append(f"{name:<7} | ", COLORS[name])
        if "\x1b" in line:
            text.append_text(Text.from_ansi(line))
        else:
            text.append(line)
        text.append("\n")
    return text


def to_readable(line: str) -> str:
    """A line that the server wrote as JSON, in the form of uvicorn's lines; any other line as it
    is.
    """
    try:
        entry: dict[str, Any] = dict(json.loads(line))
        level, message = entry.pop("level"), entry.pop("msg")
    except (ValueError, TypeError, KeyError):
        return line
    fields = [f"{name}={value}" for name, value in entry.items() if _is_telling(name, value)]
    return " ".join([f"{level + ':':9}", message, *fields])


def _is_telling(name: str, value: object) -> bool:
    return (
        name not in ("time", "caller", "svc", "service")
        and not name.endswith("_id")
        and not isinstance(value, dict)
    )
