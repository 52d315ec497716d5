"""`copier update -a .copier-answers.inngest.yml` in projects that stand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.releases import Releases, changed_files, clone, commit, conflicts, read_tree

pytestmark = pytest.mark.slow

ANSWERS = ".copier-answers.inngest.yml"
THEIRS = {
    "app/__init__.py": "",
    "app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
    "pyproject.toml": "[project]\nname = 'theirs'\nversion = '1'\n",
    "README.md": "Theirs\n",
    ".gitignore": "*.pyc\n",
}


@pytest.fixture
def releases(copier_template: Path, run: Run, tmp_path: Path) -> Releases:
    return Releases(clone(copier_template, tmp_path / "template"), run)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def edit(old: str, new: str, path: str) -> Callable[[Path], object]:
    def change(root: Path) -> None:
        text = (root / path).read_text()
        assert old in text
        (root / path).write_text(text.replace(old, new))

    return change


@pytest.fixture
def project(releases: Releases, run: Run, tmp_path: Path) -> Path:
    """A project of somebody, committed before and after Inngest came into it."""
    root = tmp_path / "theirs"
    write(root, THEIRS)
    commit(run, root)
    releases.copy(root, "-a", ANSWERS, "--data", "package=app")
    commit(run, root)
    return root


def update(run: Run, project: Path, *arguments: str) -> str:
    return run("copier", "update", "--defaults", "-a", ANSWERS, *arguments, cwd=project).stderr


def test_copy_touches_no_file_of_theirs(project: Path) -> None:
    assert {name: (project / name).read_text() for name in THEIRS} == THEIRS
    tops = {path.name for path in project.iterdir()} - {name.split("/")[0] for name in THEIRS}
    assert tops == {".git", ANSWERS, "INNGEST.md", "bin", "inngest_tests", "tools"}


def test_update_keeps_edits_and_brings_fixes(releases: Releases, run: Run, project: Path) -> None:
    events = project / "app/inngest_app/events.py"
    events.write_text(events.read_text() + "\n\nclass Mine(TypedEvent):\n    event_name = 'mine'\n")
    write(project, {"app/inngest_app/functions/_mine.py": "MINE = 1\n", "README.md": "Edited\n"})
    commit(run, project)
    path = "template/{{ inngest_package }}/errors.py"
    releases.add("99.99.100", edit('"""The one error', '"""A fix. The one error', path))

    said = update(run, project)

    assert changed_files(run, project) == {"app/inngest_app/errors.py", ANSWERS}
    assert "class Mine" in events.read_text()
    assert f"copier update -a {ANSWERS}" in said
    assert "pytest inngest_tests" in said


def test_update_equals_fresh_copy(
    releases: Releases, run: Run, project: Path, tmp_path: Path
) -> None:
    path = "template/{{ inngest_package }}/errors.py"
    releases.add("99.99.100", edit('"""The one error', '"""A fix. The one error', path))

    update(run, project)

    fresh = tmp_path / "fresh" / "theirs"
    write(fresh, THEIRS)
    releases.copy(fresh, "-a", ANSWERS, "--data", "package=app")
    assert read_tree(project) == read_tree(fresh)


def test_update_follows_package_that_moved(releases: Releases, run: Run, project: Path) -> None:
    events = project / "app/inngest_app/events.py"
    events.write_text(events.read_text() + "\n\nclass Mine(TypedEvent):\n    event_name = 'mine'\n")
    write(project, {"app/inngest_app/functions/_mine.py": "MINE = 1\n"})
    commit(run, project)
    run("git", "mv", "app", "shop", cwd=project)
    commit(run, project, "Move the package")

    update(run, project, "--data", "package=shop", "--data", "app=shop.main:app")

    # Both sides add the edited file: only the edit stands between markers.
    assert conflicts(run, project) == {"shop/inngest_app/events.py"}
    text = (project / "shop/inngest_app/events.py").read_text()
    before, _, rest = text.partition("<<<<<<<")
    inside, _, _ = rest.partition(">>>>>>>")
    assert "class ExampleEvent" in before
    assert "class Mine" in inside
    assert "class ExampleEvent" not in inside
    assert not (project / "app").exists()
    assert (project / "shop/inngest_app/functions/_mine.py").read_text() == "MINE = 1\n"
    toml = (project / "tools/inngest-devtools/project.toml").read_text()
    assert '"shop/inngest_app"' in toml
    test = (project / "inngest_tests/functions/test_example_function.py").read_text()
    assert "from shop.inngest_app.events import" in test


def test_update_beside_answers_of_another_template(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    theirs = "_src_path: gh:somebody/else\n_commit: 1.0.0\nport: 9999\npackage: other\n"
    project = tmp_path / "theirs"
    write(project, THEIRS | {".copier-answers.yml": theirs})
    commit(run, project)
    releases.copy(project, "-a", ANSWERS, "--data", "package=app")
    commit(run, project)
    path = "template/{{ inngest_package }}/errors.py"
    releases.add("99.99.100", edit('"""The one error', '"""A fix. The one error', path))

    update(run, project)

    assert changed_files(run, project) == {"app/inngest_app/errors.py", ANSWERS}
    assert (project / ".copier-answers.yml").read_text() == theirs
    assert "port: 8200" in (project / ANSWERS).read_text()


def test_copy_without_the_option_takes_the_same_name(
    releases: Releases, run: Run, tmp_path: Path
) -> None:
    project = tmp_path / "theirs"
    write(project, THEIRS | {".copier-answers.yml": "_src_path: gh:somebody/else\n"})

    releases.copy(project, "--data", "package=app")

    assert (project / ANSWERS).is_file()
    assert (project / ".copier-answers.yml").read_text() == "_src_path: gh:somebody/else\n"


def test_update_in_subfolder_of_a_monorepo(releases: Releases, run: Run, tmp_path: Path) -> None:
    monorepo = tmp_path / "monorepo"
    workspace = "[tool.uv.workspace]\nmembers = ['backend']\n"
    write(monorepo, {"frontend/index.html": "", "pyproject.toml": workspace, "uv.lock": ""})
    write(monorepo / "backend", THEIRS)
    commit(run, monorepo)
    releases.copy(monorepo / "backend", "-a", ANSWERS, "--data", "package=app")
    commit(run, monorepo)
    path = "template/{{ inngest_package }}/errors.py"
    releases.add("99.99.100", edit('"""The one error', '"""A fix. The one error', path))
    write(monorepo, {"frontend/index.html": "edited, not committed"})

    update(run, monorepo / "backend")

    changed = {f"backend/{name}" for name in ("app/inngest_app/errors.py", ANSWERS)}
    assert changed_files(run, monorepo) == {*changed, "frontend/index.html"}
    manager = run("python", "tools/inngest-devtools/src/inngest_devtools/adopt",
                  cwd=monorepo / "backend", check=False).stdout  # fmt: skip
    assert "(uv)" in manager


IN_THE_WAY = {
    "INNGEST.md": "INNGEST.md is in the way",
    "bin/inngest/inngest.config.json": "bin/inngest/inngest.config.json is in the way",
    "bin/inngest/run.sh": "bin/inngest/run.sh is in the way",
    "tools/inngest-devtools/x": "tools/inngest-devtools/x is in the way",
    "inngest_tests/test_x.py": "inngest_tests/test_x.py is in the way",
    "app/inngest_app.py": "app/inngest_app.py is in the way",
    "app/inngest_app/__init__.py": "app/inngest_app/__init__.py is in the way",
}


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_write_nothing_where_a_file_is_in_the_way(
    copier_template: Path, run: Run, tmp_path: Path, name: str
) -> None:
    project = tmp_path / "theirs"
    write(project, THEIRS | {name: "theirs\n"})
    before = read_tree(project)

    result = run(
        "copier", "copy", "--defaults", "-a", ANSWERS, "--data", "package=app",
        copier_template, project, cwd=tmp_path, check=False,
    )  # fmt: skip

    assert result.returncode == 1
    assert result.stderr.strip().endswith(f"{IN_THE_WAY[name]}: move or rename it")
    assert read_tree(project) == before


def test_write_nothing_for_a_package_that_is_not_there(
    copier_template: Path, run: Run, tmp_path: Path
) -> None:
    project = tmp_path / "theirs"
    write(project, THEIRS)
    before = read_tree(project)

    result = run(
        "copier", "copy", "--defaults", "--data", "package=src/app", copier_template, project,
        cwd=tmp_path, check=False,
    )  # fmt: skip

    assert result.stderr.strip().endswith("src/app has no Python file here")
    assert read_tree(project) == before
