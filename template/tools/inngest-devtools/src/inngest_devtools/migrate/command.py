"""The command line of `inngest-dev migrate`."""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from inngest_devtools.migrate import files, settings
from inngest_devtools.migrate.code import migrate_code
from inngest_devtools.migrate.config import is_config, migrate_config
from inngest_devtools.migrate.package import find_package
from inngest_devtools.migrate.project import Project
from inngest_devtools.migrate.report import (
    Change,
    Finding,
    can_print,
    show_diff,
    show_findings,
    show_notes,
)
from inngest_devtools.words import t


@dataclass
class Outcome:
    """What the files need: changes to them, and what a person decides."""

    changes: list[tuple[Path, files.Content, Change]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    stepless: list[str] = field(default_factory=list)
    looked_at: int = 0


def run(paths: Sequence[Path], *, write: bool, force: bool) -> int:
    """Run the command; the exit code."""
    can_print(sys.stdout)
    can_print(sys.stderr)
    missing = [path for path in paths if not path.exists()]
    if missing:
        print(t("inngest-dev migrate: {path} does not exist", path=missing[0]), file=sys.stderr)
        return 2
    outcome = look(paths)
    if not write:
        for _, _, change in outcome.changes:
            show_diff(change, sys.stdout)
        _show(outcome, [change for _, _, change in outcome.changes], is_written=False)
        if outcome.changes:
            print(f"  {t('Nothing is written yet: --write writes it.')}")
        return int(bool(outcome.changes))
    if not force:
        dirty = files.uncommitted([path for path, _, _ in outcome.changes])
        if dirty:
            names = ", ".join(_shown(path) for path in dirty[:3]) + (
                ", ..." if len(dirty) > 3 else ""
            )
            print(
                t(
                    "inngest-dev migrate: {names} would be changed and has changes that git "
                    "does not have: commit them, or add --force",
                    names=names,
                ),
                file=sys.stderr,
            )
            return 2
    return _write(outcome)


def look(paths: Sequence[Path]) -> Outcome:
    """What the files of some paths need; nothing is written."""
    outcome = Outcome()
    by_root: dict[Path, list[Path]] = {}
    for path in paths:
        absolute = Path(os.path.abspath(path))
        root = files.project_root(absolute)
        found = files.find(absolute, absolute if absolute.is_dir() else root)
        for link in found.leading_out:
            if _is_ours(link):
                message = t("leads out of the folder by a symbolic link: left as it is")
                outcome.findings.append(Finding(_shown(link), 0, message))
        by_root.setdefault(root, []).extend(found.paths)
    for root, members in by_root.items():
        _look_at_code(outcome, root, members)
        has_package = find_package(root) is not None
        for path in sorted(set(members)):
            _look_at_text(outcome, path, has_package)
    outcome.changes.sort(key=lambda item: item[2].path)
    return outcome


def _look_at_code(outcome: Outcome, root: Path, members: list[Path]) -> None:
    python = [path for path in members if path.suffix == ".py"]
    # Imports are followed into files that were not named: these are read, and left.
    around = [path for path in files.find(root, root).paths if path.suffix == ".py"]
    project = Project(root, [*around, *python])
    outcome.looked_at += len(python)
    result = migrate_code(project, sorted(set(python)))
    for path, line, message in result.findings:
        outcome.findings.append(Finding(_shown(path), line, message))
    for path, text, notes in result.changes:
        content = files.read(path)
        if not content.is_utf8:
            message = t(
                "would be changed, but is {encoding}: save it as UTF-8 and run again",
                encoding=content.encoding,
            )
            outcome.findings.append(Finding(_shown(path), 0, message))
            continue
        change = Change(_shown(path), content.text, text, notes)
        if text != content.text:
            outcome.changes.append((path, content, change))
    outcome.stepless += [f"{_shown(path)}:{line} {name}" for path, line, name in result.stepless]


def _look_at_text(outcome: Outcome, path: Path, has_package: bool) -> None:
    """Settings, scripts and pins: what is no Python."""
    look_at_settings = partial(settings.look_at_settings, has_package=has_package)
    kinds = (
        (settings.is_setting, look_at_settings),
        (settings.is_script, settings.look_at_script),
        (settings.is_pin, settings.look_at_pins),
    )
    wanted = [look for fits, look in kinds if fits(path)]
    if not wanted and not is_config(path.name):
        return
    try:
        content = files.read(path)
    except files.CannotRead as error:
        if is_config(path.name):
            outcome.findings.append(Finding(_shown(path), 0, str(error)))
        return
    for look_at in wanted:
        outcome.findings += [
            Finding(_shown(path), line, text) for line, text in look_at(content.text)
        ]
    if is_config(path.name):
        result = migrate_config(content.text)
        outcome.findings += [Finding(_shown(path), line, text) for line, text in result.findings]
        if result.text != content.text:
            change = Change(_shown(path), content.text, result.text, result.notes)
            outcome.changes.append((path, content, change))


def _write(outcome: Outcome) -> int:
    done, failed = [], 0
    for path, content, change in outcome.changes:
        try:
            files.write(path, content, change.new)
            done.append(change)
        except files.CannotWrite as error:
            failed += 1
            outcome.findings.append(Finding(change.path, 0, str(error)))
    _show(outcome, done, is_written=True)
    return int(bool(failed))


def _show(outcome: Outcome, changes: list[Change], *, is_written: bool) -> None:
    """The report: what was changed, what a person decides, how much that is."""
    print()
    for change in changes:
        show_notes(change, sys.stdout)
    findings = sorted(set(outcome.findings))
    if findings:
        print(f"\n  {t('For you to decide:')}")
        show_findings(findings, sys.stdout)
    if outcome.stepless:
        print(f"\n  {t('Without a step, so that a retry repeats all of it:')}")
        for handler in outcome.stepless:
            print(f"    {handler}")
    counts = {"looked_at": outcome.looked_at, "changed": len(changes)}
    if is_written:
        summary = t("{looked_at} Python files looked at, {changed} files changed.", **counts)
    else:
        summary = t("{looked_at} Python files looked at, {changed} files would change.", **counts)
    print(f"\n  {summary}")


def _shown(path: Path) -> str:
    """A path as a person would write it: from the working folder."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return Path(os.path.relpath(path)).as_posix()


def _is_ours(path: Path) -> bool:
    """Whether a file that is left out would have been looked at."""
    try:
        text = path.read_bytes()
    except OSError:
        return False
    return path.suffix == ".py" and re.search(rb"inngest", text) is not None
