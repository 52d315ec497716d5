"""A generated project passes its own gates, in the cells that differ."""

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
