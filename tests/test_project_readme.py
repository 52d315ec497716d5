"""What the generated project's README shows is true: its function works as written, its commands
exist.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run, python_of


def read_blocks(project: Path, language: str) -> list[str]:
    text = (project / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.slow
def test_add_function_of_the_readme_passes_every_gate(
    run: Run, project: Path, changed_project: Path
) -> None:
    event, function, route, test = read_blocks(project, "python")
    events = changed_project / "src/core/inngest/events.py"
    events.write_text(f"{events.read_text()}\n\n{event}")
    (changed_project / "src/core/inngest/functions/order_placed.py").write_text(function)
    (changed_project / "tests/functions/test_order_placed.py").write_text(test)
    python = python_of(project)
    env = {"PYTHONPATH": str(changed_project / "src")}

    for gate in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        run(python, "-m", *gate, cwd=changed_project, env=env)
    tests = run(
        python,
        "-m",
        "pytest",
        "--quiet",
        "tests/functions/test_order_placed.py",
        cwd=changed_project,
        env=env,
    )

    assert "1 passed" in tests.stdout
    assert "await send_event(OrderPlaced(" in route


@pytest.mark.slow
def test_list_commands_that_exist(run: Run, project: Path) -> None:
    text = (project / "README.md").read_text(encoding="utf-8")
    commands = run(python_of(project).with_name("dev-server"), "--help", cwd=project).stdout

    line = next(line for line in text.splitlines() if line.startswith("uv run dev-server start"))
    named = {"start", *re.findall(r"\w+", line.partition("also:")[2])} - {"f"}
    assert named >= {"stop", "restart", "status", "logs", "doctor", "install"}
    assert all(name in commands for name in named)


@pytest.mark.slow
def test_answer_each_question_of_the_old_guide(project: Path) -> None:
    text = (
        (project / "README.md")
        .read_text(encoding="utf-8")
        .partition("## When something is wrong")[2]
    )

    for question in ("A function is not registered", "An event is not sent", "A port is taken"):
        assert question in text


@pytest.mark.parametrize("examples", ["[event]", "[scheduled, steps]"])
def test_send_the_test_event_where_a_function_takes_it(
    copy: Callable[..., Path], tmp_path: Path, examples: str
) -> None:
    text = (copy(tmp_path / "my-app", f"examples={examples}") / "README.md").read_text(
        encoding="utf-8"
    )

    assert ("curl -X POST" in text) == ("event" in examples)
    assert ("Invoke a function in the dashboard" in text) == ("event" not in examples)


@pytest.mark.slow
def test_say_whose_each_folder_is(project: Path) -> None:
    for page in ("README.md", "AGENTS.md"):
        text = (project / page).read_text(encoding="utf-8")
        rows = re.findall(r"^\| (`.+?) \| (yours|the team's|the template's) \|", text, re.MULTILINE)
        paths = [path for cell, _ in rows for path in re.findall(r"`([^`]+)`", cell)]

        assert [path for path in paths if not (project / path).exists()] == []
        assert {"src/server/", "tests/", "tools/inngest-devtools/"} <= set(paths)
