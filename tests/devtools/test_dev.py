"""`uv run dev`: start, reload, and an end that leaves nothing behind."""

import signal
import socket
import sys
import time
from contextlib import suppress
from threading import Thread

import httpx
import psutil
import pytest

from tests.devtools.workspace import Workspace, is_running, wait_for

pytestmark = pytest.mark.slow

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")

# A route that keeps the app from hearing anything.
BUSY = '@router.get("/busy")\nasync def busy() -> None:\n    import time\n    time.sleep(600)\n'
# A function module that starts a process of its own, as a pool of workers would.
SPAWN = 'import subprocess, sys\nsubprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])\n'


def assert_none_runs(processes: list[psutil.Process]) -> None:
    left = [process for process in processes if is_running(process.pid)]
    assert not left


def test_start_shows_addresses_and_sync(workspace: Workspace) -> None:
    terminal = workspace.start_dev()

    assert (
        f"  App        {workspace.app_url}\n  API docs   {workspace.app_url}/docs\n"
        in terminal.text
    )
    assert (
        f"  Dashboard  {workspace.url}\n  Inngest    {workspace.function_count} functions synced\n"
        in terminal.text
    )
    assert "app     |" not in terminal.text
    assert "\x1b" not in terminal.text
    assert workspace.status()["functions"] == workspace.function_count
    assert "--no-poll" in workspace.dev_server("logs").stdout


@posix_only
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_end_on_signal_leaves_nothing(workspace: Workspace, name: str) -> None:
    workspace.use_stand_in("child")
    (workspace.functions / "_spawn.py").write_text(SPAWN)
    example = workspace.functions / "example_function.py"
    example.write_text(
        example.read_text("utf-8").replace(
            "import inngest\n", "import inngest\nimport core.inngest.functions._spawn\n"
        ),
        "utf-8",
    )
    terminal = workspace.start_dev()
    family = terminal.family()
    assert len(family) >= 5  # dev, server, its child, app, its child

    terminal.process.send_signal(getattr(signal, name))

    assert terminal.wait() == 0
    assert "EOF" not in terminal.text, "what the server says of the app's end"
    assert_none_runs(family)
    assert workspace.dev_server("status").returncode == 3


@posix_only
def test_end_with_a_server_that_does_not_answer(workspace: Workspace) -> None:
    terminal = workspace.start_dev()
    family = terminal.family()
    psutil.Process(workspace.status()["pid"]).suspend()

    began = time.monotonic()
    terminal.process.send_signal(signal.SIGINT)

    assert terminal.wait() == 0
    assert time.monotonic() - began < 8
    assert_none_runs(family)


@posix_only
@pytest.mark.parametrize("flags", [(), ("--cold",)])
def test_second_ctrl_c_ends_all_at_once(workspace: Workspace, flags: tuple[str, ...]) -> None:
    workspace.use_stand_in("deaf")
    workspace.add_route("busy", SPAWN + BUSY)
    terminal = workspace.start_dev(*flags)
    family = terminal.family()
    request = Thread(target=call_busy_route, args=[workspace], daemon=True)
    request.start()
    time.sleep(0.5)

    terminal.process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert terminal.process.is_running()
    began = time.monotonic()
    terminal.process.send_signal(signal.SIGINT)

    assert terminal.wait() == 0
    assert time.monotonic() - began < 4  # each of the three would take longer
    assert_none_runs(family)


@posix_only
def test_run_in_a_terminal_until_it_closes(workspace: Workspace) -> None:
    import pexpect  # there is none for Windows

    def run(**env: str) -> tuple["pexpect.spawn[str]", list[psutil.Process]]:
        command = str(workspace.scripts / "dev")
        terminal = pexpect.spawn(
            command, cwd=workspace.path, env=workspace.env | env, encoding="utf-8", timeout=120
        )
        terminal.expect("Ctrl-C ends it")
        dev = psutil.Process(terminal.pid)
        return terminal, [dev, *dev.children(recursive=True)]

    coloured, family = run(NO_COLOR="", TERM="xterm-256color")
    assert "\x1b[1;32mhttp:" in str(coloured.before)
    coloured.sendintr()  # Ctrl-C
    coloured.expect(pexpect.EOF)
    assert coloured.wait() == 0
    assert_none_runs(family)

    plain, family = run(NO_COLOR="1", TERM="xterm-256color")
    assert "\x1b[1;32m" not in str(plain.before)
    with suppress(pexpect.ExceptionPexpect):  # it waits for less than half a second
        plain.close(force=False)
    wait_for(lambda: not any(is_running(process.pid) for process in family), "the end")


@pytest.mark.parametrize(("part", "title"), [("app", "The app"), ("server", "The Dev Server")])
def test_end_when_a_part_is_killed(workspace: Workspace, part: str, title: str) -> None:
    workspace.use_stand_in("child")
    terminal = workspace.start_dev()
    family = terminal.family()
    server = workspace.status()["pid"]
    app = workspace.app_pid()

    psutil.Process(app if part == "app" else server).kill()

    code = terminal.wait()
    assert code == 137 or (sys.platform == "win32" and code)
    assert f"{title} ended with exit code {code}." in terminal.text
    assert_none_runs(family)


def test_reload_says_what_changed(workspace: Workspace) -> None:
    count = workspace.function_count
    terminal = workspace.start_dev()

    workspace.add_function("another-function")
    terminal.wait_for(f"Reloaded: {count + 1} functions synced  + another-function")
    assert "Reload: src/core/inngest/functions/another_function.py" in terminal.text

    workspace.add_function("another-function-failure")  # is no `on_failure`, which would not count
    terminal.wait_for(f"Reloaded: {count + 2} functions synced  + another-function-failure")
    (workspace.functions / "another_function_failure.py").unlink()
    terminal.wait_for(f"Reloaded: {count + 1} functions synced  - another-function-failure")

    (workspace.functions / "another_function.py").unlink()
    terminal.wait_for(f"Reloaded: {count} functions synced  - another-function")

    example = workspace.functions / "example_function.py"
    example.write_text(
        example.read_text("utf-8").replace(
            'fn_id="example-function"', 'fn_id="example-function", retries=1'
        ),
        "utf-8",
    )
    terminal.wait_for(f"Reloaded: {count} functions synced  ~ example-function")


def test_reload_broken_code_waits_for_the_next_change(workspace: Workspace) -> None:
    terminal = workspace.start_dev()
    count = workspace.function_count
    example = workspace.functions / "example_function.py"
    source = example.read_text("utf-8")

    example.write_text(source + "\ndef broken(:\n", "utf-8")
    terminal.wait_for("The app did not start. Waiting for the next change.")
    assert (
        "app     | ERROR:    src/core/inngest/functions/example_function.py, line " in terminal.text
    )

    example.write_text(source, "utf-8")
    terminal.wait_for(f"Reloaded: {count} functions synced\n")


def test_start_broken_code_ends_with_the_reason(workspace: Workspace) -> None:
    (workspace.functions / "empty.py").write_text('"""Nothing."""\n')
    terminal = workspace.spawn("dev")

    assert terminal.wait() == 1
    assert (
        "app     | ERROR:    src/core/inngest/functions/empty.py defines no Inngest function"
        in terminal.text
    )
    assert terminal.text.endswith("The app ended with exit code 1.\n")
    assert workspace.dev_server("status").returncode == 3


def test_start_with_refused_sync_shows_the_reason(workspace: Workspace) -> None:
    workspace.use_stand_in("refuse")
    terminal = workspace.start_dev()

    assert (
        "  Inngest    not synced: At least one function is invalid: concurrency has 3 entries\n"
        in terminal.text
    )


def test_start_with_failing_server_shows_its_words(workspace: Workspace) -> None:
    workspace.use_stand_in("exit")
    terminal = workspace.spawn("dev")

    assert terminal.wait() == 1
    assert (
        "dial tcp 127.0.0.1:1: connect: connection refused\nThe Dev Server ended with exit code "
        "1.\n" in terminal.text
    )
    assert wait_for(lambda: not workspace_listens(workspace), "the app's end")


def test_start_with_moving_server_ends(workspace: Workspace) -> None:
    workspace.use_stand_in("move")
    terminal = workspace.spawn("dev")

    assert terminal.wait() == 1
    assert (
        "ERROR:    One of the Dev Server's ports was taken, and it moved to another."
        in terminal.text
    )
    assert workspace.dev_server("status").returncode == 3


def test_start_on_taken_app_port_is_one_line(workspace: Workspace) -> None:
    with socket.create_server(("127.0.0.1", workspace.app_port)):
        failed = workspace.run("dev")

    assert failed.returncode == 1
    assert failed.stderr.startswith(f"ERROR:    Port {workspace.app_port} is held by ")
    assert failed.stderr.endswith("free it, or set PORT in .env to another one.\n")
    assert not (workspace.path / ".inngest").exists()


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("PORT=none", "ERROR:    PORT=none is no port: choose one from 1 to 65535."),
        (
            "INNGEST_DEV=no",
            "ERROR:    INNGEST_DEV=no is not a mode: write 1, 0 or the Dev Server's URL.",
        ),
        (
            "PORT=SERVER_PORT",
            'is both PORT of the app and "port" in bin/inngest/inngest.config.json: change one of '
            "them.",
        ),
        ("INNGEST_BASE_URL=http://127.0.0.1:1", "set INNGEST_BASE_URL=http://127.0.0.1:"),
        (
            f"INNGEST_DEV=0\nINNGEST_SIGNING_KEY={'ab' * 32}\nINNGEST_EVENT_KEY=k",
            "ERROR:    The app is in production mode",
        ),
    ],
)
def test_start_with_bad_settings_is_one_line(
    workspace: Workspace, variable: str, message: str
) -> None:
    with (workspace.path / ".env").open("a") as file:
        file.write(variable.replace("SERVER_PORT", str(workspace.port)) + "\n")

    failed = workspace.run("dev")

    assert failed.returncode == 1
    assert message in failed.stderr
    assert failed.stderr.count("\n") == 1


@posix_only
def test_use_server_that_runs_and_leave_it(workspace: Workspace) -> None:
    workspace.dev_server("start")
    pid = workspace.status()["pid"]

    terminal = workspace.start_dev()
    assert f"The Dev Server runs already (pid {pid}) and will go on after this.\n" in terminal.text
    assert f"{workspace.function_count} functions synced" in terminal.text

    terminal.process.send_signal(signal.SIGINT)
    assert terminal.wait() == 0
    assert workspace.status()["pid"] == pid


def call_busy_route(workspace: Workspace) -> None:
    with suppress(httpx.HTTPError):
        httpx.get(f"{workspace.app_url}/busy", trust_env=False, timeout=60)


def workspace_listens(workspace: Workspace) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", workspace.app_port)) == 0
