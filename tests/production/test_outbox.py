"""The outbox against servers that lose events, senders that are killed, and two databases."""

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import inngest
import psycopg
import pytest
from inngest_devtools.testing import free_port, serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.inngest.client import inngest_client
from core.inngest.errors import ConfigurationError
from core.inngest.events import ExampleEvent
from core.inngest.outbox import SCHEMA, Outbox, Rows, Values
from tests.postgres import create_database
from tests.production.inngest_start import InngestStart
from tests.production.service import Service

pytestmark = pytest.mark.slow

ORDERS = 12
TIMEOUT = 120.0  # seconds; more than a loaded machine takes

# `sender.py write` places orders, of which every third is rolled back; `sender.py relay` sends
# until its table is empty, or is killed.
SENDER = """
import asyncio
import os
import sqlite3
import sys

import psycopg

from core.inngest import outbox as module
from core.inngest.events import ExampleEvent

DATABASE = os.environ["DATABASE"]
IS_POSTGRES = DATABASE.startswith("postgresql:")
CONNECTION = psycopg.connect(DATABASE, autocommit=True) if IS_POSTGRES else sqlite3.connect(DATABASE)

module.CHECK_PAUSE = module.RETRY_PAUSE = 0.1
module.POLL_PAUSE = 0.02
module.CLAIM = 1.0
module.BATCH = 5


def transaction():
    return CONNECTION.transaction() if IS_POSTGRES else CONNECTION


async def execute(sql, values):
    with transaction():
        cursor = CONNECTION.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


outbox = module.Outbox(execute, paramstyle="pyformat" if IS_POSTGRES else "named")


def write(count):
    with transaction():
        CONNECTION.execute("CREATE TABLE orders (id TEXT PRIMARY KEY)")
        CONNECTION.execute(module.SCHEMA)
    for number in range(count):
        place(f"order-{number}", fails=number % 3 == 2)


def place(order_id, *, fails):
    try:
        with transaction():
            CONNECTION.execute(f"INSERT INTO orders (id) VALUES ('{order_id}')")
            event = ExampleEvent(message=order_id)
            CONNECTION.execute(*outbox.insert_statement(event, id=order_id))
            if fails:
                raise RuntimeError("no stock")
    except RuntimeError:
        pass


async def relay():
    async with outbox.relaying():
        while await execute("SELECT id FROM inngest_outbox WHERE due_at IS NOT NULL", {}):
            await asyncio.sleep(0.05)


write(int(sys.argv[2])) if sys.argv[1] == "write" else asyncio.run(relay())
"""


class ForgetfulServer:
    """Answers every event with 200, and forgets it the first times; an id that it knows it runs no
    more.
    """

    def __init__(self, forgets: int) -> None:
        self.forgets = forgets
        self.sent: Counter[str] = Counter()
        self.runs: dict[str, str] = {}  # by the event's id: what the server called it
        self.app = Starlette(
            routes=[
                Route("/e/{key}", self._receive, methods=["POST"]),
                Route("/v1/events/{id}/runs", self._list_runs),
            ]
        )

    async def _receive(self, request: Request) -> Response:
        ids = [self._take(event) for event in await request.json()]
        return JSONResponse({"ids": ids, "status": 200})

    def _take(self, event: dict[str, Any]) -> str:
        event_id = event["id"]
        self.sent[event_id] += 1
        server_id = f"{event_id}:{self.sent[event_id]}"
        if self.sent[event_id] > self.forgets:
            self.runs.setdefault(event_id, server_id)
        return server_id

    async def _list_runs(self, request: Request) -> Response:
        assert "t" in request.query_params, "it would be answered from a cache"
        server_id = request.path_params["id"]
        runs = [{"run_id": server_id}] if server_id in self.runs.values() else []
        return JSONResponse({"data": runs})


@contextmanager
def serving(server: ForgetfulServer) -> Iterator[str]:
    listener = free_port()
    with serve(server.app, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a sender finds its database."""
    if request.param == "sqlite":
        yield str(tmp_path / "orders.db")
        return
    with create_database() as url:
        yield url


@pytest.fixture
def start_sender(
    deployment: Path, database: str, clean_env: dict[str, str], tmp_path: Path
) -> Callable[..., "subprocess.Popen[str]"]:
    """`start_sender(url, "relay")`: a process that places or sends orders, in mode dev."""
    (tmp_path / "sender.py").write_text(SENDER)

    def start(url: str, *arguments: str) -> "subprocess.Popen[str]":
        env = clean_env | {
            "PYTHONPATH": str(deployment / "src"),
            "INNGEST_DEV": "1",
            "INNGEST_BASE_URL": url,
            "DATABASE": database,
        }
        command = [sys.executable, str(tmp_path / "sender.py"), *arguments]
        return subprocess.Popen(command, env=env, cwd=tmp_path, stderr=subprocess.PIPE, text=True)

    return start


def end(process: "subprocess.Popen[str]") -> str:
    """Wait for its end; what it said."""
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, errors
    return errors


COMMITTED = {f"order-{number}" for number in range(ORDERS) if number % 3 != 2}


def test_relay_events_that_server_forgets_until_each_has_one_run(
    start_sender: Callable[..., "subprocess.Popen[str]"],
) -> None:
    server = ForgetfulServer(forgets=2)
    with serving(server) as url:
        end(start_sender(url, "write", str(ORDERS)))
        end(start_sender(url, "relay"))

    assert set(server.runs) == COMMITTED  # none of an order that was rolled back
    assert set(server.sent.values()) == {3}


def test_kill_relay_and_start_it_again_loses_no_event(
    start_sender: Callable[..., "subprocess.Popen[str]"],
) -> None:
    server = ForgetfulServer(forgets=1)
    with serving(server) as url:
        end(start_sender(url, "write", str(ORDERS)))
        killed = start_sender(url, "relay")
        deadline = time.monotonic() + TIMEOUT
        while len(server.sent) < ORDERS // 3:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        killed.kill()
        killed.communicate()
        assert set(server.runs) != COMMITTED
        end(start_sender(url, "relay"))

    assert set(server.runs) == COMMITTED


def test_relay_while_server_is_down_sends_when_it_is_back(
    start_sender: Callable[..., "subprocess.Popen[str]"],
) -> None:
    server = ForgetfulServer(forgets=0)
    with serving(server) as url:
        end(start_sender(url, "write", "1"))
    relay = start_sender(url, "relay")
    time.sleep(1)
    with serve(server.app, free_port(int(url.rpartition(":")[2]))):
        end(relay)

    assert server.sent == {"order-0": 1}


def test_relay_from_two_replicas_sends_each_event_once(
    start_sender: Callable[..., "subprocess.Popen[str]"],
) -> None:
    server = ForgetfulServer(forgets=0)
    with serving(server) as url:
        end(start_sender(url, "write", str(ORDERS)))
        relays = [start_sender(url, "relay") for _ in range(2)]
        for relay in relays:
            end(relay)

    assert set(server.runs) == COMMITTED
    assert set(server.sent.values()) == {1}


@pytest.fixture
def in_memory() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(SCHEMA)
        yield connection


def test_end_while_event_is_sent_notes_what_inngest_called_it(
    monkeypatch: pytest.MonkeyPatch, in_memory: sqlite3.Connection
) -> None:
    """Twice, as in the tests of an app: each has an event loop of its own."""

    async def execute(sql: str, values: Values) -> Rows:
        return in_memory.execute(sql, values).fetchall()

    outbox = Outbox(execute)
    middleware = list(inngest_client.middleware)

    async def relay(event_id: str) -> None:
        sending = asyncio.Event()

        async def send(event: inngest.Event) -> list[str]:
            sending.set()
            await asyncio.sleep(0.1)
            return [f"{event.id} at Inngest"]

        monkeypatch.setattr(inngest_client, "send", send)
        in_memory.execute(*outbox.insert_statement(ExampleEvent(), id=event_id))
        async with outbox.relaying():
            await sending.wait()

    for event_id in ("first", "second"):
        asyncio.run(relay(event_id))

    rows = in_memory.execute("SELECT trim(sent_ids) FROM inngest_outbox ORDER BY id").fetchall()
    assert rows == [("first at Inngest",), ("second at Inngest",)]
    assert inngest_client.middleware == middleware


def test_relay_from_database_that_gives_bytes_for_text_is_refused_at_start() -> None:
    """They would be sent as the event's name, and no run of it would ever be found."""

    def start(url: str) -> None:
        async def relay() -> None:
            async with Outbox(execute, paramstyle="pyformat").relaying():
                pass

        async def execute(sql: str, values: Values) -> Rows:
            cursor = connection.execute(sql.encode(), values)
            return cursor.fetchall() if cursor.description else []

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(SCHEMA)
            asyncio.run(relay())

    with create_database("ENCODING 'SQL_ASCII' TEMPLATE template0") as url:
        with pytest.raises(ConfigurationError, match="bytes for text: add client_encoding=utf8 to"):
            start(url)
        start(f"{url}?client_encoding=utf8")


def test_start_while_database_is_down_waits_for_it(caplog: pytest.LogCaptureFixture) -> None:
    async def execute(sql: str, values: Values) -> Rows:
        raise psycopg.OperationalError("connection refused")

    async def relay() -> None:
        async with Outbox(execute).relaying():
            await asyncio.sleep(0.1)

    asyncio.run(relay())

    assert "The outbox could not be read or written" in caplog.text


# The app with a route that places orders, and a function that notes each of its runs.
SHOP = """
import sqlite3
from contextlib import asynccontextmanager

from core.inngest import outbox as module
from core.inngest.functions.orders import OrderPlaced
from server.main import app

module.CHECK_PAUSE = 2.0


def connect():
    return sqlite3.connect("orders.db", timeout=30)


async def execute(sql, values):
    with connect() as connection:
        return connection.execute(sql, values).fetchall()


outbox = module.Outbox(execute)


@asynccontextmanager
async def lifespan(app):
    await execute(module.SCHEMA, {})
    async with outbox.relaying():
        yield


app.router.lifespan_context = lifespan


@app.post("/orders/{order_id}")
async def place(order_id: str) -> str:
    with connect() as connection:
        connection.execute(*outbox.insert_statement(OrderPlaced(order_id=order_id)))
    outbox.wake()
    return order_id
"""

ORDER_FUNCTION = """
from pathlib import Path

import inngest

from core.inngest.client import inngest_client
from core.inngest.typed_event import TypedEvent


class OrderPlaced(TypedEvent):
    event_name = "order/placed"

    order_id: str


async def ship(order_id: str, run_id: str) -> None:
    with Path("ledger").open("a") as ledger:
        ledger.write(f"{order_id} {run_id}\\n")


@inngest_client.create_function(fn_id="orders", trigger=OrderPlaced.trigger())
async def orders(ctx: inngest.Context) -> None:
    payload = OrderPlaced.parse(ctx.event)
    await ctx.step.run("ship", ship, payload.order_id, ctx.run_id)
"""


def read_runs(service: Service) -> dict[str, set[str]]:
    """The runs of each order; a step of one run may have been repeated."""
    runs: dict[str, set[str]] = {}
    path = service.path / "ledger"
    for line in path.read_text().splitlines() if path.exists() else []:
        order_id, run_id = line.split()
        runs.setdefault(order_id, set()).add(run_id)
    return runs


def count_outbox(service: Service) -> int:
    with closing(sqlite3.connect(service.path / "orders.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM inngest_outbox").fetchone()[0])


def test_kill_real_server_under_load_runs_every_event_once(
    make_service: Callable[..., Service], inngest_start: InngestStart
) -> None:
    inngest_start.start()
    service = make_service(start=False, executor=inngest_start, orders=ORDER_FUNCTION)
    (service.path / "src/shop.py").write_text(SHOP)
    service.command[service.command.index("server.main:app")] = "shop:app"
    service.start()
    assert service.run_module("core.inngest.sync", "--url", service.url).returncode == 0

    for number in range(60):
        if number in (20, 40):
            inngest_start.kill()
            inngest_start.start()
        httpx.post(f"{service.url}/orders/{number}", timeout=30).raise_for_status()
    deadline = time.monotonic() + 60
    while count_outbox(service) or len(read_runs(service)) < 60:
        assert time.monotonic() < deadline, service.log[-5000:]
        time.sleep(0.2)

    assert {order_id: len(runs) for order_id, runs in read_runs(service).items()} == {
        str(number): 1 for number in range(60)
    }
