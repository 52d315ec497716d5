"""A template with releases of its own making, and projects that were born on one of them."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import Run


@dataclass
class Releases:
    """A copy of the template that a test may move on; its first release, 99.99.99, is the working
    tree.
    """

    path: Path
    run: Run

    def add(self, tag: str | None, change: Callable[[Path], object]) -> None:
        """Change files below the template's root and commit them, with a tag if one is given."""
        change(self.path)
        self.run("git", "add", "--all", cwd=self.path)
        self.run("git", "commit", "--quiet", "--message", f"Release {tag}", cwd=self.path)
        if tag:
            self.run("git", "tag", tag, cwd=self.path)

    def copy(self, destination: Path, *arguments: str) -> Path:
        self.run(
            "copier",
            "copy",
            "--quiet",
            "--defaults",
            *arguments,
            self.path,
            destination,
            cwd=destination.parent,
        )
        return destination

    def born(self, project: Path, *arguments: str) -> Path:
        """A project of the newest release, committed."""
        commit(self.run, self.copy(project, *arguments))
        return project


def commit(run: Run, project: Path, message: str = "A commit") -> None:
    run("git", "init", "--quiet", cwd=project)
    run("git", "add", "--all", cwd=project)
    run("git", "commit", "--quiet", "--allow-empty", "--message", message, cwd=project)


def update(run: Run, project: Path, *arguments: str) -> str:
    """`copier update --defaults`, as the README says; returns what it printed."""
    return run("copier", "update", "--defaults", *arguments, cwd=project).stderr


def changed_files(run: Run, project: Path) -> set[str]:
    """What `git status` shows: changed, added and deleted files; conflicts too."""
    lines = run(
        "git", "status", "--porcelain", "--untracked-files=all", cwd=project
    ).stdout.splitlines()
    return {line[3:] for line in lines}


def conflicts(run: Run, project: Path) -> set[str]:
    return set(
        run("git", "diff", "--name-only", "--diff-filter=U", cwd=project).stdout.splitlines()
    )


def read_tree(project: Path) -> dict[str, bytes]:
    """Every file of a project with its content; what it keeps for itself, and git's, aside."""
    kept = {".git", ".env", "uv.lock"}
    files = [path for path in project.rglob("*") if path.is_file()]
    paths = {path.relative_to(project): path for path in files}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in paths.items()
        if not kept & {name.parts[0]}
    }


def clone(source: Path, destination: Path) -> Path:
    shutil.copytree(
        source, destination, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    return destination
