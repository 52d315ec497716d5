"""No line of a team is ever lost in an update: random edits of a project meet a release that
touches every file.
"""

import difflib
import functools
import itertools
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import copier
import copier._template
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ALL_EXAMPLES, Run
from tests.releases import Releases, clone, commit, conflicts, read_tree

NEAR = 3  # lines of context: changes at least so far apart do not meet
EXAMPLES = [
    "approval",
    "error_handling",
    "example_function",
    "fan_out",
    "flow_control",
    "multi_step_workflow",
]
OWN_FILES = {
    "src/core/inngest/functions/zz_own.py": "# an own function\n",
    "src/core/billing.py": "# an own module\n",
    "src/server/routes/own.py": "# an own route\n",
    "tests/functions/test_zz_own.py": "# an own test\n",
    "docs/notes.md": "Own notes\n",
}
COMMENTS = {".md": "{}\n", ".json": '  "{}": true,\n', ".cmd": "rem {}\r\n"}

Lines = list[str]


@dataclass
class World:
    """A committed project of one release, and what the next release makes of each of its files."""

    project: Path
    old: dict[str, bytes]
    new: dict[str, bytes]
    run: Run


def split(content: bytes) -> Lines:
    return content.decode().splitlines(keepends=True)


def comment(name: str, text: str) -> str:
    return COMMENTS.get(Path(name).suffix, "# {}\n").format(text)


def touch_every_file(template: Path) -> None:
    """The next release: a new line in the first quarter and another in the last quarter of every
    file.
    """
    for path in (template / "template").rglob("*"):
        if not path.is_file() or path.name.startswith("{{"):
            continue
        name = path.name.removesuffix(".jinja")
        lines = split(path.read_bytes())
        for position in sorted({len(lines) // 4, 3 * len(lines) // 4}, reverse=True):
            lines.insert(position, comment(name, f"release {position}"))
        path.write_bytes("".join(lines).encode())


def leave_out_the_devtools(template: Path) -> None:
    """A team edits none of their eighty files, and an update costs some milliseconds for each."""
    shutil.rmtree(template / "template/tools")


@pytest.fixture(scope="session")
def world(copier_template: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    releases = Releases(clone(copier_template, folder / "template"), run)
    releases.add("99.99.100", leave_out_the_devtools)
    answers = ("--data", ALL_EXAMPLES, "--data", "os=all")
    project = releases.born(folder / "my-app", *answers)
    releases.add("100.0.0", touch_every_file)
    (folder / "new").mkdir()
    new = releases.copy(folder / "new" / "my-app", *answers)
    return World(project, read_tree(project), read_tree(new), run)


# --- Edits


@dataclass
class Edit:
    """Replace `length` lines of a file, from a place on (0 to 1), by `added` new ones."""

    file: int
    place: float
    length: int
    added: int


@dataclass
class Edits:
    edits: list[Edit] = field(default_factory=list)
    deleted_examples: set[str] = field(default_factory=set)
    own_files: set[str] = field(default_factory=set)
    executable: int | None = None
    env_lines: int = 0


# An update takes a second however much is edited: some fifty edits in each, in as many files.
edits = st.builds(
    Edits,
    st.lists(
        st.builds(Edit, st.integers(0, 999), st.floats(0, 1), st.integers(0, 4), st.integers(0, 3)),
        min_size=30,
        max_size=90,
    ),
    st.sets(st.sampled_from(EXAMPLES), max_size=2),
    st.sets(st.sampled_from(sorted(OWN_FILES))),
    st.none() | st.integers(0, 999),
    st.integers(0, 3),
)


def change_lines(
    name: str, lines: Lines, changes: list[Edit], numbers: Iterator[int]
) -> tuple[Lines, list[str]]:
    """The changed lines, and those that are the team's own."""
    own = []
    for edit in changes:
        start = round(edit.place * len(lines))
        added = [comment(name, f"team {next(numbers)}") for _ in range(edit.added)]
        lines[start : start + edit.length] = added
        own += added
    return lines, [line for line in own if line in lines]


def edit_project(project: Path, world: World, case: Edits) -> tuple[dict[str, list[str]], set[str]]:
    """Apply a case; returns the team's own lines of each file and the files that the team deleted."""
    numbers = itertools.count()
    names = sorted(name for name in world.old if name != ".copier-answers.yml")
    by_file: dict[str, list[Edit]] = {}
    for edit in case.edits:
        by_file.setdefault(names[edit.file % len(names)], []).append(edit)
    own: dict[str, list[str]] = {}
    for name, changes in by_file.items():
        lines, own[name] = change_lines(name, split(world.old[name]), changes, numbers)
        (project / name).write_bytes("".join(lines).encode())
    for name in case.own_files:
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(OWN_FILES[name])
    deleted = {f"src/core/inngest/functions/{example}.py" for example in case.deleted_examples}
    deleted |= {f"tests/functions/test_{example}.py" for example in case.deleted_examples}
    for name in deleted:
        (project / name).unlink()
        own.pop(name, None)
    if case.executable is not None:
        path = project / names[case.executable % len(names)]
        if path.exists():
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
    env = "".join(f"OWN_{number}=1\n" for number in range(case.env_lines))
    (project / ".env").write_text((project / ".env").read_text() + env)
    return own, deleted


def changed_ranges(old: Lines, new: Lines) -> list[tuple[int, int]]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return [(start, end) for tag, start, end, _, _ in matcher.get_opcodes() if tag != "equal"]


def do_changes_meet(old: Lines, mine: Lines, theirs: Lines) -> bool:
    return any(
        start - NEAR <= other_end and other_start <= end + NEAR
        for start, end in changed_ranges(old, mine)
        for other_start, other_end in changed_ranges(old, theirs)
    )


# --- The property


@pytest.fixture
def fast_copier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clone each release once."""
    clone_once = functools.cache(vars(copier._template)["clone"])
    monkeypatch.setattr("copier._template.clone", lambda url, ref, location: clone_once(url, ref))


@pytest.mark.slow
@pytest.mark.usefixtures("fast_copier")
@pytest.mark.parametrize("half", [1, 2])
def test_update_loses_no_line_of_the_team(world: World, half: int, update_cases: int) -> None:
    """Two halves, so that both cores work on it."""

    @settings(
        max_examples=update_cases // 2,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=False,
    )
    @given(edits)
    def check(case: Edits) -> None:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            check_case(world, Path(folder) / "my-app", case)

    check()


def check_case(world: World, project: Path, case: Edits) -> None:
    clone(world.project, project)
    own, deleted = edit_project(project, world, case)
    commit(world.run, project)
    before = read_tree(project)
    env = (project / ".env").read_bytes()
    modes = {name: os.access(project / name, os.X_OK) for name in before}

    copier.run_update(project, defaults=True, overwrite=True, quiet=True)

    after = read_tree(project)
    conflicted = conflicts(world.run, project)
    assert (project / ".env").read_bytes() == env
    assert not [name for name in after if name.endswith((".rej", ".orig"))]
    assert not deleted & set(after), "a deleted file came back"
    assert set(after) == set(before), "files came or went"
    assert {name: os.access(project / name, os.X_OK) for name in after} == modes
    for name, lines in own.items():
        assert not [line for line in lines if line.encode() not in after[name]], (
            f"{name} lost lines of the team"
        )
    for name in case.own_files:
        assert after[name] == before[name]
    for name in set(world.old) - deleted - {".copier-answers.yml"}:
        assert (name in conflicted) == (b"<<<<<<< before updating" in after[name].splitlines()), (
            name
        )
        if before[name] == world.old[name]:
            assert after[name] == world.new[name], f"{name} is untouched, and yet not the release's"
        elif not do_changes_meet(
            split(world.old[name]), split(before[name]), split(world.new[name])
        ):
            assert name not in conflicted, f"{name} has a conflict where no changes meet"
