"""The two lines in the file that makes the app."""

import ast
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

from inngest_devtools.adopt.app_place import NotFoundError, find_place
from inngest_devtools.adopt.findings import Finding
from inngest_devtools.adopt.import_line import find_line, write_import
from inngest_devtools.adopt.sources import Source
from inngest_devtools.project import Project
from inngest_devtools.words import t

CALL = "install_inngest"
LINE = re.compile(r"[^\n]*\n|[^\n]+")  # as Python counts them: a form feed ends none


@dataclass(frozen=True)
class Insertion:
    """Lines to put below others of a file, by number; 0 is the top."""

    path: Path
    lines: dict[int, str]


def check_app_file(project: Project, sources: list[Source]) -> Finding:
    """Whether the app serves Inngest, or which lines make it."""
    user = find_user(sources)
    if user:
        return Finding("lines", "ok", t("{path} calls {call}", path=user.path, call=CALL))
    try:
        insertion = find_insertion(project)
    except NotFoundError as reason:
        fix = t(
            "from {module} import {call}, and {call}(app) below `app = FastAPI(...)`",
            module=project.module,
            call=CALL,
        )
        return Finding("lines", "fail", str(reason) + _suggest_target(project, sources), fix)
    path = insertion.path.relative_to(project.root).as_posix()
    places = [_describe(number, text) for number, text in sorted(insertion.lines.items())]
    detail = t("{path} does not serve Inngest", path=path)
    return Finding("lines", "fail", detail, t("; ").join(places))


def _describe(number: int, text: str) -> str:
    if number == 0:
        return t("above line 1: {text}", text=text.strip())
    return t("below line {number}: {text}", number=number, text=text.strip())


def find_insertion_or_none(project: Project, sources: list[Source]) -> Insertion | None:
    """The two lines; None where they are there, or have to be written by hand."""
    if find_user(sources):
        return None
    try:
        return find_insertion(project)
    except NotFoundError:
        return None


def find_insertion(project: Project) -> Insertion:
    """The two lines for the target of the app.

    Raises:
        NotFoundError: There is no such app, or no line where the call could stand.
    """
    place = find_place(project)
    path = project.root / place.source.path
    statement = write_import(project, place.source, CALL)
    above = find_line(place.source, statement)
    if place.indent == "" and above > place.line:
        raise NotFoundError(t("{path} makes the app above its imports", path=place.source.path))
    lines = {above: statement, place.line: f"{place.indent}{CALL}({place.name})"}
    if len(lines) == 1:
        lines = {above: f"{statement}\n{CALL}({place.name})"}
    return Insertion(path, lines)


def apply_insertion(insertion: Insertion) -> tuple[str, str]:
    """The file's text without and with the lines; all else stays, byte for byte.

    Line endings are the file's own.
    """
    before = read_text(insertion.path)
    lines = LINE.findall(before)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    for number in sorted(insertion.lines, reverse=True):
        if number and not lines[number - 1].endswith("\n"):
            lines[number - 1] += end
        lines.insert(number, insertion.lines[number].replace("\n", end) + end)
    after = "".join(lines)
    ast.parse(after.removeprefix("\ufeff"))
    return before, after


def read_text(path: Path) -> str:
    """A Python file's text, its line endings as they are."""
    with path.open("rb") as file:
        encoding = tokenize.detect_encoding(file.readline)[0]
    return path.read_bytes().decode(encoding.removesuffix("-sig"))


def write_text(path: Path, text: str) -> None:
    with path.open("rb") as file:
        encoding = tokenize.detect_encoding(file.readline)[0]
    path.write_bytes(text.encode(encoding.removesuffix("-sig")))


def find_user(sources: list[Source]) -> Source | None:
    """The file that has the call already."""
    for source in sources:
        if CALL in source.text and any(_is_call(node) for node in source.nodes):
            return source
    return None


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == CALL


def _suggest_target(project: Project, sources: list[Source]) -> str:
    """Where a FastAPI app is made, if it is at one place only."""
    targets = []
    for source in sources:
        for node in source.tree.body:
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            if ast.unparse(node.value.func).rpartition(".")[2] == "FastAPI":
                targets += [f"{source.module}:{ast.unparse(target)}" for target in node.targets]
    if len(targets) != 1 or targets[0] == project.app:
        return ""
    return t(" (the answer `app` may have to be {target})", target=targets[0])
