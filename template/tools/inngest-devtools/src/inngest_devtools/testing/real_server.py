"""A real Dev Server as a test's `InngestServer`: started for the tests alone, on free ports,
without history.
"""

import os
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import httpx
import inngest
from inngest_devtools.testing.app_server import free_ports
from inngest_devtools.testing.inngest_server import InngestServer, Run, SyncError
from inngest_devtools.testing.protocol import SERVE_PATH, Json

START_TIMEOUT = 20.0  # seconds
RUN_TIMEOUT = 60.0  # seconds until every run has to be over
SETTLE_TIME = (
    1.0  # seconds that an event takes at most to start a run, and a run to reach its next wait
)
# seconds without a new run after which none is expected: longer than a batch waits for its events
QUIET_TIME = 2.5
POLL_INTERVAL = 0.05  # seconds

RUNS_QUERY = """{ runs(
  first: 400, orderBy: [{field: QUEUED_AT, direction: ASC}], filter: {from: "2020-01-01T00:00:00Z"}
) { edges { node { id status function { slug } triggerIDs } } } }"""


class RealServer(InngestServer):
    """The Dev Server within `with`; `inngest_bin` is the path of the Inngest CLI."""

    def __init__(self, inngest_bin: Path) -> None:
        self._ports = [str(port) for port in free_ports(4)]
        self._bin = inngest_bin
        self.origin = f"http://127.0.0.1:{self._ports[0]}"
        self._http = httpx.Client(base_url=self.origin, timeout=10, trust_env=False, verify=False)
        self._known: set[str] = set()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            log = stack.enter_context(open(Path(folder) / "log", "w+"))
            process = subprocess.Popen(
                self._command(), cwd=folder, env=_environment(), stdout=log, stderr=log
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            self._wait_until_healthy(process, Path(log.name))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._http.close()

    def reset(self) -> None:
        self._known |= {run["id"] for run in self._list_runs()}

    def sync(self, app_url: str, *, app_id: str = "") -> None:
        """Have the app register its functions; a failed sync answers 200.

        Raises:
            SyncError: The app or the server refused.
        """
        reply = self._http.put(
            f"{app_url}{SERVE_PATH}", headers={"x-inngest-server-kind": "dev"}, timeout=10
        )
        apps = self._query("{ apps { name error } }")["apps"]
        self._app_id = app_id or next((app["name"] for app in apps), "")
        if not reply.json().get("ok"):
            error = next((app["error"] for app in apps if app["name"] == self._app_id), None)
            raise SyncError(error or reply.text)

    def send(self, *events: inngest.Event) -> list[str]:
        body = [
            {"name": event.name, "data": event.data} | ({"id": event.id} if event.id else {})
            for event in events
        ]
        ids: list[str] = self._http.post("/e/test", json=body).raise_for_status().json()["ids"]
        time.sleep(SETTLE_TIME)
        return ids

    def invoke(self, function_id: str, data: Json | None = None) -> Run:
        self._http.post(
            f"/invoke/{self._app_id}-{function_id}", json={"data": data or {}}
        ).raise_for_status()
        time.sleep(SETTLE_TIME)
        return [run for run in self.finish() if run.function_id == function_id][-1]

    def finish(self) -> list[Run]:
        deadline = time.monotonic() + RUN_TIMEOUT
        quiet_since, count = time.monotonic(), -1
        while True:
            runs = self._list_runs()
            if len(runs) != count or any(run["status"] in ("QUEUED", "RUNNING") for run in runs):
                quiet_since, count = time.monotonic(), len(runs)
            if time.monotonic() - quiet_since > QUIET_TIME:
                return [self._read_run(run) for run in runs]
            if time.monotonic() > deadline:
                raise AssertionError(f"runs did not end within {RUN_TIMEOUT:.0f} s: {runs}")
            time.sleep(POLL_INTERVAL)

    def _command(self) -> list[str]:
        names = (
            "port",
            "connect-gateway-port",
            "connect-gateway-grpc-port",
            "connect-executor-grpc-port",
        )
        ports = [
            part
            for name, port in zip(names, self._ports, strict=True)
            for part in (f"--{name}", port)
        ]
        flags = [
            "--host",
            "127.0.0.1",
            "--no-discovery",
            "--no-poll",
            "--retry-interval",
            "1",
            "--tick",
            "20",
        ]
        return [str(self._bin), "dev", *flags, *ports]

    def _wait_until_healthy(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if self._http.get("/health").is_success:
                    return
            except httpx.TransportError:
                time.sleep(POLL_INTERVAL)
        raise RuntimeError(f"{self._bin} did not start:\n{log.read_text(errors='replace')[-2000:]}")

    def _query(self, query: str) -> Json:
        data: Json = (
            self._http.post("/v0/gql", json={"query": query}).raise_for_status().json()["data"]
        )
        return data

    def _list_runs(self) -> list[Json]:
        runs = [edge["node"] for edge in self._query(RUNS_QUERY)["runs"]["edges"]]
        return [run for run in runs if run["id"] not in self._known]

    def _read_run(self, run: Json) -> Run:
        # The query string keeps the server's cache of a few seconds out of it.
        reply = self._http.get(
            f"/v1/runs/{run['id']}", params={"t": time.monotonic_ns()}
        ).raise_for_status()
        return Run(
            id=run["id"],
            function_id=run["function"]["slug"].removeprefix(f"{self._app_id}-"),
            event_ids=run["triggerIDs"],
            status=run["status"].capitalize(),
            output=reply.json()["data"].get("output"),
        )


def _environment() -> dict[str, str]:
    """Without the variables that would change the server: its own, and the one of its log level."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("INNGEST_") and name != "LOG_LEVEL"
    }
    return own | {"DO_NOT_TRACK": "1", "INNGEST_NO_UPDATE_NOTIFIER": "1"}
