"""Copying over something, or onto a machine that lacks something: nothing of the user's is
overwritten unasked.
"""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run, posix_only
from tests.releases import commit, read_tree

pytestmark = pytest.mark.slow


def copy_again(
    run: Run, template: Path, project: Path, *options: str
) -> "subprocess.CompletedProcess[str]":
    result = run(
        "copier", "copy", "--defaults", *options, template, project, cwd=project.parent, check=False
    )
    # Copier colours even without a terminal
    result.stderr = re.sub(r"\x1b\[\d+m", "", result.stderr)
    return result


def test_copy_into_folder_with_files_of_its_own_keeps_them(
    copier_template: Path, run: Run, tmp_path: Path
) -> None:
    project = tmp_path / "my-app"
    project.mkdir()
    (project / "README.md").write_text("mine\n")
    (project / "notes.txt").write_text("mine too\n")

    result = copy_again(run, copier_template, project)

    assert result.returncode == 1
    assert "conflict  README.md" in result.stderr
    assert "Consider using `--overwrite`" in result.stderr
    assert [(project / name).read_text() for name in ("README.md", "notes.txt")] == [
        "mine\n",
        "mine too\n",
    ]


def test_copy_into_repository_with_uncommitted_work_keeps_it(
    copier_template: Path, copy: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    project = copy(tmp_path / "my-app")
    commit(run, project)
    main = project / "src/server/main.py"
    main.write_text(main.read_text() + "# not committed\n")
    before = read_tree(project)

    result = copy_again(run, copier_template, project)

    assert result.returncode == 1
    assert "conflict  src/server/main.py" in result.stderr
    assert read_tree(project) == before


def test_copy_twice_into_the_same_folder_changes_nothing(
    copier_template: Path, copy: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    project = copy(tmp_path / "my-app")
    (project / ".env").write_text("INNGEST_DEV=1\nOWN=1\n")
    before = read_tree(project)

    result = copy_again(run, copier_template, project)

    assert result.returncode == 0
    assert read_tree(project) == before
    assert (project / ".env").read_text() == "INNGEST_DEV=1\nOWN=1\n"


def test_update_with_uncommitted_work_is_refused(
    copy: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    project = copy(tmp_path / "my-app")
    commit(run, project)
    (project / "notes.txt").write_text("not committed\n")
    before = read_tree(project)

    result = run("copier", "update", "--defaults", cwd=project, check=False)

    assert result.returncode == 1
    assert "Destination repository is dirty; cannot continue." in result.stderr
    assert read_tree(project) == before


def test_update_outside_of_git_is_refused(
    copy: Callable[..., Path], run: Run, tmp_path: Path
) -> None:
    project = copy(tmp_path / "my-app")

    result = run("copier", "update", "--defaults", cwd=project, check=False)

    assert result.returncode == 1
    assert "Updating is only supported in git-tracked subprojects." in result.stderr


def test_copy_without_network_works(copier_template: Path, run: Run, tmp_path: Path) -> None:
    nowhere = dict.fromkeys(
        ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:1"
    )

    run(
        "copier", "copy", "--defaults", copier_template, tmp_path / "my-app",
        cwd=tmp_path, env=nowhere | {"GIT_ALLOW_PROTOCOL": "file"},
    )  # fmt: skip

    assert (tmp_path / "my-app/src/server/main.py").is_file()


def test_copy_without_git_works_from_a_folder(
    copier_template: Path, run: Run, tmp_path: Path
) -> None:
    """Without git there is no version to update from, but there is a project."""
    template, bin_folder = tmp_path / "template", tmp_path / "bin"
    shutil.copytree(copier_template, template, ignore=shutil.ignore_patterns(".git"))
    bin_folder.mkdir()
    copier = shutil.which("copier")
    assert copier

    run(
        copier,
        "copy",
        "--defaults",
        template,
        tmp_path / "my-app",
        cwd=tmp_path,
        env={"PATH": str(bin_folder)},
    )

    assert (tmp_path / "my-app/src/server/main.py").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that even root cannot write to")
def test_copy_to_read_only_target_writes_nothing(
    copier_template: Path, run: Run, tmp_path: Path
) -> None:
    result = run(
        "copier", "copy", "--defaults", copier_template, "/proc/my-app", cwd=tmp_path, check=False
    )

    assert result.returncode == 1
    assert "'/proc/my-app'" in result.stderr.splitlines()[-1]


@posix_only
def test_interrupt_copy_while_rendering_leaves_what_a_copy_with_overwrite_completes(
    copier_template: Path,
    clean_env: dict[str, str],
    copy: Callable[..., Path],
    run: Run,
    tmp_path: Path,
) -> None:
    project = tmp_path / "my-app"
    command = ["copier", "copy", "--defaults", str(copier_template), str(project)]
    process = subprocess.Popen(
        command,
        env=clean_env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not project.exists():
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=120)

    # one file may be half written
    result = copy_again(run, copier_template, project, "--overwrite")

    (tmp_path / "fresh").mkdir()
    assert result.returncode == 0
    assert read_tree(project) == read_tree(copy(tmp_path / "fresh" / "my-app"))
