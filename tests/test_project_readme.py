"""What the generated project's README shows is true: its function works as written, its commands exist."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ALL_EXAMPLES, Run, python_of


def read_blocks(project: Path, language: str) -> list[str]:
    text = (project / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.slow
def test_add_function_of_the_readme_passes_every_gate(run: Run, project: Path, changed_project: Path) -> None:
    event, function, route, test = read_blocks(project, "python")
    events = changed_project / "src/core/inngest/events.py"
    events.write_text(f"{events.read_text()}\n\n{event}")
    (changed_project / "src/core/inngest/functions/order_placed.py").write_text(function)
    (changed_project / "tests/functions/test_order_placed.py").write_text(test)
    python = python_of(project)
    env = {"PYTHONPATH": str(changed_project / "src")}

    for gate in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        run(python, "-m", *gate, cwd=changed_project, env=env)
    tests = run(python, "-m", "pytest", "--quiet", "tests/functions/test_order_placed.py", cwd=changed_project, env=env)

    assert "1 passed" in tests.stdout
    assert "await send_event(OrderPlaced(" in route


@pytest.mark.slow
def test_list_commands_that_exist(run: Run, project: Path) -> None:
    text = (project / "README.md").read_text(encoding="utf-8")
    commands = run(python_of(project), "-m", "devtools.cli", "--help", cwd=project, check=False).stdout

    line = next(line for line in text.splitlines() if line.startswith("uv run dev-server start"))
    named = {"start", *re.findall(r"\w+", line.partition("also:")[2])} - {"f"}
    assert named >= {"stop", "restart", "status", "logs", "doctor", "install"}
    assert commands == "" or all(name in commands for name in named)


@pytest.mark.slow
def test_answer_each_question_of_the_old_guide(project: Path) -> None:
    text = (project / "README.md").read_text(encoding="utf-8").partition("## When something is wrong")[2]

    for question in ("A function is not registered", "An event is not sent", "A port is taken"):
        assert question in text


@pytest.mark.parametrize(
    ("answer", "synced"),
    [
        ("examples=[event]", "1 function synced"),
        ("port=8200", "5 functions synced"),
        ("examples=[steps, fan_out]", "3 functions synced"),
        (ALL_EXAMPLES, "10 functions synced"),
    ],
)
def test_show_as_many_functions_as_there_are(
    copy: Callable[..., Path], tmp_path: Path, answer: str, synced: str
) -> None:
    project = copy(tmp_path / "my-app", answer)
    files = (project / "src/core/inngest/functions").glob("*.py")

    text = (project / "README.md").read_text(encoding="utf-8")

    assert f"  Inngest    {synced}\n" in text
    assert sum(path.read_text(encoding="utf-8").count("create_function(") for path in files) == int(synced.split()[0])
    assert ("curl -X POST" in text) == ("event" in answer or answer == "port=8200")
