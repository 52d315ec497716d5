"""A generated project in which a test is the user: its files, its terminal, its processes."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

STAND_IN = Path(__file__).with_name("stand_in_server.py")
SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"
TIMEOUT = 120.0  # seconds in which everything here has to happen; only what fails takes them


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """The first true value of a condition."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    pytest.fail(f"waited in vain for {what}")


def is_running(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@dataclass
class Workspace:
    """A project, and what a user does in its terminal."""

    path: Path
    scripts: Path
    env: dict[str, str]
    port: int
    app_port: int
    cleanup: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def app_url(self) -> str:
        return f"http://127.0.0.1:{self.app_port}"

    @property
    def functions(self) -> Path:
        return self.path / "src" / "core" / "inngest" / "functions"

    @property
    def function_count(self) -> int:
        return sum(
            path.read_text("utf-8").count(".create_function(")
            for path in self.functions.glob("*.py")
        )

    def run(self, command: str, *args: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run one of the environment's programs to its end."""
        return subprocess.run(
            [self.scripts / command, *args],
            cwd=self.path,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT,
        )

    def dev_server(self, *args: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return self.run("dev-server", *args, **env)

    def python(self, code: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return self.run("python", "-c", code, **env)

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.dev_server("status", "--json").stdout)
        return status

    def spawn(self, command: str, *args: str, **env: str) -> "Terminal":
        """Start one of the environment's programs; it is ended with the test."""
        output = self.path / f"{command}-{time.monotonic_ns()}.txt"
        with output.open("wb") as file:
            process = psutil.Popen(
                [self.scripts / command, *args],
                cwd=self.path,
                env=self.env | env,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        terminal = Terminal(process, output)
        self.cleanup.callback(terminal.close)
        return terminal

    def start_dev(self, *args: str, **env: str) -> "Terminal":
        """`dev`, when it is ready."""
        terminal = self.spawn("dev", *args, **env)
        terminal.wait_for("Ctrl-C ends it.")
        return terminal

    def use_stand_in(self, mode: str = "") -> Path:
        """Have INNGEST_BIN name a program that starts the stand-in in this mode."""
        launcher = write_launcher(self.path / f"stand in {mode or 'plain'}", mode)
        self.env["INNGEST_BIN"] = str(launcher)
        return launcher

    def app_pid(self) -> int:
        """Of the app that `dev` runs."""
        noted = json.loads((self.path / ".inngest" / "app.json").read_text())
        return int(noted["app"]["pid"])

    def add_route(self, name: str, source: str) -> Path:
        """A module of routes; it begins with a router, and is changed by writing it again."""
        path = self.path / "src" / "server" / "routes" / f"{name}.py"
        path.write_text(
            f"import asyncio\nfrom fastapi import APIRouter\n\nrouter = APIRouter()\n\n{source}"
        )
        return path

    def add_function(self, name: str) -> None:
        source = (self.functions / "example_function.py").read_text("utf-8")
        renamed = source.replace("example-function", name).replace(
            "def example_function", "def another_function"
        )
        (self.functions / f"{name.replace('-', '_')}.py").write_text(renamed, "utf-8")


@dataclass
class Terminal:
    """A program that runs, and what it has printed."""

    process: psutil.Popen
    output: Path

    @property
    def text(self) -> str:
        return self.output.read_text("utf-8", "replace")

    def wait_for(self, text: str, count: int = 1) -> str:
        def has_printed() -> bool:
            return self.text.count(text) >= count or self.process.poll() is not None

        wait_for(has_printed, f"{text!r} in:\n{self.text}")
        assert self.text.count(text) >= count, self.text
        return self.text

    def wait(self) -> int:
        code: int = self.process.wait(timeout=TIMEOUT)
        return code

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def close(self) -> None:
        for process in (
            [*self.process.children(recursive=True), self.process]
            if self.process.is_running()
            else []
        ):
            with suppress(psutil.Error):
                process.kill()
        self.process.wait()


def write_launcher(path: Path, mode: str = "") -> Path:
    """A program without arguments of its own: the path of a Python script is none on Windows."""
    if sys.platform == "win32":
        path = path.with_suffix(".cmd")
        path.write_text(f'@set STAND_IN={mode}\n@"{sys.executable}" "{STAND_IN}" %*\n')
    else:
        path.write_text(f'#!/bin/sh\nSTAND_IN={mode} exec "{sys.executable}" "{STAND_IN}" "$@"\n')
        path.chmod(0o755)
    return path
