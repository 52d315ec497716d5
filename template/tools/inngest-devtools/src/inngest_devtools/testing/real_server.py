"""A real Dev Server as a test's `InngestServer`: started for the tests alone, on free ports,
without history.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import inngest
from inngest_devtools.project import SERVE_PATH
from inngest_devtools.testing.app_server import free_ports
from inngest_devtools.testing.inngest_server import InngestServer, Run, SyncError
from inngest_devtools.testing.protocol import Json, sent_event
from inngest_devtools.words import t

START_TIMEOUT = 20.0  # seconds
RUN_TIMEOUT = 60.0  # seconds until every run has to be over
ANSWER_TIMEOUT = 5.0  # seconds: a busy server answers `null` for a while
SETTLE_TIME = 1.0  # seconds that an event takes at most to start a run, and a run to its next wait
QUIET_TIME = 2.5  # seconds without a new run after which no more are expected
POLL_INTERVAL = 0.05  # seconds
PAGE = 100  # runs or events; from 400 on the server would take no notice, and give 40

PORTS = (
    "port",
    "connect-gateway-port",
    "connect-gateway-grpc-port",
    "connect-executor-grpc-port",
)
FLAGS = ("--host", "127.0.0.1", "--no-discovery", "--no-poll", "--retry-interval", "1")

RUNS_QUERY = """query($first: Int!, $after: String, $from: Time!) {
  runs(
    first: $first, after: $after
    orderBy: [{field: QUEUED_AT, direction: ASC}], filter: {from: $from}
  ) { edges { node { id } } pageInfo { hasNextPage endCursor } }
}"""
EVENTS_QUERY = """query($first: Int!, $after: String, $from: Time!) {
  eventsV2(first: $first, after: $after, filter: {from: $from, includeInternalEvents: true}) {
    edges { node { id raw } } pageInfo { hasNextPage endCursor }
  }
}"""
RUN_QUERY = """query($id: String!) {
  run(runID: $id) { status startedAt endedAt function { slug } }
  runTrigger(runID: $id) { IDs }
}"""

T = TypeVar("T")


class RealServer(InngestServer):
    """The Dev Server within `with`; `inngest_bin` is the path of the Inngest CLI."""

    def __init__(self, inngest_bin: Path) -> None:
        self._ports = free_ports(len(PORTS))
        self._bin = inngest_bin
        self.origin = f"http://127.0.0.1:{self._ports[0]}"
        self._http = httpx.Client(base_url=self.origin, timeout=10, trust_env=False, verify=False)
        self._app_id = ""
        self._known_runs: set[str] = set()
        self._known_events: set[str] = set()
        self._began = datetime.now(UTC)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(temporary))
            log = stack.enter_context(open(folder / "log", "wb"))
            process = subprocess.Popen(
                self._command(), cwd=folder, env=_environment(), stdout=log, stderr=log
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            self._wait_until_healthy(process, folder / "log")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._http.close()

    def reset(self) -> None:
        """Let the next test see its own runs and events only."""
        self._known_runs |= set(self._list_run_ids())
        self._known_events |= set(self._list_events())
        self._began = datetime.now(UTC)

    def sync(self, app_url: str) -> None:
        """Have the app register its functions; a failed sync answers 200.

        Raises:
            SyncError: The app or the server refused.
        """
        headers = {"x-inngest-server-kind": "dev"}
        reply = self._http.put(f"{app_url}{SERVE_PATH}", headers=headers)
        port = httpx.URL(app_url).port
        apps = self._query("{ apps { name url error } }")["apps"]
        # The server writes `localhost` for 127.0.0.1.
        app = next((app for app in apps if f":{port}/" in (app["url"] or "")), None)
        if not reply.json().get("ok"):
            raise SyncError((app and app["error"]) or reply.text)
        self._app_id = app["name"] if app else ""

    # --- What a test asks for

    @property
    def now(self) -> float:
        return (datetime.now(UTC) - self._began).total_seconds()

    def send(self, *events: inngest.Event | Json) -> list[str]:
        body = [sent_event(event) for event in events]
        reply = self._http.post("/e/test", json=body).raise_for_status()
        time.sleep(SETTLE_TIME)
        ids: list[str] = reply.json()["ids"]
        return ids

    def invoke(self, function_id: str, data: Json | None = None) -> Run:
        url = f"/invoke/{self._app_id}-{function_id}"
        self._http.post(url, json={"data": data or {}}).raise_for_status()
        time.sleep(SETTLE_TIME)
        return [run for run in self.finish() if run.function_id == function_id][-1]

    def settle(self) -> list[Run]:
        time.sleep(SETTLE_TIME)
        return self.list_runs()

    def wait_until(self, predicate: Callable[[], bool], timeout: float = RUN_TIMEOUT) -> None:
        deadline = time.monotonic() + timeout
        while not predicate():
            if time.monotonic() > deadline:
                raise AssertionError(
                    t("It did not become true. Runs: {runs}", runs=self.list_runs())
                )
            time.sleep(POLL_INTERVAL)

    def finish(self) -> list[Run]:
        deadline = time.monotonic() + RUN_TIMEOUT
        quiet_since, count = time.monotonic(), -1
        while True:
            runs = self.list_runs()
            if len(runs) != count or any(run.status == "Running" for run in runs):
                quiet_since, count = time.monotonic(), len(runs)
            if time.monotonic() - quiet_since > QUIET_TIME:
                return runs
            if time.monotonic() > deadline:
                problem = t(
                    "Runs did not end within {seconds:.0f} s: {runs}",
                    seconds=RUN_TIMEOUT,
                    runs=runs,
                )
                raise AssertionError(problem)
            time.sleep(POLL_INTERVAL)

    def list_runs(self) -> list[Run]:
        ids = [id for id in self._list_run_ids() if id not in self._known_runs]
        return [self._read_run(id) for id in ids]

    def events(self, name: str | None = None) -> list[inngest.Event]:
        return [
            inngest.Event(name=e["name"], data=e["data"] or {}, id=e["id"], ts=e["ts"])
            for id, e in self._list_events().items()
            if id not in self._known_events and name in (None, e["name"])
        ]

    # --- What the server is asked

    def _list_run_ids(self) -> list[str]:
        return list(self._list(RUNS_QUERY, "runs"))

    def _list_events(self) -> dict[str, Json]:
        """All events by the server's ids, oldest first; the server gives the newest first."""
        nodes = self._list(EVENTS_QUERY, "eventsV2")
        return {id: json.loads(nodes[id]["raw"]) for id in sorted(nodes)}

    def _list(self, query: str, name: str) -> dict[str, Json]:
        """What a query lists, by id: where it lists in pages, some things are in two of them."""
        nodes: dict[str, Json] = {}
        after = None
        while True:
            variables = {"first": PAGE, "after": after, "from": "2020-01-01T00:00:00Z"}
            page = self._query(query, variables)[name]
            nodes |= {edge["node"]["id"]: edge["node"] for edge in page["edges"]}
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]

    def _read_run(self, run_id: str) -> Run:
        """A run by its id: in the list some stay RUNNING for long after their end."""
        answer = self._query(RUN_QUERY, {"id": run_id})
        run = answer["run"]
        # The query string keeps the server's cache of a few seconds out of it.
        fresh = {"t": time.monotonic_ns()}
        details = _retry(lambda: self._http.get(f"/v1/runs/{run_id}", params=fresh).json()["data"])
        return Run(
            id=run_id,
            function_id=run["function"]["slug"].removeprefix(f"{self._app_id}-"),
            event_ids=answer["runTrigger"]["IDs"],
            status=details["status"] if details["status"] != "Scheduled" else "Running",
            output=details.get("output"),
            started=self._since_reset(run["startedAt"]),
            ended=self._since_reset(details.get("ended_at")),
        )

    def _query(self, query: str, variables: Json | None = None) -> Json:
        body = {"query": query, "variables": variables or {}}
        return _retry(lambda: self._ask(body))

    def _ask(self, body: Json) -> Any:
        answer = self._http.post("/v0/gql", json=body).raise_for_status().json()
        data = answer.get("data")
        return data if data and all(value is not None for value in data.values()) else None

    def _since_reset(self, timestamp: str | None) -> float | None:
        if timestamp is None:
            return None
        return (datetime.fromisoformat(timestamp) - self._began).total_seconds()

    # --- The process

    def _command(self) -> list[str]:
        ports: list[str] = []
        for name, port in zip(PORTS, self._ports, strict=True):
            ports += [f"--{name}", str(port)]
        return [str(self._bin), "dev", *FLAGS, "--tick", "20", *ports]

    def _wait_until_healthy(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if self._http.get("/health").is_success:
                    return
            except httpx.TransportError:
                time.sleep(POLL_INTERVAL)
        said = log.read_text("utf-8", "replace")[-2000:]
        raise RuntimeError(t("{program} did not start:", program=self._bin) + f"\n{said}")


def _retry(ask: Callable[[], T | None]) -> T:
    """Ask until there is an answer: a busy server gives none at first."""
    deadline = time.monotonic() + ANSWER_TIMEOUT
    while True:
        answer = ask()
        if answer is not None:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(t("The Dev Server gave no answer."))
        time.sleep(POLL_INTERVAL)


def _environment() -> dict[str, str]:
    """Without the variables that would change the server: its own, and the one of its log level."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("INNGEST_") and name != "LOG_LEVEL"
    }
    return own | {"DO_NOT_TRACK": "1", "INNGEST_NO_UPDATE_NOTIFIER": "1"}
