"""A real Inngest server as a deployment runs it: `inngest start` on a Redis."""

import os
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from inngest_devtools.testing.app_server import free_ports

from tests.production.service import EVENT_KEY, SIGNING_KEY

START_TIMEOUT = 120  # seconds


class InngestStart:
    """It listens on the same ports all its life, and keeps its history in a folder."""

    def __init__(self, cli: str, redis_url: str, folder: Path) -> None:
        port, gateway, gateway_grpc, executor_grpc = free_ports(4)
        self.origin = f"http://127.0.0.1:{port}"
        self.command = [cli, "start", "--host", "127.0.0.1", "--port", str(port)]
        self.command += ["--connect-gateway-port", str(gateway)]
        self.command += ["--connect-gateway-grpc-port", str(gateway_grpc)]
        self.command += ["--connect-executor-grpc-port", str(executor_grpc)]
        self.command += ["--redis-uri", redis_url, "--sqlite-dir", str(folder)]
        self.env = os.environ | {
            "INNGEST_EVENT_KEY": EVENT_KEY,
            "INNGEST_SIGNING_KEY": SIGNING_KEY,
            "DO_NOT_TRACK": "1",
            "HOME": str(folder),
        }
        self._log = folder / "inngest.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **env: str) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command, env=self.env | env, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not self._is_up():
            assert time.monotonic() < deadline, self.log
            time.sleep(0.1)

    def kill(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _is_up(self) -> bool:
        try:
            return httpx.get(f"{self.origin}/health").is_success
        except httpx.TransportError:
            return False


def make_inngest(folder: Path) -> InngestStart:
    """Skips the test where this machine lacks the CLI or a Redis."""
    cli, redis_url = os.environ.get("INNGEST_BIN"), os.environ.get("TEST_REDIS_URL")
    if not cli or not redis_url:
        pytest.skip("needs an Inngest CLI in INNGEST_BIN and a Redis in TEST_REDIS_URL")
    return InngestStart(cli, redis_url, folder)
