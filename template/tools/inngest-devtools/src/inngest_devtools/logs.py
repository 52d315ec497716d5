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
# Of the logs, what the ready block and "Reloaded" say better.
ROUTINE = re.compile(
    r"INFO\S*: +(Started server|Finished server|Waiting for application|Waiting for connections"
    r"|Application (startup|shutdown) complete|Uvicorn running|Shutting down"
    r"|\S+\.installation - Inngest app)"
    r"|GET /_inngest-dev/"  # the page at `/`, which asks for the last runs
)

console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def prepare_terminal() -> None:
    """What a program does first: a console without UTF-8 does not end it, and SIGTERM lets it clear
    up.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Tail:
    """Reads the lines that a file has got since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._rest = b""

    def read(self) -> list[str]:
        """The new complete lines, readable."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            if file.seek(0, 2) < self._position:  # started anew
                self._position = 0
            file.seek(self._position)
            data = file.read()
        self._position += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [to_readable(line.decode("utf-8", "replace").rstrip()) for line in lines]


class Logs:
    """The logs of what runs, on one terminal."""

    def __init__(self) -> None:
        self._tails: dict[str, Tail] = {}

    def follow(self, name: str, tail: Tail) -> None:
        self._tails[name] = tail

    def show(self, *, quiet: bool = False) -> None:
        """Print what is new; quiet is without a word of the dozen services that start in the
        server, or end.
        """
        for name, tail in self._tails.items():
            for line in tail.read():
                if ROUTINE.search(line) if name == "app" else quiet and line.startswith("INFO"):
                    continue
                title = (f"{name:<7} | ", COLORS[name])
                console.print(Text.assemble(title, Text.from_ansi(line)))

    def print_block(self, rows: list[tuple[str, str, str]]) -> None:
        """What runs where: name, value and its colour."""
        console.print()
        for name, value, color in rows:
            console.print(Text.assemble(f"  {pad(name, 10)} ", (value, f"bold {color}")))
        console.print(f"\n  {t('Ctrl-C ends it.')}\n")


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
