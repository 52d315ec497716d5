"""What a release needs of CHANGELOG.md, and what it says when that is missing."""

import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

CHANGELOG = """# Changelog

## Unreleased

Manual step: none.
Trust: none.

## 1.2.0 - 2026-12-01

Manual step: delete `.inngest/`.
Trust: none.

- A fix.

## 1.1.0 - 2026-11-01

Manual step: none.
Trust: none.

- The first.
"""


def print_notes(tag: str, changelog: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(REPOSITORY / ".github/release_notes.py"), tag]
    return subprocess.run(command, input=changelog, capture_output=True, text=True)


WITHOUT_UNRELEASED = "# Changelog\n\n" + CHANGELOG[CHANGELOG.index("## 1.2.0") :]


@pytest.mark.parametrize("changelog", [CHANGELOG, WITHOUT_UNRELEASED])
def test_print_section_of_version_alone(changelog: str) -> None:
    printed = print_notes("v1.2.0", changelog)

    assert printed.stdout == "Manual step: delete `.inngest/`.\nTrust: none.\n\n- A fix.\n"
    assert printed.stderr == ""


def test_print_section_that_is_the_last() -> None:
    assert print_notes("v1.1.0", CHANGELOG).stdout.endswith("\n- The first.\n")


@pytest.mark.parametrize("tag", ["1.2.0", "v1.2", "v1.2.0.1", "v1.2.0-rc1", "v01.2.0", "v1.2.x"])
def test_refuse_tag_that_is_not_a_release(tag: str) -> None:
    assert (
        print_notes(tag, CHANGELOG).stderr
        == f"{tag} is not the tag of a release: write it like v1.2.3.\n"
    )


NO_SECTION = 'CHANGELOG.md has no section "## 1.2.0 - YYYY-MM-DD".'
NO_MANUAL_STEP = (
    'CHANGELOG.md has no line "Manual step:" for 1.2.0: write "Manual step: none." or what it is.'
)
NO_TRUST = 'CHANGELOG.md has no line "Trust:" for 1.2.0: write "Trust: none." or what it is.'
UNRELEASED = "CHANGELOG.md still has notes under Unreleased: move them to 1.2.0."


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("## 1.2.0 - 2026-12-01", "## Later", NO_SECTION),
        ("## 1.2.0 - 2026-12-01", "## 1.2.0", NO_SECTION),
        ("## 1.2.0 - 2026-12-01", "## 1x2.0 - 2026-12-01", NO_SECTION),
        ("Manual step: delete `.inngest/`.\n", "", NO_MANUAL_STEP),
        ("Manual step: delete `.inngest/`.\n", "Manual step:\n", NO_MANUAL_STEP),
        ("Trust: none.\n\n- A fix.", "- A fix.", NO_TRUST),
        ("## 1.2.0", "- Another fix.\n\n## 1.2.0", UNRELEASED),
        ("Manual step: none.", "Manual step: run `uv sync`.", UNRELEASED),
    ],
)
def test_refuse_changelog_that_is_not_ready(old: str, new: str, message: str) -> None:
    printed = print_notes("v1.2.0", CHANGELOG.replace(old, new, 1))

    assert (printed.returncode, printed.stdout, printed.stderr) == (1, "", f"{message}\n")


def test_keep_changelog_ready_for_a_release() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")

    printed = print_notes(
        "v999.0.0", changelog.replace("## Unreleased\n", "## 999.0.0 - 2026-12-01\n")
    )

    assert printed.stderr == ""
