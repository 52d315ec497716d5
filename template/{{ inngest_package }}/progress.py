"""How far a run is: steps publish it to a table of the app's, and a page reads it from there.

A table, and no connection, because it survives whatever restarts, and every replica of the app sees
it: in an SQLite file those on one machine, in PostgreSQL all of them.
"""

import asyncio
import logging
from functools import lru_cache
from typing import Annotated, NamedTuple

from pydantic import AfterValidator
from pydantic_settings import BaseSettings

from .progress_tables import DatabaseError, PostgresTable, SqliteTable, check_database
from .settings import PROJECT_ROOT, READ_ENV_FILE, load_settings

# A step that runs a second time comes with an older value: progress never goes back.
PUBLISH = """
INSERT INTO inngest_progress (event_id, percent, message) VALUES (?, ?, ?)
ON CONFLICT (event_id) DO UPDATE SET percent = excluded.percent, message = excluded.message
WHERE excluded.percent >= inngest_progress.percent"""

READ = "SELECT percent, message FROM inngest_progress WHERE event_id = ?"

logger = logging.getLogger(__name__)


class ProgressSettings(BaseSettings):
    """PROGRESS_DATABASE, from the environment or from `.env`: a file, or a URL of PostgreSQL."""

    model_config = READ_ENV_FILE

    progress_database: Annotated[str, AfterValidator(check_database)] = str(
        PROJECT_ROOT / ".inngest" / "progress.sqlite3"
    )


class Progress(NamedTuple):
    percent: int
    message: str


@lru_cache
def get_progress_settings() -> ProgressSettings:
    return load_settings(ProgressSettings)


get_progress_settings()  # a wrong value ends the start of the app, not a step of a run


async def publish_progress(event_id: str, percent: int, message: str) -> None:
    """Say how far the run of an event is.

    Call it in a step: outside of one it would be said again at every replay.

    Args:
        percent: How much is done in all, 0 to 100; not how much more.
    """
    try:
        await asyncio.to_thread(_get_table().execute, PUBLISH, event_id, percent, message)
    except DatabaseError as error:  # what only shows the work must not stop it
        logger.warning("Progress of %s was not published: %s", event_id, error)


async def read_progress(event_id: str) -> Progress | None:
    """How far it is; None if nothing has been published."""
    try:
        rows = await asyncio.to_thread(_get_table().execute, READ, event_id)
    except DatabaseError as error:
        logger.warning("Progress of %s was not read: %s", event_id, error)
        return None
    return Progress(*rows[0]) if rows else None


def _get_table() -> SqliteTable | PostgresTable:
    return _open_table(get_progress_settings().progress_database)


@lru_cache
def _open_table(database: str) -> SqliteTable | PostgresTable:
    return PostgresTable(database) if "://" in database else SqliteTable(database)
