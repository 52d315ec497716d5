"""How far a run is, in either database, as several replicas of the app see it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from core.inngest import progress_tables
from core.inngest.errors import ConfigurationError
from core.inngest.progress import PUBLISH, READ, get_progress_settings
from core.inngest.progress_tables import DatabaseError, PostgresTable, SqliteTable
from tests.postgres import create_database


@pytest.fixture
def postgres() -> Iterator[str]:
    with create_database() as url:
        yield url


@pytest.fixture
def open_postgres(postgres: str) -> Iterator[Callable[[], PostgresTable]]:
    with ExitStack() as stack:

        def open_table() -> PostgresTable:
            return stack.enter_context(closing(PostgresTable(postgres)))

        yield open_table


@pytest.fixture(params=["sqlite", "postgresql"])
def replicas(
    request: pytest.FixtureRequest, tmp_path: Path
) -> list[SqliteTable] | list[PostgresTable]:
    if request.param == "sqlite":
        return [SqliteTable(str(tmp_path / "progress.sqlite3")) for _ in range(2)]
    return [request.getfixturevalue("open_postgres")() for _ in range(2)]


def test_replicas_share_progress_that_never_goes_back(
    replicas: list[SqliteTable] | list[PostgresTable],
) -> None:
    one, other = replicas

    def publish(percent: int) -> None:
        replicas[percent % 2].execute(PUBLISH, "event-1", percent, f"at {percent}")

    with ThreadPoolExecutor() as pool:  # they begin at the same time, with no table yet
        list(pool.map(publish, range(50)))

    assert one.execute(READ, "event-1") == other.execute(READ, "event-1") == [(49, "at 49")]


def test_publish_after_postgresql_has_closed_the_connection(
    postgres: str, open_postgres: Callable[[], PostgresTable]
) -> None:
    table = open_postgres()
    table.execute(PUBLISH, "event-1", 10, "at 10")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    table.execute(PUBLISH, "event-1", 20, "at 20")

    assert table.execute(READ, "event-1") == [(20, "at 20")]


def test_read_text_from_database_of_another_encoding() -> None:
    """In one that is SQL_ASCII psycopg would read bytes."""
    with (
        create_database("ENCODING 'SQL_ASCII' TEMPLATE template0") as url,
        closing(PostgresTable(url)) as table,
    ):
        table.execute(PUBLISH, "event-1", 10, "第一步")

        assert table.execute(READ, "event-1") == [(10, "第一步")]


def test_publish_where_no_postgresql_is_says_so() -> None:
    table = PostgresTable("postgresql://127.0.0.1:1/app")

    with pytest.raises(DatabaseError, match=r"127\.0\.0\.1"):
        table.execute(PUBLISH, "event-1", 10, "at 10")


@pytest.mark.parametrize(
    ("database", "problem"),
    [
        ("mysql://localhost/app", "begins with postgresql://"),
        ("postgresql://me:secret@localhost/app", r'takes a package: "psycopg\[binary\]"'),
    ],
)
def test_name_what_the_database_has_to_be(
    monkeypatch: pytest.MonkeyPatch, database: str, problem: str
) -> None:
    monkeypatch.setenv("PROGRESS_DATABASE", database)
    monkeypatch.setattr(progress_tables.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ConfigurationError, match=problem) as error:
        get_progress_settings.__wrapped__()
    assert "secret" not in str(error.value)
