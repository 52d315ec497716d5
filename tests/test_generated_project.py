"""A generated project passes its own gates, in the cells that differ."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ALL_EXAMPLES, Run

CELLS = {
    "default": [],
    "everything, Windows, PostgreSQL": [
        ALL_EXAMPLES,
        "os=windows",
        "db_url=postgresql://postgres:postgres@localhost:5432/inngest",
    ],
    "one example, named like a dependency": ["examples=[fan_out]", "os=all", "app_id=inngest"],
}

GATES = [
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("mypy",),
    ("pytest", "--quiet"),
]


@pytest.mark.slow
@pytest.mark.parametrize("answers", CELLS.values(), ids=CELLS)
def test_run_gates_of_generated_project(
    copy: Callable[..., Path], run: Run, tmp_path: Path, answers: list[str]
) -> None:
    project = copy(tmp_path / "my-app", *answers)

    run("uv", "sync", "--quiet", cwd=project)
    for gate in GATES:
        run("uv", "run", "--no-sync", *gate, cwd=project)

    run("git", "init", "--quiet", cwd=project)
    run("git", "add", "--all", cwd=project)
    added = set(run("git", "ls-files", cwd=project).stdout.split())
    assert {".env.example", ".copier-answers.yml", "uv.lock"} <= added
    assert not {".env", ".venv/pyvenv.cfg"} & added


@pytest.mark.slow
def test_paste_printed_commands_commits_what_ci_needs(
    copier_template: Path, run: Run, tmp_path: Path
) -> None:
    printed = run("copier", "copy", "--defaults", copier_template, "my-app", cwd=tmp_path).stderr
    enter, *commands, dev = re.findall(
        r"^  (\S.*)$", printed.partition("ready to paste:")[2], re.MULTILINE
    )

    for command in commands:
        run(*shlex.split(command), cwd=tmp_path / "my-app")

    assert enter.startswith("cd ")
    assert dev == "uv run dev"
    run("git", "clone", "--quiet", "my-app", "clone", cwd=tmp_path)
    run("uv", "lock", "--check", cwd=tmp_path / "clone")
