"""Runs that cannot go on: `inngest dev` keeps its queue in memory, and only their history on disk."""

import json
import time
from collections import Counter
from datetime import UTC, datetime

from inngest_devtools.dev_server import STATE
from inngest_devtools.logs import console
from inngest_devtools.runs import Run, read_runs
from inngest_devtools.server_config import ServerConfig

TOLD_FILE = STATE / "unfinished.json"  # until when the runs that were left have been told of
UNFINISHED = ("QUEUED", "RUNNING")
KEEP = "To keep such runs, start the Dev Server on its own first: `inngest-dev start`."


def tell_end(config: ServerConfig) -> None:
    """Say which runs end with the Dev Server that is about to; call it while it still answers."""
    runs = _find(config)
    if runs:
        console.print(f"{_count(runs)} cannot go on, for the Dev Server ends with this: {KEEP}")
        _note_told()


def tell_start(config: ServerConfig) -> None:
    """Say which runs an earlier Dev Server has left behind; each is told of once."""
    began = time.time()
    told = _read_told()
    left = [run for run in _find(config) if run.queued_at > told]
    if left and began:
        console.print(f"{_count(left)} of an earlier Dev Server cannot go on. {KEEP}")
    _note_told()


def _find(config: ServerConfig) -> list[Run]:
    try:
        return [run for run in read_runs(config.url, UNFINISHED) if run.status in UNFINISHED]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _count(runs: list[Run]) -> str:
    """As in "3 runs (2 of import, 1 of report)"."""
    counts = Counter(run.function for run in runs).most_common()
    by_function = ", ".join(f"{number} of {function}" for function, number in counts)
    return f"{len(runs)} run{'' if len(runs) == 1 else 's'} ({by_function})"


def _read_told() -> datetime:
    try:
        return datetime.fromisoformat(json.loads(TOLD_FILE.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return datetime.min.replace(tzinfo=UTC)


def _note_told() -> None:
    TOLD_FILE.write_text(json.dumps(datetime.now(UTC).isoformat()), "utf-8")
