"""`inngest-dev new`: what it writes passes every check at once, and nothing is written over."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.devtools.workspace import Workspace

pytestmark = pytest.mark.slow

NAMES = (
    ("order-placed", "--route"),
    ("cleanup",),
    ("NightlyReport", "--cron", "TZ=Europe/Paris 0 6 * * 1-5"),
    ("a_name_as_long_as_a_name_may_be_at_al_40", "--route"),
)


def new(workspace: Workspace, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return workspace.run("inngest-dev", "new", *arguments)


def test_write_functions_that_pass_every_check(workspace: Workspace) -> None:
    written: list[str] = []
    for arguments in NAMES:
        result = new(workspace, *arguments)
        assert result.returncode == 0, result.stderr
        written += [
            word.rstrip(":") for word in result.stdout.split() if ".py" in word and "/" in word
        ]
    files = sorted(set(written))
    assert "src/server/routes/order_placed.py" in files
    assert all((workspace.path / file).is_file() for file in files)

    for command in (
        ("ruff", "check", *files),
        ("ruff", "format", "--check", *files),
        ("mypy",),
        ("pytest", "-q", *[file for file in files if "test_" in file], "tests/test_functions.py"),
    ):
        result = workspace.run("python", "-m", *command)
        assert result.returncode == 0, result.stdout + result.stderr


def test_write_over_nothing(workspace: Workspace) -> None:
    assert new(workspace, "order-placed").returncode == 0
    before = {path: path.read_bytes() for path in workspace.path.rglob("*.py")}

    for arguments, message in (
        (("order-placed",), "src/core/inngest/functions/order_placed.py is there already"),
        (("example-event",), "src/core/inngest/events.py has ExampleEvent or 'example/event'"),
        (("multi-step-workflow",), "multi_step_workflow.py is there already"),
        (("approval", "--cron", "0 6 * * *"), "approval.py is there already"),
        (("error-handling-example",), "error_handling.py has fn_id='error-handling-example'"),
        (("import",), "import means something else to Python, pytest"),
        (("7-days",), "7-days is no name for a function"),
        (("x" * 41,), "at most 40 of them"),
        (("report", "--cron", "daily"), "five fields expected, found 1. Write five fields"),
        (("report", "--cron", "0 25 * * *"), "'25' is no hour: 0 to 23. Write five fields"),
        (("typed-event",), "events.py has TypedEvent or"),
        *(((name,), "means something else to") for name in ("any", "inngest", "str", "do-work")),
        (("report", "--cron", "0 6 * * *", "--route"), "leave one of them out"),
    ):
        failed = new(workspace, *arguments)
        assert failed.returncode == 1
        assert message in failed.stderr
        assert failed.stderr.count("\n") == 1

    assert {path: path.read_bytes() for path in before} == before
    assert set(workspace.path.rglob("*.py")) == set(before)


def test_serve_what_was_written(workspace: Workspace) -> None:
    terminal = workspace.spawn("dev")
    terminal.wait_for("Ctrl-C ends it.")

    new(workspace, "order-placed")

    terminal.wait_for("functions synced  + order-placed")
    sent = workspace.run("inngest-dev", "send", "order-placed").stdout
    assert sent.startswith("Sent order/placed {'order_id': 'example'}")


def test_write_into_a_project_that_stands(
    copy: Callable[..., Path], project: Path, run: Run, tmp_path: Path
) -> None:
    standing = tmp_path / "shop"
    package = standing / "src" / "shop"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "main.py").write_text(
        "from fastapi import FastAPI\n\nfrom shop.inngest_app import install_inngest\n\n"
        "app = FastAPI()\ninstall_inngest(app)\n"
    )
    copy(standing, "package=src/shop")
    python = project / ".venv" / "bin" / "python"
    folders = (standing / "src", standing / "tools" / "inngest-devtools" / "src")
    env = {"PYTHONPATH": ":".join(map(str, folders))}
    command = (python, "-m", "inngest_devtools", "new")

    written = run(*command, "order-placed", "--route", cwd=standing, env=env).stdout

    assert "src/shop/inngest_app/functions/order_placed.py" in written
    assert "    from shop.inngest_app import send_event\n" in written
    test = standing / "inngest_tests" / "functions" / "test_order_placed.py"
    assert "from shop.inngest_app.events import OrderPlaced\n" in test.read_text()
    run(python, "-m", "pytest", "-q", test, cwd=standing, env=env)
