"""The table behind `progress.py`, in an SQLite file or in PostgreSQL.

PostgreSQL takes the package `psycopg`; SQLite is in Python. Both are asked in threads.
"""

import importlib.util
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS inngest_progress (
    event_id TEXT PRIMARY KEY, percent INTEGER NOT NULL, message TEXT NOT NULL
)"""

TIMEOUT = 5  # seconds for a connection, and for a lock

Rows = list[tuple[Any, ...]]


class DatabaseError(Exception):
    """The database does not answer, or refuses."""


def check_database(value: str) -> str:
    """A path of a file, or a URL of PostgreSQL; a URL takes a package that may be missing."""
    if "://" not in value:
        return value
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("PROGRESS_DATABASE is a file, or begins with postgresql://")
    if importlib.util.find_spec("psycopg") is None:
        raise ValueError('PROGRESS_DATABASE in PostgreSQL takes a package: "psycopg[binary]"')
    return value


class SqliteTable:
    """Opened anew for each statement: nothing is shared with other threads or replicas."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def execute(self, sql: str, *values: object) -> Rows:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=TIMEOUT)) as database, database:
                database.execute(SCHEMA)
                return database.execute(sql, values).fetchall()
        except (sqlite3.Error, OSError) as error:
            raise DatabaseError(error) from error


class PostgresTable:
    """One connection for each process, made again when it has broken."""

    def __init__(self, url: str) -> None:
        self._psycopg: Any = importlib.import_module("psycopg")
        self._url = url
        self._connection: Any = None
        self._lock = Lock()

    def execute(self, sql: str, *values: object) -> Rows:
        with self._lock:
            is_old = self._connection is not None
            try:
                return self._execute(sql, values)
            except self._psycopg.Error as error:
                self._close()
                if not is_old:
                    raise DatabaseError(error) from error
        return self.execute(sql, *values)  # the server may have restarted: once more, anew

    def _execute(self, sql: str, values: tuple[object, ...]) -> Rows:
        if self._connection is None:
            self._connection = self._connect()
        cursor = self._connection.execute(sql.replace("?", "%s"), values)
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Any:
        connection = self._psycopg.connect(
            self._url,
            autocommit=True,
            client_encoding="utf8",  # for psycopg gives bytes where the database's is SQL_ASCII
            connect_timeout=TIMEOUT,
            tcp_user_timeout=1000 * TIMEOUT,
            prepare_threshold=None,  # a pooler in front would not know what was prepared
        )
        # Asked first: whoever may not create tables may still write to one that a migration made.
        (table,) = connection.execute("SELECT to_regclass('inngest_progress')").fetchone()
        if table is None:
            with suppress(self._psycopg.errors.UniqueViolation):  # another replica was faster
                connection.execute(SCHEMA)
        return connection
