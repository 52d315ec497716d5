"""The reload of `dev`: from a warm parent, and what it must not lose."""

import json
import signal
import socket
import sys
import threading
import time
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest
from inngest_devtools.testing import free_ports

from tests.devtools.workspace import Workspace, is_running, wait_for

pytestmark = pytest.mark.slow

forking = pytest.mark.skipif(sys.platform == "win32", reason="this system has no fork")

ANSWER = '@router.get("/answer")\nasync def answer() -> str:\n    {before}\n    return "{text}"\n'
UNTIL_IT_MAY_END = """
    from pathlib import Path
    Path("{begun}").touch()
    while not Path("{may_end}").exists():
        await asyncio.sleep(0.05)
"""
STREAM = """
from fastapi.responses import StreamingResponse

async def events():
    while True:
        yield "data: tick\\n\\n"
        await asyncio.sleep(0.05)

@router.get("/stream")
async def stream() -> StreamingResponse:
    return StreamingResponse(events(), media_type="text/event-stream")
"""


def get(workspace: Workspace, path: str) -> httpx.Response:
    return httpx.get(f"{workspace.app_url}{path}", trust_env=False, timeout=30)


def save_answer(workspace: Workspace, text: str, before: str = "pass") -> None:
    workspace.add_route("answer", ANSWER.format(text=text, before=before))


def is_served(workspace: Workspace, text: str) -> bool:
    try:
        return bool(get(workspace, "/answer").json() == text)
    except httpx.HTTPError:
        return False


def parent_of_app(workspace: Workspace) -> psutil.Process:
    parent = psutil.Process(workspace.app_pid()).parent()
    assert parent
    return parent


@forking
def test_reload_forks_from_a_parent_with_one_thread(workspace: Workspace) -> None:
    save_answer(workspace, "1")
    terminal = workspace.start_dev()
    parent = parent_of_app(workspace)
    assert "inngest_devtools.dev_loop.zygote" in parent.cmdline()
    wait_for((workspace.path / ".inngest" / "modules.json").exists, "the list of libraries")

    for text in ("2", "3", "4"):  # within a second, in files of one size
        save_answer(workspace, text)
        wait_for(partial(is_served, workspace, text), f"{text} to be served")

    terminal.wait_for("Reloaded: ")
    assert parent_of_app(workspace) == parent
    assert parent.num_threads() == 1
    modules = json.loads((workspace.path / ".inngest" / "modules.json").read_text())
    assert {"fastapi", "inngest", "uvicorn"} <= set(modules)
    assert not any(name.startswith(("core", "server")) for name in modules)


@forking
def test_reload_leaves_out_a_library_that_starts_a_thread(workspace: Workspace) -> None:
    library = workspace.path / "libs" / "site-packages"
    library.mkdir(parents=True)
    (library / "busy_library.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    )
    (library / "calm_library.py").write_text("import busy_library\n")
    workspace.env["PYTHONPATH"] += f":{library}"
    workspace.add_route("answer", "import calm_library\n" + ANSWER.format(text="1", before="pass"))
    workspace.start_dev()
    threaded = workspace.path / ".inngest" / "threaded.json"

    def has_learned(count: int) -> bool:
        return threaded.exists() and len(json.loads(threaded.read_text())) == count

    for count, text in ((1, "2"), (2, "3")):
        wait_for(partial(has_learned, count), f"{count} names")
        content = "import calm_library\n" + ANSWER.format(text=text, before="pass")
        workspace.add_route("answer", content)
        wait_for(partial(is_served, workspace, text), f"{text} to be served")

    assert json.loads(threaded.read_text()) == ["busy_library", "calm_library"]
    assert parent_of_app(workspace).num_threads() == 1


def test_reload_cold_starts_a_new_process(workspace: Workspace) -> None:
    save_answer(workspace, "1")
    terminal = workspace.start_dev("--cold")
    app = workspace.app_pid()
    assert "inngest_devtools.dev_loop.app_process" in psutil.Process(app).cmdline()

    save_answer(workspace, "2")
    wait_for(lambda: is_served(workspace, "2"), "2 to be served")

    assert not is_running(app)
    assert terminal.process.is_running()


def test_reload_answers_what_was_begun(workspace: Workspace) -> None:
    begun, may_end = workspace.path / "begun", workspace.path / "may-end"
    save_answer(workspace, "old", UNTIL_IT_MAY_END.format(begun=begun, may_end=may_end))
    terminal = workspace.start_dev()
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(get(workspace, "/answer")))
    thread.start()
    wait_for(begun.exists, "the request")

    save_answer(workspace, "new")
    terminal.wait_for("The app finishes what it has begun: 10 s at most.")
    terminal.wait_for("app     | INFO:     Still answered: GET /answer\n")
    may_end.touch()
    thread.join()

    assert (answers[0].status_code, answers[0].json()) == (200, "old")
    wait_for(lambda: is_served(workspace, "new"), "the new one to be served")


def test_reload_does_not_wait_for_event_streams(workspace: Workspace) -> None:
    workspace.add_route("stream", STREAM)
    terminal = workspace.start_dev()

    with httpx.stream("GET", f"{workspace.app_url}/stream", trust_env=False) as reply:
        lines = reply.iter_lines()
        assert next(lines) == "data: tick"
        save_answer(workspace, "1")
        rest = list(lines)  # to its proper end

    assert rest
    wait_for(lambda: is_served(workspace, "1"), "the new code to be served")
    assert "has begun" not in terminal.text
    assert "Traceback" not in terminal.text


def test_fail_request_shows_no_frames_of_libraries(workspace: Workspace) -> None:
    path = workspace.add_route("answer", ANSWER.format(text="", before='raise ValueError("why")'))
    terminal = workspace.start_dev()

    assert get(workspace, "/answer").status_code == 500

    text = terminal.wait_for("ValueError: why")
    assert f'File "{path}", line 8, in answer' in text
    assert "site-packages" not in text
    assert "inngest_devtools" not in text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import nowhere_to_be_found\n", "line 6: ModuleNotFoundError: No module named"),
        ("def broken(:\n", "line 6: SyntaxError: invalid syntax"),
        ('raise SystemExit("no")\n', "line 6: SystemExit: no"),
        (
            "import pydantic\npydantic.TypeAdapter(int).validate_python('x')\n",
            "line 7: ValidationError: 1 validation error for int Input should be",
        ),
    ],
)
def test_start_broken_route_is_one_line(workspace: Workspace, source: str, message: str) -> None:
    workspace.add_route("broken", source)
    terminal = workspace.spawn("dev", "--no-server")

    assert terminal.wait() == 1
    lines = [line for line in terminal.text.splitlines() if line.startswith("app ")]
    assert len(lines) == 1
    assert lines[0].startswith(f"app     | ERROR:    src/server/routes/broken.py, {message}")


def test_start_failing_lifespan_is_one_line(workspace: Workspace) -> None:
    lines = (
        "from contextlib import asynccontextmanager\n\n"
        "@asynccontextmanager\n"
        "async def fail(app: object):\n"
        '    raise RuntimeError("no database")\n'
        "    yield\n\n"
        "router.lifespan_context = fail\n"
    )
    workspace.add_route("failing", lines)
    terminal = workspace.spawn("dev", "--no-server")

    assert terminal.wait() == 3
    line = "app     | ERROR:    src/server/routes/failing.py, line 10: RuntimeError: no database\n"
    assert line in terminal.text
    assert "Traceback" not in terminal.text


def test_run_app_alone_from_a_factory(workspace: Workspace) -> None:
    path = workspace.path / "tools" / "inngest-devtools" / "project.toml"
    text = path.read_text().replace('"server.main:app"', '"server.main:create_app()"')
    path.write_text(text)

    terminal = workspace.start_dev("--no-server")

    assert "Dashboard" not in terminal.text
    assert get(workspace, "/healthz").json() == {"status": "ok"}
    assert workspace.dev_server("status").returncode == 3

    save_answer(workspace, "1")
    terminal.wait_for("Reloaded.\n")


def test_change_settings_starts_anew(workspace: Workspace) -> None:
    terminal = workspace.start_dev()
    server = workspace.status()["pid"]
    with (workspace.path / ".env").open("a") as file:
        file.write("INNGEST_APP_ID=another-name\n")
    terminal.wait_for("Reload: .env\n")
    terminal.wait_for("Reloaded: ")
    assert httpx.get(f"{workspace.app_url}/openapi.json", trust_env=False).json()["info"] == {
        "title": "another-name",
        "version": "0.1.0",
    }

    with (workspace.path / ".env").open("a") as file:
        file.write("INNGEST_DEV=no\n")
    terminal.wait_for("ERROR:    INNGEST_DEV=no is not a mode")
    text = (workspace.path / ".env").read_text().replace("INNGEST_DEV=no\n", "")
    (workspace.path / ".env").write_text(text)
    terminal.wait_for("Reloaded: ", count=2)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        (workspace.path / ".env").write_text(f"{text}PORT={taken.getsockname()[1]}\n")
        terminal.wait_for(
            "free it, or set PORT in .env to another one.\n"
            "The app runs on as it was. Waiting for the next change."
        )
    (workspace.path / ".env").write_text(f"{text}PORT={free_ports(1)[0]}\n")
    terminal.wait_for("Ctrl-C ends it.", count=2)
    assert workspace.status()["pid"] == server


def test_save_source_while_settings_are_wrong_keeps_the_error(workspace: Workspace) -> None:
    save_answer(workspace, "1")
    terminal = workspace.start_dev("--no-server")
    app = workspace.app_pid()
    env_file = workspace.path / ".env"
    right = env_file.read_text()
    env_file.write_text(f"{right}INNGEST_DEV=no\n")
    terminal.wait_for("ERROR:    INNGEST_DEV=no is not a mode")

    save_answer(workspace, "2")

    terminal.wait_for("ERROR:    INNGEST_DEV=no is not a mode", count=2)
    assert is_served(workspace, "1")
    assert workspace.app_pid() == app

    env_file.write_text(right)
    terminal.wait_for("Reloaded.")
    assert is_served(workspace, "2")


def test_settings_that_become_wrong_during_a_sync_end_nothing(workspace: Workspace) -> None:
    workspace.use_stand_in("slow")
    terminal = workspace.start_dev()
    save_answer(workspace, "1")
    terminal.wait_for("inngest | INFO:     sync functions=")

    with (workspace.path / ".env").open("a") as file:
        file.write("INGEST_DEV=1\nINGEST_APP_ID=shop\n")

    terminal.wait_for(
        "ERROR:    .env: INGEST_DEV is not read by anything: write INNGEST_DEV.\n"
        "          .env: INGEST_APP_ID is not read by anything: write INNGEST_APP_ID.\n"
    )
    terminal.wait_for("Reloaded: not synced: .env: ")
    assert terminal.process.is_running()


def test_change_config_restarts_the_server(workspace: Workspace) -> None:
    terminal = workspace.start_dev()
    server = workspace.status()["pid"]
    path = workspace.path / "bin/inngest/inngest.config.json"
    text = path.read_text()
    path.write_text(text + ",")
    terminal.wait_for("not JSON: Extra data.\nThe app runs on as it was. Waiting")
    path.write_text(text)
    terminal.wait_for("Reloaded: ")
    assert workspace.status()["pid"] == server  # what it was told is what it knows

    path.write_text(json.dumps(json.loads(text) | {"tick": 33}))

    terminal.wait_for("Ctrl-C ends it.", count=2)

    assert "Reload: bin/inngest/inngest.config.json\n" in terminal.text
    assert workspace.status()["pid"] != server


@forking
def test_kill_dev_leaves_no_app(workspace: Workspace) -> None:
    terminal = workspace.start_dev()
    app, parent = workspace.app_pid(), parent_of_app(workspace)

    terminal.process.kill()

    wait_for(lambda: not is_running(app) and not is_running(parent.pid), "the end of the app")
    workspace.start_dev()


def test_start_ends_the_app_that_a_killed_dev_left(workspace: Workspace) -> None:
    killed = workspace.start_dev("--cold")
    app = workspace.app_pid()
    killed.process.kill()
    killed.process.wait()
    assert is_running(app)

    terminal = workspace.start_dev()

    assert f"An earlier `dev` was killed: its app (pid {app}) is ended.\n" in terminal.text
    assert not is_running(app)


def test_start_twice_names_the_first(workspace: Workspace) -> None:
    first = workspace.start_dev()

    failed = workspace.run("dev")

    assert failed.returncode == 1
    assert f"`dev` runs already (pid {first.process.pid})" in failed.stderr
    assert first.process.is_running()


@forking
def test_debug_stops_at_a_breakpoint(workspace: Workspace) -> None:
    import pexpect  # there is none for Windows

    save_answer(workspace, "1", "breakpoint()")
    command = str(workspace.scripts / "dev")
    terminal = pexpect.spawn(
        command, ["--debug"], cwd=workspace.path, env=workspace.env, encoding="utf-8", timeout=60
    )
    terminal.expect("to be debugged")
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(get(workspace, "/answer")))
    thread.start()
    terminal.expect("Pdb")
    terminal.sendline("p 6 * 7")
    terminal.expect("42")
    terminal.sendline("continue")
    thread.join()
    assert answers[0].json() == "1"

    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert workspace.dev_server("status").returncode == 3


def test_end_while_a_request_is_answered_takes_seconds(workspace: Workspace) -> None:
    save_answer(workspace, "1", "await asyncio.sleep(60)")
    terminal = workspace.start_dev("--no-server")
    threading.Thread(
        target=lambda: Path(workspace.path / "status").write_text(
            str(get(workspace, "/answer").status_code)
        ),
        daemon=True,
    ).start()
    time.sleep(1)

    began = time.monotonic()
    terminal.process.send_signal(signal.SIGTERM)

    assert terminal.wait() == 0
    assert time.monotonic() - began < 15
