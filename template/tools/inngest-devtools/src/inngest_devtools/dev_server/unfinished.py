"""Runs that cannot go on: `inngest dev` keeps its queue in memory, and on disk their history."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from inngest_devtools.dev_server.config import ServerConfig
from inngest_devtools.dev_server.history_file import read_unfinished
from inngest_devtools.dev_server.lifecycle import PID_FILE
from inngest_devtools.dev_server.runs import LIMIT, read_runs
from inngest_devtools.logs import console
from inngest_devtools.project import STATE, command
from inngest_devtools.words import t

TOLD_FILE = STATE / "unfinished.json"  # when the server began whose start told of earlier runs
STATUSES = ("QUEUED", "RUNNING")


def tell_end(config: ServerConfig) -> None:
    """Say which runs end with the Dev Server that is about to; call it while it still answers."""
    began = _read_told()
    names = [name for name, queued_at in _ask(config) if queued_at > began]
    if names:
        _print(
            t(
                "{runs} cannot go on without the Dev Server. {advice}",
                runs=_count(names),
                advice=_advise(),
            )
        )


def tell_crash(config: ServerConfig) -> None:
    """The same when it has ended already, from what it wrote to disk."""
    try:
        names = read_unfinished(config, _read_told())
    except sqlite3.Error:
        names = []
    if names:
        _print(t("{runs} cannot go on, for the Dev Server is gone.", runs=_count(names)))


def tell_start(config: ServerConfig) -> None:
    """Say which runs an earlier Dev Server has left behind; each is told of once."""
    # Not the process's own time: systems count that from their boot, and clocks get set.
    began = datetime.fromtimestamp(PID_FILE.stat().st_mtime, UTC)
    told = _read_told()
    names = [name for name, queued_at in _ask(config) if told < queued_at < began]
    if names:
        _print(
            t(
                "{runs} of an earlier Dev Server cannot go on: start them anew. {advice}",
                runs=_count(names),
                advice=_advise(),
            )
        )
    TOLD_FILE.write_text(json.dumps(began.isoformat()), "utf-8")


def _ask(config: ServerConfig) -> list[tuple[str, datetime]]:
    """Function and begin of the runs that have not ended."""
    try:
        return [(run.function, run.queued_at) for run in read_runs(config.url, STATUSES)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _advise() -> str:
    return t(
        "To keep such runs while the app ends and starts, start the Dev Server on its own first: "
        "`{start}`.",
        start=command("start"),
    )


def _count(names: Sequence[str]) -> str:
    """As in "3 runs (2 of Import, 1 of Report)"."""
    counts = Counter(names).most_common()
    parts = [t("{number} of {name}", number=number, name=name) for name, number in counts]
    if len(names) >= LIMIT:
        number = t("{number} or more runs", number=len(names))
    elif len(names) == 1:
        number = t("1 run")
    else:
        number = t("{number} runs", number=len(names))
    return t("{number} ({by_function})", number=number, by_function=t(", ").join(parts))


def _print(text: str) -> None:
    console.print(text, style="bold yellow")


def _read_told() -> datetime:
    try:
        return datetime.fromisoformat(json.loads(TOLD_FILE.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return datetime.fromtimestamp(0, UTC)
