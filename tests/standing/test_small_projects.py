"""Inngest in projects with the traits of real ones: theirs stays theirs, ours works."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.standing.small_projects import SMALL_PROJECTS, SmallProject

pytestmark = pytest.mark.slow

PROBE = Path(__file__).with_name("probe.py")
ADOPT = "tools/inngest-devtools/src/inngest_devtools/adopt"
ANSWERS = ".copier-answers.inngest.yml"
PRODUCTION = {"INNGEST_EVENT_KEY": "event-key", "INNGEST_SIGNING_KEY": "ab" * 32}


class Standing:
    """A small project on the disk, run by the suite's own interpreter."""

    def __init__(self, project: SmallProject, root: Path, run: Run) -> None:
        self.project, self.root, self._run = project, root, run
        for name, text in project.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())

    def python(self, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        folders = [".", *self.project.python_path, "tools/inngest-devtools/src"]
        env = {"PYTHONPATH": os.pathsep.join(folders)} | self.project.env | options.pop("env", {})
        return self._run(sys.executable, *arguments, cwd=self.root, env=env, **options)

    def copy(self, template: Path, **answers: str) -> None:
        data = {"package": self.project.package, "app": self.project.app} | answers
        arguments = [part for key, value in data.items() for part in ("--data", f"{key}={value}")]
        self._run(
            "copier", "copy", "--quiet", "--defaults", "-a", ANSWERS, *arguments, template, ".",
            cwd=self.root,
        )  # fmt: skip

    def run_their_tests(self) -> str:
        return summary(self.python("-m", "pytest", "-q", "-p", "no:randomly").stdout)

    def run_our_tests(self) -> str:
        plugin = ["-p", "inngest_devtools.testing.plugin"]
        result = self.python("-m", "pytest", "-q", *plugin, "inngest_tests", check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return summary(result.stdout)

    def probe(self, env: dict[str, str] | None = None, target: str = "") -> dict[str, Any]:
        folders = {"PYTHONPATH": os.pathsep.join([".", *self.project.python_path])}
        if target:
            folders = {"PYTHONPATH": "src"}
        output = self.python(
            str(PROBE), target or self.project.app, env=folders | (env or {})
        ).stdout
        return dict(json.loads(output.splitlines()[-1]))

    def read_files(self) -> dict[str, bytes]:
        return {name: (self.root / name).read_bytes() for name in self.project.files}


def summary(output: str) -> str:
    """pytest's last line, without its seconds and warnings."""
    return output.splitlines()[-1].partition(" in ")[0].partition(",")[0]


@pytest.mark.parametrize("project", SMALL_PROJECTS.values(), ids=SMALL_PROJECTS)
def test_add_inngest_to_project_that_stands(
    project: SmallProject, copier_template: Path, run: Run, tmp_path: Path
) -> None:
    standing = Standing(project, tmp_path, run)
    before = standing.run_their_tests(), standing.probe()["schema"]
    files = standing.read_files()

    standing.copy(copier_template)
    assert standing.read_files() == files
    assert standing.python(ADOPT, check=False).returncode == 1
    standing.python(ADOPT, "--write", check=False)

    assert changed_lines(standing, files) == {project.app_file: 2}
    off = standing.probe()
    assert (standing.run_their_tests(), off["schema"]) == before
    assert (off["get"], off["post"], off["functions"]) == (404, 404, 0)
    assert "INNGEST_DEV=1" in off["text"]
    assert standing.probe(PRODUCTION)["post"] == 401
    dev = standing.probe({"INNGEST_DEV": "1"})
    assert (dev["get"], dev["functions"]) == (200, 2)
    if project.also:
        assert standing.probe({"INNGEST_DEV": "1"}, target=project.also)["functions"] == 2
    assert standing.run_our_tests().endswith("13 passed")


def test_add_inngest_without_an_example(copier_template: Path, run: Run, tmp_path: Path) -> None:
    standing = Standing(SMALL_PROJECTS["flat"], tmp_path, run)

    standing.copy(copier_template, examples="[]")
    standing.python(ADOPT, "--write", check=False)

    dev = standing.probe({"INNGEST_DEV": "1"})
    assert (dev["get"], dev["functions"]) == (200, 0)
    assert standing.run_our_tests().endswith("1 passed")


@pytest.mark.skipif(os.name == "nt", reason="the launcher of POSIX systems")
def test_launcher_runs_adopt_before_anything_is_installed(
    copier_template: Path, run: Run, tmp_path: Path
) -> None:
    Standing(SMALL_PROJECTS["flat"], tmp_path, run).copy(copier_template)

    said = run("bin/inngest/run.sh", "adopt", cwd=tmp_path, check=False)
    assert said.returncode == 1
    assert "pip install -e ./tools/inngest-devtools" in said.stdout

    failed = run("bin/inngest/run.sh", "doctor", cwd=tmp_path, check=False)
    assert failed.returncode == 1
    assert "then type `pip install -e ./tools/inngest-devtools`" in failed.stderr


def changed_lines(standing: Standing, files: dict[str, bytes]) -> dict[str, int]:
    """How many lines each file of theirs got; none may have lost one, requirements aside."""
    counts = {}
    for name, before in files.items():
        after = (standing.root / name).read_bytes()
        if after != before and name != "requirements.txt":
            left = after.splitlines(keepends=True)
            for line in before.splitlines(keepends=True):
                assert line in left, f"{name} lost {line!r}"
                left.remove(line)
            counts[name] = len(left)
    return counts
