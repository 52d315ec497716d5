"""The generated app in production mode, as a process of its own that a test can stop, kill and
start again.
"""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
from inngest_devtools.testing import free_port

from tests.conftest import python_of

SIGNING_KEY = "5ec2e7" * 10
EVENT_KEY = "event-key-5ec2e7"
START_TIMEOUT = 120  # seconds


class Service:
    """An app from the sources at `path`, in the environment of `project`; it listens on the same
    port all its life.

    Args:
        executor: What it takes for Inngest: a stand-in, or a real server.
    """

    def __init__(self, path: Path, project: Path, env: dict[str, str], executor: Any) -> None:
        listener = free_port()
        self.port = listener.getsockname()[1]
        listener.close()
        self.url = f"http://127.0.0.1:{self.port}"
        self.path = path
        self.executor = executor
        self.env = env | {
            "PYTHONPATH": str(path / "src"),
            "INNGEST_DEV": "0",
            "INNGEST_BASE_URL": executor.origin,
            "INNGEST_EVENT_KEY": EVENT_KEY,
            "INNGEST_SIGNING_KEY": SIGNING_KEY,
        }
        self._python = python_of(project)
        self.command = [
            str(self._python),
            "-m",
            "uvicorn",
            "server.main:app",
            "--port",
            str(self.port),
        ]
        self._log = path / "app.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.path, env=self.env, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not self._is_up():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the app did not start:\n{self.log}")
            time.sleep(0.05)

    def sync(self) -> None:
        self.executor.sync(self.url)

    def end(self, *, by_force: bool = False) -> int:
        """End it and return its exit code."""
        process, self.process = self.process, None
        if process is None:
            return 0
        process.kill() if by_force else process.terminate()
        return process.wait(timeout=30)

    def run_module(self, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run `python -m ...` in the app's environment."""
        command = [str(self._python), "-m", *arguments]
        options: dict[str, Any] = {
            "cwd": self.path,
            "env": self.env | env,
            "stdin": subprocess.DEVNULL,
            "timeout": 60,
        }
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", **options)

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    @property
    def memory(self) -> int:
        """Bytes that the process holds."""
        assert self.process is not None
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines()]

    def count_functions(self) -> int:
        folder = self.path / "src/core/inngest/functions"
        return sum(file.read_text("utf-8").count("fn_id=") for file in folder.rglob("*.py"))

    def _is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz").is_success
        except httpx.TransportError:
            return False


def signals_end_processes_politely() -> bool:
    """Not on Windows, whose processes get no SIGTERM that they could answer."""
    return os.name == "posix"
