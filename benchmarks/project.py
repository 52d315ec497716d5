"""A generated project and, beside it, the bare SDK: the same packages, the same server, the same
function.
"""

import http.client
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inngest_devtools.testing import free_ports

from benchmarks.commands import copier, environment, run
from benchmarks.measure import MeasureError
from benchmarks.templates import REPOSITORY

BENCHMARKS = REPOSITORY / "benchmarks"
START_TIMEOUT = 120.0  # seconds; only a start that fails takes them


@dataclass(frozen=True)
class App:
    """An ASGI app for uvicorn: `target` as in "server.main:app", imported from `folder`."""

    id: str
    target: str
    folder: Path
    python: Path

    @contextmanager
    def running(self, **variables: str) -> Iterator[int]:
        """Serve it on a free loopback port, which is given."""
        (port,) = free_ports(1)
        command = [str(self.python), "-m", "uvicorn", self.target, "--port", str(port)]
        env = environment(PORT=str(port), **variables)
        with subprocess.Popen(
            command, cwd=self.folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                _wait_until_up(port, process)
                yield port
            finally:
                process.terminate()

    def start(self) -> float:
        """Seconds from the start of the process to the first 200."""
        started = time.perf_counter()
        with self.running(INNGEST_DEV="1"):
            return time.perf_counter() - started


def create_apps(folder: Path) -> tuple[App, App]:
    """A project with the default answers, installed, and the bare app."""
    project = folder / "my-app"
    copier("copy", "--quiet", "--defaults", "--vcs-ref", "HEAD", REPOSITORY, project, cwd=folder)
    run("uv", "sync", "--quiet", cwd=project)
    python = python_of(project)
    return App("my-app", "server.main:app", project, python), App(
        "bare", "bare_app:app", BENCHMARKS, python
    )


def add_five_steps(project: App) -> None:
    """Give the project the function that the bare app has."""
    shutil.copy(BENCHMARKS / "five_steps.py", project.folder / "src/core/inngest/functions")


def python_of(project: Path) -> Path:
    return project / (".venv/Scripts/python.exe" if os.name == "nt" else ".venv/bin/python")


def _wait_until_up(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.001)
        finally:
            connection.close()
    raise MeasureError(f"{process.args!r} did not answer at /healthz of port {port}")
