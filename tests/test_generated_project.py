"""A generated project passes its own gates, in the cells that differ."""

import ast
import re
import shlex
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ALL_EXAMPLES, Run, render

CELLS = {
    "default": [],
    "everything, Windows, PostgreSQL": [
        ALL_EXAMPLES,
        "os=windows",
        "db_url=postgresql://postgres:postgres@localhost:5432/inngest",
    ],
    "one example, named like a dependency": ["examples=[fan_out]", "os=all", "app_id=inngest"],
}

KINDS: dict[str, dict[str, object]] = {
    "new": {"app_id": "x" * 64, "os": "all", "deploy": ["compose", "kubernetes"]},
    "new, in Chinese": {"language": "zh"},
    "stands": {"package": "shop"},
}

GATES = [
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("mypy",),
    ("pytest", "--quiet"),
]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One for all cells, so that mypy reads the same libraries once."""
    folder = tmp_path_factory.mktemp("environment")
    return {
        "UV_PROJECT_ENVIRONMENT": str(folder / ".venv"),
        "UV_PYTHON": sys.executable,
        "MYPY_CACHE_DIR": str(folder / "mypy"),
    }


@pytest.mark.parametrize("answers", KINDS.values(), ids=KINDS)
def test_check_every_kind_of_project(run: Run, tmp_path: Path, answers: dict[str, object]) -> None:
    """With the suite's own packages, installing nothing: in seconds."""
    if "package" in answers:
        (tmp_path / "shop").mkdir()
        (tmp_path / "shop/__init__.py").touch()
        (tmp_path / "shop/main.py").write_text("from fastapi import FastAPI\n\napp = FastAPI()\n")
    render(tmp_path, **answers)

    run("ruff", "check", cwd=tmp_path)
    run("ruff", "format", "--check", cwd=tmp_path)
    paths = ["--strict", "shop", "inngest_tests"] if "package" in answers else []
    run("mypy", *paths, cwd=tmp_path, env={"MYPYPATH": "tools/inngest-devtools/src"})


@pytest.mark.slow
@pytest.mark.parametrize("answers", CELLS.values(), ids=CELLS)
def test_run_gates_of_generated_project(
    copy: Callable[..., Path],
    run: Run,
    tmp_path: Path,
    environment: dict[str, str],
    answers: list[str],
) -> None:
    project = copy(tmp_path / "my-app", *answers)

    run("uv", "sync", "--quiet", cwd=project, env=environment)
    for gate in GATES:
        run("uv", "run", "--no-sync", *gate, cwd=project, env=environment)

    (project / ".venv").mkdir()
    (project / ".venv/pyvenv.cfg").touch()
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


@pytest.mark.slow
def test_build_wheel_without_devtools(run: Run, changed_project: Path) -> None:
    run("uv", "build", "--quiet", "--wheel", "--out-dir", "dist", cwd=changed_project)

    (wheel,) = (changed_project / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if not name.startswith("my_app")} == {
        "core",
        "server",
    }
    metadata = next(name for name in names if name.endswith("METADATA"))
    text = zipfile.ZipFile(wheel).read(metadata).decode()
    requires = [line for line in text.splitlines() if line.startswith("Requires-Dist")]
    assert requires
    assert "devtools" not in " ".join(requires)


@pytest.mark.slow
def test_declare_what_is_imported(run: Run, project: Path) -> None:
    """Both halves name their own dependencies, whatever else is installed beside them."""
    for folder, manifest in {
        "src": "pyproject.toml",
        "tools/inngest-devtools/src": "tools/inngest-devtools/pyproject.toml",
    }.items():
        declared = tomllib.loads((project / manifest).read_text("utf-8"))["project"]
        requirements = [*declared["dependencies"]]
        for extra in declared.get("optional-dependencies", {}).values():
            requirements += extra
        names = {re.split(r"[\[<>=~ ]", each)[0].replace("-", "_") for each in requirements}
        imported = {
            name for path in (project / folder).rglob("*.py") for name in read_imports(path)
        }
        own = {path.stem for path in (project / folder).iterdir()} | {"pytest"}
        foreign = imported - set(sys.stdlib_module_names) - own

        assert foreign - {DISTRIBUTIONS.get(name, name) for name in names} == set(), manifest


DISTRIBUTIONS = {"python_dotenv": "dotenv"}  # what is imported under another name


def read_imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names
