"""What the generated project's README shows is true: its function works as written, its commands
exist.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run, python_of


def read_blocks(project: Path, language: str) -> list[str]:
    text = (project / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.slow
def test_show_what_the_command_for_a_new_function_writes(
    run: Run, project: Path, changed_project: Path
) -> None:
    event, function, test = read_blocks(project, "python")
    command = next(
        line for line in read_blocks(project, "bash") if line.startswith("uv run inngest-dev new")
    )
    folders = (changed_project / "src", changed_project / "tools/inngest-devtools/src")
    env = {"PYTHONPATH": os.pathsep.join(map(str, folders))}

    arguments = command.split()[3:]
    run(python_of(project), "-m", "inngest_devtools", *arguments, cwd=changed_project, env=env)

    inngest = changed_project / "src/core/inngest"
    assert inngest.joinpath("events.py").read_text().endswith(f"\n\n{event}")
    assert inngest.joinpath("functions/order_placed.py").read_text() == function
    assert (changed_project / "tests/functions/test_order_placed.py").read_text() == test


@pytest.mark.slow
def test_list_commands_that_exist(run: Run, project: Path) -> None:
    text = (project / "README.md").read_text(encoding="utf-8")
    commands = run(python_of(project).with_name("dev-server"), "--help", cwd=project).stdout

    named = re.findall(
        r"`([a-z]+)(?: -f)?`", text.partition("Beside\n`start`")[2].partition(".")[0]
    )
    assert {"stop", "restart", "status", "logs", "doctor", "install"} <= set(named)
    assert all(name in commands for name in named)


@pytest.mark.parametrize("examples", ["[event]", "[scheduled, steps]"])
def test_send_the_test_event_where_a_function_takes_it(
    copy: Callable[..., Path], tmp_path: Path, examples: str
) -> None:
    text = (copy(tmp_path / "my-app", f"examples={examples}") / "README.md").read_text(
        encoding="utf-8"
    )

    assert ("uv run inngest-dev send example-function" in text) == ("event" in examples)
    assert ("## Kill it and see" in text) == ("steps" in examples)


@pytest.mark.slow
def test_say_whose_each_folder_is(project: Path) -> None:
    for page in ("README.md", "AGENTS.md"):
        text = (project / page).read_text(encoding="utf-8")
        rows = re.findall(r"^\| (`.+?) \| (yours|the team's|the template's) \|", text, re.MULTILINE)
        paths = [path for cell, _ in rows for path in re.findall(r"`([^`]+)`", cell)]

        assert [path for path in paths if not (project / path).exists()] == []
        assert {"src/server/", "tests/", "tools/inngest-devtools/"} <= set(paths)
