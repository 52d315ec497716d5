"""Commands, in an environment without what this machine could add."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import MeasureError

PREFIXES = ("COPIER_", "GIT_", "INNGEST_", "PYTHON", "UV_PROJECT", "VIRTUAL_ENV")
IDENTITY = {
    f"GIT_{role}_{what}": "nobody" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def environment(**more: str) -> dict[str, str]:
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(PREFIXES) and name != "PORT"
    }
    return own | IDENTITY | {"NO_COLOR": "1"} | more


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command and return its output.

    Raises:
        MeasureError: Its exit code is not 0.
    """
    result = subprocess.run(
        command,
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if result.returncode:
        said = (result.stderr or result.stdout).strip().splitlines() or ["(nothing)"]
        raise MeasureError(f"{' '.join(map(str, command))} in {cwd} failed: {said[-1]}")
    return result.stdout


def copier(*arguments: str | Path, cwd: Path) -> None:
    run(sys.executable, "-m", "copier", *arguments, cwd=cwd)


def commit(folder: Path, *, tag: str | None = None) -> None:
    """Commit all of a folder, a repository or not yet one."""
    run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", "--force", cwd=folder)
    run("git", "commit", "--quiet", "--message", tag or "A project", cwd=folder)
    if tag:
        run("git", "tag", tag, cwd=folder)
