"""How far a run is: steps publish it to a table of the app's, and a page reads it from there.

A table, and no connection, because it survives whatever restarts, and every replica of the app sees
it. It is an SQLite file, which replicas on one machine share; over several machines use your
PostgreSQL: the SQL is the same.
"""

import asyncio
import logging
import sqlite3
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pydantic_settings import BaseSettings, SettingsConfigDict

from .settings import ENV_FILE, PROJECT_ROOT, load_settings

TABLE = """
CREATE TABLE IF NOT EXISTS progress (
    event_id TEXT PRIMARY KEY, percent INTEGER NOT NULL, message TEXT NOT NULL
)"""

# A step that runs a second time comes with an older value: progress never goes back.
PUBLISH = """
INSERT INTO progress (event_id, percent, message) VALUES (?, ?, ?)
ON CONFLICT (event_id) DO UPDATE SET percent = excluded.percent, message = excluded.message
WHERE excluded.percent >= progress.percent"""

READ = "SELECT percent, message FROM progress WHERE event_id = ?"

logger = logging.getLogger(__name__)


class ProgressSettings(BaseSettings):
    """PROGRESS_DATABASE, from the environment or from `.env`."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8-sig", env_ignore_empty=True, extra="ignore"
    )

    progress_database: Path = PROJECT_ROOT / ".inngest" / "progress.sqlite3"


class Progress(NamedTuple):
    percent: int
    message: str


@lru_cache
def get_progress_settings() -> ProgressSettings:
    return load_settings(ProgressSettings)


async def publish_progress(event_id: str, percent: int, message: str) -> None:
    """Say how far the run of an event is.

    Call it in a step: outside of one it would be said again at every replay.

    Args:
        percent: How much is done in all, 0 to 100; not how much more.
    """
    try:
        await asyncio.to_thread(_publish, event_id, percent, message)
    except (sqlite3.Error, OSError) as error:  # what only shows the work must not stop it
        logger.warning("Progress of %s was not published: %s", event_id, error)


async def read_progress(event_id: str) -> Progress | None:
    """How far it is; None if nothing has been published."""
    try:
        return await asyncio.to_thread(_read, event_id)
    except (sqlite3.Error, OSError) as error:
        logger.warning("Progress of %s was not read: %s", event_id, error)
        return None


def _publish(event_id: str, percent: int, message: str) -> None:
    with closing(_connect()) as database, database:
        database.execute(PUBLISH, (event_id, percent, message))


def _read(event_id: str) -> Progress | None:
    with closing(_connect()) as database:
        row = database.execute(READ, (event_id,)).fetchone()
    return Progress(*row) if row else None


def _connect() -> sqlite3.Connection:
    path = get_progress_settings().progress_database
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, timeout=5)
    database.execute(TABLE)
    return database
