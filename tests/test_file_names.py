"""Names that every system can check out, and a tree without what belongs to one machine."""

import re
import subprocess
from pathlib import PurePosixPath

import pytest

from tests.conftest import REPOSITORY

WINDOWS_ILLEGAL = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$')
WINDOWS_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")


def list_files() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    return [name for name in listed.split("\0") if name and (REPOSITORY / name).exists()]


FILES = list_files()


def test_list_files_finds_the_template() -> None:
    assert "copier.yml" in FILES
    assert "template/src/server/main.py" in FILES


@pytest.mark.parametrize("pattern", [WINDOWS_ILLEGAL, WINDOWS_RESERVED])
def test_name_files_as_windows_allows(pattern: re.Pattern[str]) -> None:
    assert [
        name for name in FILES if any(pattern.search(part) for part in PurePosixPath(name).parts)
    ] == []


def test_name_files_apart_regardless_of_case() -> None:
    assert len({name.lower() for name in FILES}) == len(FILES)


def test_name_files_without_conditions() -> None:
    templated = [name for name in FILES if "{" in name]
    assert {name.split("/")[1] for name in templated} == {
        "{{ answers_file }}.jinja",
        "{{ inngest_package }}",
        "{{ inngest_tests }}",
    }


def test_keep_no_symlinks_and_no_lock_files() -> None:
    """A symlink does not survive a checkout on Windows; a lock file names the registries of who
    made it.
    """
    assert [name for name in FILES if (REPOSITORY / name).is_symlink()] == []
    assert [
        name
        for name in FILES
        if PurePosixPath(name).name in ("uv.lock", "poetry.lock", "package-lock.json")
    ] == []


def test_end_lines_with_lf_except_in_cmd_files() -> None:
    command = ["git", "ls-files", "--eol", "--cached", "--others", "--exclude-standard"]
    lines = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [line for line in lines if "w/crlf" in line and not line.endswith(".cmd")] == []
