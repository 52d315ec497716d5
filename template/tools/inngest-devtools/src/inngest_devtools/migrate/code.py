"""The Python files of a project: what each transformer does, and in which order."""

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import libcst as cst
from inngest_devtools.migrate import files
from inngest_devtools.migrate.callers import follow_calls
from inngest_devtools.migrate.client_calls import complete_clients, rewrite_sends, rewrite_triggers
from inngest_devtools.migrate.clients import Clients
from inngest_devtools.migrate.decorators import migrate_wrappers, report_lone_wrappers
from inngest_devtools.migrate.findings import find_in_file, report_refused_calls
from inngest_devtools.migrate.functions import Found, find_functions
from inngest_devtools.migrate.handlers import Plan, plan_handler
from inngest_devtools.migrate.imports import needs_imports, settle_imports
from inngest_devtools.migrate.package import InngestPackage, find_package, hand_clients_on
from inngest_devtools.migrate.project import Project
from inngest_devtools.migrate.serving import report_unserved, rewrite_serving
from inngest_devtools.migrate.source import Source
from inngest_devtools.migrate.steps import move_groups, move_imported_steps, report_missing_steps
from inngest_devtools.migrate.work import Work, Works
from inngest_devtools.testing.durable_code import check_files
from inngest_devtools.words import t

# Only a file with one of these can be concerned: the rest is not parsed, which takes its time.
CONCERNED = re.compile(
    r"^[ \t]*(from|import)\b[^\n#]*inngest|\binngest\.[A-Za-z]"
    r"|\bcreate_function\b|\bsend_event\b|\.send\(\s*event\s*="
    r"|\bstep\.(run|sleep|sleep_until|wait_for_event|invoke|parallel)\(",
    re.MULTILINE,
)


@dataclass
class Result:
    """New texts, and what a person decides: each with its path."""

    changes: list[tuple[Path, str, list[tuple[int, str]]]] = field(default_factory=list)
    findings: list[tuple[Path, int, str]] = field(default_factory=list)
    stepless: list[tuple[Path, int, str]] = field(default_factory=list)


def migrate_code(project: Project, paths: Sequence[Path]) -> Result:
    """What some Python files of a project need.

    Args:
        project: Its files: those that are named, and those that these import from.
        paths: The files to change. What others would need is not said.
    """
    result = Result()
    sources = []
    for path in paths:
        source = _read(project, path, result)
        if source is not None:
            sources.append(source)
    clients = Clients(project)
    found = find_functions(project, _all_concerned(project, sources), clients)
    works = Works()
    for source in sources:
        works.of(source)
    package = find_package(project.root)
    _rewrite(project, found, clients, works, set(paths), package)
    report_refused_calls(project, found, works)
    _gather(project, found, clients, set(paths), works, package, result)
    _check_durable_code(project, found, [source.path for source in sources], result)
    if package is not None:  # its examples are today's, whatever they leave out
        result.stepless = [each for each in result.stepless if not package.holds(each[0])]
    return result


def _read(project: Project, path: Path, result: Result) -> Source | None:
    """A file that is concerned, parsed; one that cannot be read is reported if it seems to be."""
    try:
        text = files.read(path).text
    except files.CannotRead as error:
        data = path.read_bytes() if path.exists() else b""
        if b"inngest" in data:
            result.findings.append((path, 0, str(error)))
        return None
    if not CONCERNED.search(text):
        return None
    source = project.source(path)
    if source is None:
        result.findings.append((path, *_why_not_parsed(text)))
    return source


def _why_not_parsed(text: str) -> tuple[int, str]:
    try:
        cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        return error.raw_line, t("does not parse: left as it is")
    except RecursionError:
        pass
    return 0, t("is nested too deep to be parsed: left as it is")


def _all_concerned(project: Project, sources: list[Source]) -> list[Source]:
    """The named files first, then those around them: a handler may be named in one of these."""
    named = {source.path for source in sources}
    around = []
    for path in project.paths:
        if path not in named and "create_function" in (project.text(path) or ""):
            source = project.source(path)
            if source is not None:
                around.append(source)
    return [*sources, *around]


def _rewrite(
    project: Project,
    found: Found,
    clients: Clients,
    works: Works,
    paths: Collection[Path],
    package: InngestPackage | None,
) -> None:
    plans: dict[int, Plan] = {}
    # Without the Inngest package, or with a client besides its own, functions stay with `serve`.
    installed = None
    if package is not None and hand_clients_on(works, project, paths, package):
        installed = package
    for handler in found.handlers:
        plans[id(handler.node)] = plan_handler(handler, works.of(handler.source))
    migrate_wrappers(project, found, works, plans)
    for source, node, message in found.findings:
        works.of(source).report(node, message)
    for work in works.all():
        move_imported_steps(work, plans)
        move_groups(work, plans)
        report_missing_steps(work, plans)
        report_lone_wrappers(work, plans)
        rewrite_triggers(work, project, found)
        rewrite_sends(work, project, clients)
        rewrite_serving(work, project, found, clients, installed)
        follow_calls(work, project, plans)
        complete_clients(work)
        find_in_file(work)
    report_unserved(works, project, found)


def _gather(
    project: Project,
    found: Found,
    clients: Clients,
    paths: set[Path],
    works: Works,
    package: InngestPackage | None,
    result: Result,
) -> None:
    for work in works.all():
        path = work.source.path
        if path not in paths:
            continue
        result.findings += [(path, line, message) for line, message in work.findings]
        has_functions = any(source is work.source for source, _ in found.creations)
        try:
            text, notes = _settle(project, clients, work, has_functions, package)
            cst.parse_module(text)
        except cst.ParserSyntaxError as error:
            message = t("would not parse once it is rewritten: left as it is")
            result.findings.append((path, min(error.raw_line, work.source.last_line), message))
            continue
        if text != work.source.text:
            result.changes.append((path, text, [*work.notes, *((1, note) for note in notes)]))


def _settle(
    project: Project,
    clients: Clients,
    work: Work,
    has_functions: bool,
    package: InngestPackage | None,
) -> tuple[str, list[str]]:
    text = work.edits.apply(work.source.text)
    if text == work.source.text and not needs_imports(work.source):
        return text, []
    path, released = work.source.path, work.released
    return settle_imports(path, text, released, project, clients, has_functions, package)


def _check_durable_code(
    project: Project, found: Found, paths: Sequence[Path], result: Result
) -> None:
    """Hold the migrated text to what a project's own test holds its functions to."""
    new = {path: text for path, text, _ in result.changes}
    handlers: dict[Path, set[str]] = {}
    for handler in found.handlers:
        handlers.setdefault(handler.source.path, set()).add(handler.node.name.value)

    def read(path: Path) -> str:
        return new.get(path) or project.text(path) or ""

    def place(path: Path, line: int) -> tuple[Path, int]:
        old = project.text(path) or ""
        return path, _old_line(old, new[path], line) if path in new else line

    report = check_files(paths, read, project.find_module, handlers)
    for path, finding in report.findings:
        if path in paths:
            hint = t("hint: {message}", message=finding.message)
            message = hint if finding.is_hint else finding.message
            result.findings.append((*place(path, finding.line), message))
    result.stepless += [(*place(path, line), name) for path, line, name in report.stepless]


def _old_line(old: str, new: str, line: int) -> int:
    """The line of the old text that became a line of the new one."""
    matcher = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    for _, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if new_start < line <= new_end:
            return min(old_start + line - new_start, max(old_end, 1))
    return line
