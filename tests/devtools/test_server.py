"""`dev-server start`, `stop`, `restart`, `status`, `logs`, and the launchers."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.devtools.workspace import Workspace, is_running, wait_for

pytestmark = pytest.mark.slow

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="the launcher of POSIX systems")

START_IMPATIENTLY = """
import sys
from inngest_devtools import cli
from inngest_devtools.dev_server import lifecycle
lifecycle.HEALTH_TIMEOUT = 1
sys.argv = ["inngest-dev", "start"]
cli.main()
"""


def test_run_server_from_start_to_stop(workspace: Workspace) -> None:
    assert workspace.dev_server("status").returncode == 3

    started = workspace.dev_server("start")
    assert started.returncode == 0, started.stderr
    pid = workspace.status()["pid"]
    assert f"Dev Server started: {workspace.url} (pid {pid})" in started.stdout
    assert f"The app does not answer at {workspace.app_url} yet" in started.stdout

    status = workspace.dev_server("status")
    assert status.returncode == 0
    assert f"Dev Server: running at {workspace.url} (pid {pid})" in status.stdout
    assert (
        "INFO:     using config file=bin/inngest/inngest.config.json"
        in workspace.dev_server("logs").stdout
    )

    stopped = workspace.dev_server("stop")
    assert (stopped.returncode, stopped.stdout) == (0, "Dev Server stopped.\n")
    assert not is_running(pid)
    assert workspace.dev_server("status", "--json").returncode == 3


def test_start_server_twice_keeps_the_first(workspace: Workspace) -> None:
    workspace.dev_server("start")
    pid = workspace.status()["pid"]

    again = workspace.dev_server("start")

    assert again.returncode == 0
    assert f"Dev Server runs already: {workspace.url} (pid {pid})" in again.stdout


def test_start_server_twice_at_once_starts_one(workspace: Workspace) -> None:
    terminals = [workspace.spawn("dev-server", "start") for _ in range(3)]

    assert [terminal.wait() for terminal in terminals] == [0, 0, 0], [
        terminal.text for terminal in terminals
    ]
    texts = sorted(terminal.text.partition(" (pid")[2] for terminal in terminals)
    assert texts[0] == texts[2]
    assert sum("Dev Server started" in terminal.text for terminal in terminals) == 1


def test_restart_server_starts_another(workspace: Workspace) -> None:
    workspace.dev_server("start")
    pid = workspace.status()["pid"]

    assert "Dev Server stopped.\nDev Server started" in workspace.dev_server("restart").stdout
    assert workspace.status()["pid"] != pid
    assert not is_running(pid)


def test_start_server_syncs_an_app_that_is_up(workspace: Workspace) -> None:
    workspace.spawn(
        *("python", "-m", "uvicorn", "server.main:app", "--port", str(workspace.app_port)),
        INNGEST_DEV="1",
    ).wait_for("running on")

    started = workspace.dev_server("start")

    assert f"App my-app: {workspace.function_count} functions synced" in started.stdout
    assert workspace.status()["functions"] == workspace.function_count
    assert (
        f"App:        {workspace.function_count} functions synced"
        in workspace.dev_server("status").stdout
    )


def test_start_server_with_refused_sync_shows_the_reason(workspace: Workspace) -> None:
    workspace.use_stand_in("refuse")
    workspace.spawn(
        *("python", "-m", "uvicorn", "server.main:app", "--port", str(workspace.app_port)),
        INNGEST_DEV="1",
    ).wait_for("running on")

    started = workspace.dev_server("start")

    assert started.returncode == 1
    assert (
        "App my-app: not synced: At least one function is invalid: concurrency has 3 entries"
        in started.stdout
    )


def test_start_server_that_ends_at_once_shows_its_log(workspace: Workspace) -> None:
    workspace.use_stand_in("exit")

    failed = workspace.dev_server("start")

    assert failed.returncode == 1
    assert (
        "ERROR:    The Dev Server ended with exit code 1. The last lines of "
        ".inngest/dev-server.log:" in failed.stderr
    )
    assert "dial tcp 127.0.0.1:1: connect: connection refused" in failed.stderr
    assert workspace.dev_server("status").returncode == 3


def test_start_server_that_never_answers_ends_it(workspace: Workspace) -> None:
    workspace.use_stand_in("unhealthy")

    failed = workspace.python(START_IMPATIENTLY)

    assert failed.returncode == 1
    assert f"The Dev Server did not answer at {workspace.url} within 1 s." in failed.stderr
    assert workspace.dev_server("status").returncode == 3


def test_start_server_that_answers_elsewhere_keeps_it(workspace: Workspace) -> None:
    workspace.dev_server("start")
    pid = workspace.status()["pid"]
    path = workspace.path / "bin/inngest/inngest.config.json"
    config = path.read_text()
    path.write_text(json.dumps(json.loads(config) | {"port": 1}))

    failed = workspace.python(START_IMPATIENTLY)

    assert failed.returncode == 1
    path.write_text(config)
    assert workspace.status()["pid"] == pid


def test_start_server_that_moves_to_another_port_ends_it(workspace: Workspace) -> None:
    workspace.use_stand_in("move")

    failed = workspace.dev_server("start")

    assert failed.returncode == 1
    assert "One of the Dev Server's ports was taken, and it moved to another." in failed.stderr
    assert workspace.dev_server("status").returncode == 3


@pytest.mark.parametrize("key", ["port", "connect-executor-grpc-port"])
def test_start_server_on_taken_port_names_its_holder(workspace: Workspace, key: str) -> None:
    config = json.loads((workspace.path / "bin/inngest/inngest.config.json").read_text())
    with socket.create_server(("127.0.0.1", config[key])):
        failed = workspace.dev_server("start")

    assert failed.returncode == 1
    assert f"ERROR:    Port {config[key]} is held by " in failed.stderr
    assert (
        f'(pid {os.getpid()}, in {Path.cwd()}): free it, or give "{key}" another port in'
        in failed.stderr
    )


def test_start_beside_another_project_gives_the_command_for_other_ports(
    make_workspace: Callable[[str], Workspace],
) -> None:
    first, second = make_workspace("first"), make_workspace("second")
    name = "bin/inngest/inngest.config.json"
    (second.path / name).write_text((first.path / name).read_text())
    (second.path / ".env").write_text((first.path / ".env").read_text())
    first.dev_server("start")

    failed = second.dev_server("start")

    assert failed.returncode == 1
    message = re.fullmatch(
        rf"ERROR:    Port {first.port} is held by .* \(pid \d+, in {re.escape(str(first.path))}\): "
        "end it there, or give this project ports of its own with `uvx copier update --defaults "
        r"--data port=(\d+) --data inngest_port=(\d+)`, and remove PORT from \.env\.\n",
        failed.stderr,
    )
    assert message
    assert (int(message[1]) - 8200) % 100 == (int(message[2]) - first.port) % 100 == 0
    assert second.dev_server("stop").stdout == "The Dev Server does not run.\n"
    assert first.dev_server("status").returncode == 0


def test_advise_free_ports_for_a_second_project(workspace: Workspace) -> None:
    (workspace.path / ".env").unlink()
    config = workspace.path / "bin/inngest/inngest.config.json"
    config.write_text('{"port": 8288}')
    code = (
        "from inngest_devtools.dev_server import port_conflicts\n"
        "taken = {8300, 8490}\n"  # of the first and the second step
        "port_conflicts.is_free = lambda port: port not in taken\n"
        "print(port_conflicts._advise_move())"
    )

    advice = workspace.python(code).stdout

    command = "uvx copier update --defaults --data port=8500 --data inngest_port=8588"
    assert f"with `{command}`\n" in advice

    project = workspace.path / "tools/inngest-devtools/project.toml"
    project.write_text(project.read_text().replace(".copier-answers.yml", "inngest.yml"))
    assert (
        "with `uvx copier update --defaults -a inngest.yml --data" in workspace.python(code).stdout
    )


@pytest.mark.parametrize(
    "content",
    ["", "nonsense", '{"pid": 0}', '{"pid": -1, "started": 0}', '{"pid": PID, "started": 1.5}'],
)
def test_stop_server_with_foreign_pid_file_ends_nobody(workspace: Workspace, content: str) -> None:
    stranger = workspace.spawn("python", "-c", "import time; time.sleep(600)")
    pid_file = workspace.path / ".inngest" / "dev-server.json"
    pid_file.parent.mkdir()
    pid_file.write_text(content.replace("PID", str(stranger.process.pid)))

    stopped = workspace.dev_server("stop")

    assert (stopped.returncode, stopped.stdout) == (0, "The Dev Server does not run.\n")
    assert is_running(stranger.process.pid)
    assert workspace.dev_server("status").returncode == 3


def test_stop_server_ends_what_it_started(workspace: Workspace) -> None:
    workspace.use_stand_in("child")
    workspace.dev_server("start")
    child = int(
        wait_for(
            lambda: workspace.dev_server("logs").stdout.partition("a child pid=")[2], "the child"
        )
    )

    assert is_running(child)
    workspace.dev_server("stop")
    assert not is_running(child)


def test_start_server_passes_on_named_variables_only(workspace: Workspace) -> None:
    with (workspace.path / ".env").open("a") as file:
        file.write("INNGEST_POSTGRES_URI=postgresql://u:secret@localhost/db\nINNGEST_TICK=9\n")

    workspace.dev_server("start", LOG_LEVEL="error", INNGEST_PORT="1", INNGEST_HOST="0.0.0.0")

    log = workspace.dev_server("logs").stdout
    assert "environment variables=INNGEST_POSTGRES_URI=postgresql://u:secret@localhost/db\n" in log
    assert (
        f"--host 127.0.0.1 --port {workspace.port} --sdk-url {workspace.app_url}/api/inngest" in log
    )


def test_follow_logs_prints_what_comes(workspace: Workspace) -> None:
    assert "There is no log yet" in workspace.dev_server("logs").stderr
    workspace.dev_server("start")

    terminal = workspace.spawn("dev-server", "logs", "-f", "-n", "1")
    terminal.wait_for("environment")
    workspace.dev_server("doctor")

    text = terminal.wait_for("INFO:     received event event=dev-server/doctor")
    assert "using config" not in text


@posix_only
def test_run_launcher_from_anywhere(workspace: Workspace, tmp_path: Path) -> None:
    launcher = workspace.path / "bin" / "inngest" / "start-inngest.sh"
    environment = workspace.env | {
        "UV_PROJECT_ENVIRONMENT": str(workspace.scripts.parent),
        "UV_NO_SYNC": "1",
    }

    def launch(*args: str, **env: str) -> "subprocess.CompletedProcess[str]":
        command = [str(launcher), *args]
        return subprocess.run(
            command, cwd=tmp_path, env=environment | env, capture_output=True, text=True, timeout=20
        )

    assert launch("status").returncode == 3
    assert launch("nonsense").returncode == 2
    assert "Usage: dev-server" in launch().stdout
    missing = launch("status", PATH="/usr/bin:/bin", HOME="/nowhere")
    assert missing.returncode == 1
    assert missing.stderr.startswith(
        "uv is not installed: install it from https://docs.astral.sh/uv"
    )


def test_write_cmd_launcher_with_its_line_ends(workspace: Workspace) -> None:
    lines = (workspace.path / "bin" / "inngest" / "start-inngest.cmd").read_bytes().split(b"\n")
    assert all(line.endswith(b"\r") for line in lines[:-1])
    assert b'pushd "%~dp0..\\.." || exit /b 1\r' in lines


def test_print_to_console_without_utf8(workspace: Workspace) -> None:
    log = workspace.path / ".inngest" / "dev-server.log"
    log.parent.mkdir()
    log.write_text('{"level": "INFO", "msg": "initializing fn", "function": "定时任务"}\n', "utf-8")

    assert (
        workspace.dev_server("logs", PYTHONIOENCODING="ascii").stdout
        == "INFO:     initializing fn function=????\n"
    )
    assert workspace.dev_server("--help", PYTHONIOENCODING="ascii").returncode == 0


def test_show_help_without_command(workspace: Workspace) -> None:
    shown = workspace.dev_server()
    assert all(
        name in shown.stdout
        for name in ("install", "start", "stop", "restart", "status", "logs", "doctor")
    )
    assert "3 not running" in shown.stdout
