"""Against the real Dev Server: what its settings are worth, and how long a newcomer waits for the
first run.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from inngest_devtools.dev_server.config import PORTS
from inngest_devtools.project import SERVE_PATH
from inngest_devtools.testing import free_ports

from benchmarks.commands import copier, environment, run
from benchmarks.measure import Comparison, Measure, MeasureError, seconds
from benchmarks.project import BENCHMARKS, App, add_five_steps, create_apps, python_of
from benchmarks.templates import REPOSITORY

TIMEOUT = 60.0  # seconds
PAUSE = 0.02  # seconds between two questions, each of which costs the server time
EVENT = {"name": "benchmark/five-steps", "data": {"start": 1}}
FUNCTIONS_QUERY = "{ apps { functions { config } } }"


def compare(folder: Path, pairs: int, inngest_bin: Path) -> Iterator[Comparison]:
    project, _ = create_apps(folder)
    add_five_steps(project)
    with ExitStack() as stack:
        config = project.folder / "bin/inngest/inngest.config.json"
        workflows = [
            stack.enter_context(_workflow(project, inngest_bin, folder, *flags))
            for flags in [("--config", str(config)), ("--no-discovery",)]
        ]
        yield Comparison("five steps, Dev Server", "the server's defaults", 0.30).run(
            *workflows, pairs=pairs
        )
    newcomer = Newcomer(folder, inngest_bin)
    comparison = Comparison("copy to the first run", "the SDK's quick start", 0.5)
    yield comparison.run(
        newcomer.use_template, newcomer.follow_quick_start, pairs=max(1, pairs // 5)
    )


@contextmanager
def _workflow(app: App, inngest_bin: Path, folder: Path, *flags: str) -> Iterator[Measure]:
    ports = free_ports(4)
    server = f"http://127.0.0.1:{ports[0]}"
    with (
        app.running(INNGEST_DEV=server) as port,
        _process(*_server_command(inngest_bin, ports, port), *flags, cwd=folder),
    ):
        _wait_for("the Dev Server", lambda: httpx.get(f"{server}/health").is_success)
        httpx.put(f"http://127.0.0.1:{port}{SERVE_PATH}").raise_for_status()
        _wait_for("the sync", lambda: _is_synced(server, EVENT))
        yield lambda: seconds(lambda: _complete_run(server, EVENT))


class Newcomer:
    """Somebody with uv and the Inngest CLI, and an empty folder."""

    def __init__(self, folder: Path, inngest_bin: Path) -> None:
        self._folder = folder
        self._bin = inngest_bin
        self._numbers = count()

    def use_template(self) -> float:
        project = self._new_folder()
        app_port, port, *_ = free_ports(5)
        answers = ("--data", f"port={app_port}", "--data", f"inngest_port={port}")
        started = time.perf_counter()
        copier(
            "copy",
            "--quiet",
            "--defaults",
            "--vcs-ref",
            "HEAD",
            *answers,
            REPOSITORY,
            project,
            cwd=self._folder,
        )
        with _process("uv", "run", "dev", cwd=project, INNGEST_BIN=str(self._bin)):
            return self._finish(started, port, {"name": "example/event"})

    def follow_quick_start(self) -> float:
        project = self._new_folder()
        app_port, *ports = free_ports(5)
        started = time.perf_counter()
        project.mkdir()
        shutil.copy(BENCHMARKS / "bare_app.py", project / "main.py")
        run("uv", "venv", "--quiet", cwd=project)
        run("uv", "pip", "install", "--quiet", "fastapi", "inngest", "uvicorn", cwd=project)
        app = (
            str(python_of(project)),
            "-m",
            "uvicorn",
            "main:app",
            "--reload",
            "--port",
            str(app_port),
        )
        server = _server_command(self._bin, ports, app_port)
        with (
            _process(*app, cwd=project, INNGEST_DEV=f"http://127.0.0.1:{ports[0]}"),
            _process(*server, "--no-discovery", cwd=project),
        ):
            return self._finish(started, ports[0], EVENT)

    def _finish(self, started: float, port: int, event: dict[str, Any]) -> float:
        server = f"http://127.0.0.1:{port}"
        _wait_for("the sync", lambda: _is_synced(server, event))
        _complete_run(server, event)
        return time.perf_counter() - started

    def _new_folder(self) -> Path:
        return self._folder / f"newcomer-{next(self._numbers)}"


@contextmanager
def _process(*command: str, cwd: Path, **variables: str) -> Iterator[None]:
    """A process that ends what it started when it is asked to end itself."""
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=environment(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield
        finally:
            process.terminate()


def _server_command(inngest_bin: Path, ports: list[int], app_port: int) -> list[str]:
    flags = [
        part for flag, port in zip(PORTS, ports, strict=True) for part in (f"--{flag}", str(port))
    ]
    url = f"http://127.0.0.1:{app_port}{SERVE_PATH}"
    return [str(inngest_bin), "dev", "--host", "127.0.0.1", "--sdk-url", url, *flags]


def _complete_run(server: str, event: dict[str, Any]) -> None:
    """Send an event, and wait until the run that it starts has completed."""
    id = httpx.post(f"{server}/e/benchmark", json=event).raise_for_status().json()["ids"][0]

    def ask(path: str) -> Any:
        # An answer is cached by its whole URL.
        return httpx.get(f"{server}/v1/{path}", params={"t": time.monotonic_ns()}).json()["data"]

    def has_completed() -> bool:
        runs = ask(f"events/{id}/runs")
        # The list misses the end of some runs, and calls others "Completed" after a step.
        return bool(runs) and ask(f"runs/{runs[0]['run_id']}").get("ended_at") is not None

    _wait_for(f"the end of the run of {event['name']}", has_completed)


def _is_synced(server: str, event: dict[str, Any]) -> bool:
    """Whether the function is there that the event starts: what is sent earlier starts nothing."""
    answer = httpx.post(f"{server}/v0/gql", json={"query": FUNCTIONS_QUERY})
    functions = [function for app in answer.json()["data"]["apps"] for function in app["functions"]]
    return any(f'"{event["name"]}"' in function["config"] for function in functions)


def _wait_for(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except (httpx.TransportError, TypeError):  # it has not started yet
            pass
        time.sleep(PAUSE)
    raise MeasureError(f"{what} did not come within {TIMEOUT:.0f} s")
