"""Old code and what becomes of it, to the letter: a file of `cases/` each.

A case is plain text: `#### before NAME` begins a file of the old project, `#### after NAME` one
that changes, `#### report` the lines that a person decides about. All of these were run on SDK
0.5.19, before and after.
"""

import re
from pathlib import Path

import pytest

from tests.migrate.conftest import Tree

CASES = Path(__file__).with_name("cases")


def read_case(path: Path) -> tuple[dict[str, str], dict[str, str], list[str]]:
    parts = re.split(
        r"^#### (before|after|report) ?(.*)\n", path.read_text("utf-8"), flags=re.MULTILINE
    )
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    report: list[str] = []
    for kind, name, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        if kind == "report":
            report = text.splitlines()
        else:
            (before if kind == "before" else after)[name] = text
    return before, after, report


@pytest.mark.parametrize("path", sorted(CASES.glob("*.txt")), ids=lambda path: path.stem)
def test_case_migrates_to_the_letter(tree: Tree, path: Path) -> None:
    before, after, report = read_case(path)
    tree.write(before)

    assert tree.migrate() == 0

    assert {name: tree.read(name) for name in before} == before | after
    assert tree.decisions == report
    assert tree.migrate(".") == 0
