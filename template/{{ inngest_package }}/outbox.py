"""An outbox: events that get lost by nobody. Off, unless the app creates one.

Inngest keeps an event in memory between its answer 200 and the run that it makes of it, and loses
it there when it restarts. A sender may end, too, between its own commit and `send_event`. So what
matters is written into a table first, in the transaction of what it tells about, and sent from
there again and again until Inngest has the run. Its id is the row's: Inngest runs nothing for an id
that it has seen in the last 24 hours, so sending it again is harmless.

    outbox = Outbox(execute)

    async with engine.begin() as connection:  # the sender's own transaction, here SQLAlchemy's
        await connection.execute(insert(orders), {"id": "7"})
        sql, values = outbox.insert_statement(OrderPlaced(order_id="7"))
        await connection.execute(text(sql), values)
    outbox.wake()

    async with outbox.relaying():  # in the app's lifespan
        yield

The table is `SCHEMA`, for a migration of yours; SQLite and PostgreSQL take it as it is. `execute`
runs one statement in a transaction of its own and returns its rows:

    async def execute(sql: str, values: Values) -> Rows:
        async with engine.begin() as connection:
            result = await connection.execute(text(sql), values)
            return result.all() if result.returns_rows else []
"""

import asyncio
import json
import logging
import re
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import inngest

from .client import inngest_client
from .errors import ConfigurationError
from .runs import RunsApi
from .settings import get_settings
from .typed_event import TypedEvent

logger = logging.getLogger(__name__)

Values = dict[str, Any]
Rows = Sequence[Sequence[Any]]
Execute = Callable[[str, Values], Awaitable[Rows]]

SCHEMA = """
CREATE TABLE IF NOT EXISTS inngest_outbox (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    data TEXT NOT NULL,
    runs INTEGER NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    due_at DOUBLE PRECISION,
    sent_ids TEXT NOT NULL,
    run_ids TEXT NOT NULL
)
"""

# Seconds.
POLL_PAUSE = 1.0  # between looks at the table, unless woken
CLAIM = 60.0  # for which a row is one relay's: another takes it when that has ended meanwhile
CHECK_PAUSE = 5.0  # until Inngest is asked for the run; twice as long each time there is none
MAX_CHECK_PAUSE = 3600.0
RETRY_PAUSE = 10.0  # while Inngest takes no event, at least: then a tenth of the event's age
GIVE_UP_AGE = 20 * 3600.0  # well before Inngest forgets ids, after 24 hours
LAST_ROUND = 10.0  # that the app's end waits for what is being sent

BATCH = 50  # rows at a time
MAX_CALLS = 10_000  # of runs, that wait to be noted

INSERT = """
INSERT INTO inngest_outbox (id, name, data, runs, created_at, due_at, sent_ids, run_ids)
VALUES (:id, :name, :data, :runs, :now, :now, '', '')
"""
# The second condition holds for the row as another relay may have changed it meanwhile.
TAKE = """
UPDATE inngest_outbox SET due_at = :claimed_until
WHERE id IN (SELECT id FROM inngest_outbox WHERE due_at <= :now ORDER BY due_at LIMIT :batch)
AND due_at <= :now
RETURNING id, name, data, runs, created_at, sent_ids, run_ids
"""
# Appended, for another relay may have sent the row too, after a claim that was too short.
PUT_BACK = """
UPDATE inngest_outbox SET due_at = :due_at, sent_ids = sent_ids || ' ' || :sent_id WHERE id = :id
"""
NOTE_RUN = "UPDATE inngest_outbox SET run_ids = run_ids || ' ' || :run_id WHERE id = :id"
DELETE = "DELETE FROM inngest_outbox WHERE id = :id"


@dataclass
class _Row:
    id: str
    name: str
    data: str
    runs: int
    created_at: float
    sent_ids: list[str]  # what Inngest called it, each time that it was sent
    run_ids: set[str]  # of the runs that have called this app


class Outbox:
    """Sends what its table holds, until Inngest has a run of it.

    Any number of replicas may relay from one table.

    Args:
        execute: Runs one statement in a transaction of its own, and returns its rows.
        paramstyle: How `execute` wants parameters: `:id` (SQLAlchemy's `text`, sqlite3) or, as
            "pyformat", `%(id)s` (psycopg).
    """

    def __init__(
        self, execute: Execute, *, paramstyle: Literal["named", "pyformat"] = "named"
    ) -> None:
        self._execute = execute
        self._paramstyle = paramstyle
        self._waking = asyncio.Event()
        self._is_ending = False
        self._calls: deque[tuple[str, str]] = deque(maxlen=MAX_CALLS)

    def insert_statement(
        self, event: TypedEvent, *, id: str = "", runs: int = 1
    ) -> tuple[str, Values]:
        """What writes an event down; execute it in the transaction that the event tells about.

        Args:
            id: Of your own, as that of the order that was placed; unique, or the statement fails.
            runs: How many functions the event starts. 0 where an event may start none, for they
                debounce or limit their rate: it is then sent until Inngest has answered.
        """
        values = {
            "id": id or uuid.uuid4().hex,
            "name": event.event_name,
            "data": json.dumps(event.model_dump(mode="json"), allow_nan=False),
            "runs": runs,
            "now": time.time(),
        }
        return self._with_parameters(INSERT), values

    def wake(self) -> None:
        """Send now what was committed; else it is sent within a second."""
        self._waking.set()

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[None]:
        """Relay for as long as the context lasts: the app's lifespan.

        Its end waits for what is being sent, up to 10 seconds: what Inngest calls an event is known
        only from its answer.

        Raises:
            ConfigurationError: The database gives bytes for text.
        """
        await self._try_database()
        self._waking = asyncio.Event()  # of this event loop; tests have several
        self._is_ending = False
        watch = partial(_CallWatch, calls=self._calls)
        inngest_client.add_middleware(watch)
        relay = asyncio.create_task(self._relay_until_end())
        try:
            yield
        finally:
            self._is_ending = True
            self.wake()
            await asyncio.wait([relay], timeout=LAST_ROUND)
            relay.cancel()
            with suppress(asyncio.CancelledError):
                await relay
            inngest_client.middleware.remove(watch)

    async def _try_database(self) -> None:
        try:
            ((text,),) = await self._execute("SELECT 'text'", {})
        except Exception:  # noqa: BLE001 # of the database: what waits in it is sent when it is back
            return
        _refuse_bytes(text)

    async def relay(self) -> int:
        """Send or check each row that is due, once; how many there were."""
        await self._note_calls()
        now = time.time()
        values = {"now": now, "claimed_until": now + CLAIM, "batch": BATCH}
        rows = await self._execute(self._with_parameters(TAKE), values)
        relaying = [self._relay_row(_read(row)) for row in rows]
        # Each row to its end, whatever becomes of the others.
        outcomes = await asyncio.gather(*relaying, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return len(rows)

    async def _note_calls(self) -> None:
        """Write down which runs have called this app; most are of events sent otherwise."""
        while self._calls:
            event_id, run_id = call = self._calls.popleft()
            try:
                values = {"id": event_id, "run_id": run_id}
                await self._execute(self._with_parameters(NOTE_RUN), values)
            except BaseException:  # of the database, or the app's end: not noted yet
                self._calls.appendleft(call)
                raise

    async def _relay_until_end(self) -> None:
        while not self._is_ending:
            self._waking.clear()
            if await self._relay_safely() < BATCH:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._waking.wait(), POLL_PAUSE)
        with suppress(Exception):
            await self._note_calls()

    async def _relay_safely(self) -> int:
        try:
            return await self.relay()
        except Exception:  # of the database; rows that were taken come back after CLAIM
            logger.exception("The outbox could not be read or written")
            return 0

    async def _relay_row(self, row: _Row) -> None:
        age = time.time() - row.created_at
        try:
            if await _has_runs(row):
                await self._delete(row)
                return
            if row.sent_ids and age > GIVE_UP_AGE:
                await self._give_up(row)
                return
            event = inngest.Event(id=row.id, name=row.name, data=json.loads(row.data))
            (sent_id,) = await inngest_client.send(event)
        except Exception as error:  # noqa: BLE001 # whatever it was, the row is sent again
            logger.warning("%s %s was not sent: %s", row.name, row.id, error)
            await self._put_back(row, max(RETRY_PAUSE, age / 10))
            return
        if row.runs == 0:
            await self._delete(row)
        else:
            pause = CHECK_PAUSE * 2 ** len(row.sent_ids)
            await self._put_back(row, min(pause, MAX_CHECK_PAUSE), sent_id)

    async def _give_up(self, row: _Row) -> None:
        """Keep the row, but look at it no more: `due_at` is NULL."""
        logger.error("%s %s was sent %d times: no run", row.name, row.id, len(row.sent_ids))
        await self._put_back(row, None)

    async def _put_back(self, row: _Row, pause: float | None, sent_id: str = "") -> None:
        due_at = None if pause is None else time.time() + pause
        values = {"id": row.id, "due_at": due_at, "sent_id": sent_id}
        await self._execute(self._with_parameters(PUT_BACK), values)

    async def _delete(self, row: _Row) -> None:
        await self._execute(self._with_parameters(DELETE), {"id": row.id})

    def _with_parameters(self, sql: str) -> str:
        return sql if self._paramstyle == "named" else re.sub(r":(\w+)", r"%(\1)s", sql)


def _read(row: Sequence[Any]) -> _Row:
    id, name, data, runs, created_at, sent_ids, run_ids = row
    _refuse_bytes(id)
    return _Row(id, name, data, runs, created_at, sent_ids.split(), set(run_ids.split()))


def _refuse_bytes(text: object) -> None:
    """psycopg gives bytes for text of a database whose encoding is SQL_ASCII."""
    if not isinstance(text, str):
        raise ConfigurationError(
            "The outbox's database gives bytes for text: add client_encoding=utf8 to its URL, or"
            " give it the encoding UTF8."
        )


async def _has_runs(row: _Row) -> bool:
    """Whether Inngest has a run of each function: one that it has, it does not lose."""
    if not row.sent_ids:
        return False
    runs = set(row.run_ids)
    if len(runs) < row.runs:
        async with RunsApi(get_settings()) as api:
            for sent_id in row.sent_ids:
                runs.update(await api.find_runs(sent_id))
    return len(runs) >= row.runs


class _CallWatch(inngest.MiddlewareSync):
    """Sees the first call of each run: a server that was killed may have a run in its queue, and
    run it, of which its history knows nothing.
    """

    def __init__(
        self, client: inngest.Inngest, raw_request: object, *, calls: deque[tuple[str, str]]
    ) -> None:
        super().__init__(client, raw_request)
        self._calls = calls

    def transform_input(
        self,
        ctx: inngest.Context | inngest.ContextSync,
        function: inngest.Function[Any],
        steps: inngest.StepMemos,
    ) -> None:
        if steps.size == 0:
            self._calls.extend((event.id, ctx.run_id) for event in ctx.events)
