"""The two lines in the file that makes the app."""

import ast
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

from inngest_devtools.adopt.calls import own_nodes
from inngest_devtools.adopt.findings import Finding
from inngest_devtools.adopt.sources import Source, read_source
from inngest_devtools.project import Project
from inngest_devtools.words import t

CALL = "install_inngest"
LINE = re.compile(r"[^\n]*\n|[^\n]+")  # as Python counts them: a form feed ends none


@dataclass(frozen=True)
class Insertion:
    """Lines to put below others of a file, by number; 0 is the top."""

    path: Path
    lines: dict[int, str]


@dataclass(frozen=True)
class _Place:
    """Where the app is: its file, its name there, the line that the call goes below, its indent."""

    source: Source
    name: str
    line: int
    indent: str


class _NotFound(Exception):
    """Why the lines have to be written by hand."""


def check_app_file(project: Project, sources: list[Source]) -> Finding:
    """Whether the app serves Inngest, or which lines make it."""
    user = find_user(sources)
    if user:
        return Finding("lines", "ok", t("{path} calls {call}", path=user.path, call=CALL))
    try:
        insertion = find_insertion(project)
    except _NotFound as reason:
        fix = t(
            "from {module} import {call}, and {call}(app) below `app = FastAPI(...)`",
            module=project.module,
            call=CALL,
        )
        return Finding("lines", "fail", str(reason) + _suggest_target(project, sources), fix)
    path = insertion.path.relative_to(project.root).as_posix()
    places = [_describe(number, text) for number, text in sorted(insertion.lines.items())]
    detail = t("{path} does not serve Inngest", path=path)
    return Finding("lines", "fail", detail, "; ".join(places))


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
    except _NotFound:
        return None


def find_insertion(project: Project) -> Insertion:
    """The two lines for the target of the app.

    Raises:
        _NotFound: There is no such app, or no line where the call could stand.
    """
    place = _find_place(project)
    tree, path = place.source.tree, project.root / place.source.path
    statement = _import_statement(project, place.source)
    above = _line_for_import(place.source, tree, statement)
    if place.indent == "" and above > place.line:
        raise _NotFound(t("{path} makes the app above its imports", path=place.source.path))
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


# --- Where the app is


def _find_place(project: Project) -> _Place:
    module, _, name = project.app.partition(":")
    is_factory = name.endswith("()")
    name = name.removesuffix("()")
    seen: set[tuple[str, str]] = set()
    while (module, name) not in seen:
        seen.add((module, name))
        source = _read_module(project, module)
        place = _in_factory(source, name) if is_factory else _at_top(source, name)
        if place:
            return place
        # A name that is imported is made elsewhere: there the lines reach whoever imports it.
        if name not in source.imported_names:
            raise _NotFound(
                t("{path} makes no {name}", path=source.path, name=project.app.rpartition(":")[2])
            )
        module, name = source.imported_names[name]
    raise _NotFound(t("{app} leads in a circle", app=project.app))


def _read_module(project: Project, module: str) -> Source:
    base = project.import_root.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            source = read_source(project, path)
            if source:
                return source
            raise _NotFound(
                t("{path} cannot be read as Python", path=path.relative_to(project.root))
            )
    raise _NotFound(
        t("there is no module {module} for the app {app}", module=module, app=project.app)
    )


def _at_top(source: Source, name: str) -> _Place | None:
    """Below the last plain statement that uses the app; a function below it stays where it is."""
    statements = source.tree.body
    makes = [index for index, one in enumerate(statements) if name in _names_bound(one)]
    if not makes:
        return None
    last = makes[-1]
    for index in range(last, len(statements)):
        statement = statements[index]
        is_plain = isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign)
        if is_plain and _uses(statement, name) and not _starts_server(statement):
            last = index
    if not _ends_its_line(source, statements, last):
        raise _NotFound(
            t("{path} has several statements in the line that makes the app", path=source.path)
        )
    return _Place(source, name, _end(statements[last]), "")


def _names_bound(statement: ast.stmt) -> set[str]:
    """Names that a statement assigns by a call, also inside of `if`, `try` and `with`."""
    names = set()
    for node in [statement, *_inner_statements(statement)]:
        if isinstance(node, ast.Assign) and _is_value(node.value):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            names.add(node.target.id)
    return names


def _is_value(node: ast.expr) -> bool:
    return not isinstance(node, ast.Constant)


def _inner_statements(statement: ast.stmt) -> list[ast.stmt]:
    if not isinstance(statement, ast.If | ast.Try | ast.With):
        return []
    return [node for node in ast.walk(statement) if isinstance(node, ast.stmt)]


def _uses(statement: ast.stmt, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(statement))


def _starts_server(statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".run")
        for node in ast.walk(statement)
    )


def _in_factory(source: Source, name: str) -> _Place | None:
    """Above the only `return app` of the factory."""
    functions = [
        node for node in source.tree.body if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    if not functions:
        return None
    body = functions[-1].body
    returns = [node for node in own_nodes(functions[-1]) if isinstance(node, ast.Return)]
    last = body[-1]
    is_plain = isinstance(last, ast.Return) and isinstance(last.value, ast.Name)
    if len(returns) != 1 or not is_plain:
        raise _NotFound(
            t("{path}: {name}() does not end in a single `return app`", path=source.path, name=name)
        )
    above = body[-2] if len(body) > 1 else functions[-1]
    assert isinstance(last, ast.Return)
    assert isinstance(last.value, ast.Name)
    if _end(above) >= last.lineno:
        raise _NotFound(
            t("{path} has several statements in the line of `return`", path=source.path)
        )
    # Right above `return`, below any comment that belongs to what is before.
    indent = source.text.split("\n")[last.lineno - 1][: last.col_offset]
    return _Place(source, last.value.id, last.lineno - 1, indent)


def _ends_its_line(source: Source, statements: list[ast.stmt], index: int) -> bool:
    following = statements[index + 1 : index + 2]
    return not following or following[0].lineno > _end(statements[index])


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


# --- The import


def _import_statement(project: Project, source: Source) -> str:
    """Relative where the file's own imports are: the package may run under two names."""
    package = project.module.rpartition(".")[0]
    here = source.module if source.is_package else source.module.rpartition(".")[0]
    relative = [
        node for node in source.tree.body if isinstance(node, ast.ImportFrom) and node.level
    ]
    if relative and here and (package + ".").startswith(here.partition(".")[0] + "."):
        return f"from {_relative_name(here, project.module)} import {CALL}"
    return f"from {project.module} import {CALL}"


def _relative_name(here: str, module: str) -> str:
    base, parts = here.split("."), module.split(".")
    common = 0
    while common < min(len(base), len(parts)) and base[common] == parts[common]:
        common += 1
    return "." * (len(base) - common + 1) + ".".join(parts[common:])


def _line_for_import(source: Source, tree: ast.Module, statement: str) -> int:
    """Below the import that it follows in order, among those of the same package; else the last."""
    imports = _first_imports(tree)
    if not imports:
        return _below_docstring(source, tree)
    wanted = _sort_key(ast.parse(statement).body[0])
    same = [one for one in imports if _sort_key(one)[0] == wanted[0]]
    earlier = [one for one in same if _sort_key(one) < wanted]
    if earlier:
        return _end(earlier[-1])
    if same:
        return _line_above(same[0])
    return _end(imports[-1])


def _line_above(statement: ast.stmt) -> int:
    return statement.lineno - 1


def _first_imports(tree: ast.Module) -> list[ast.stmt]:
    """The imports at the top; one below other statements is there for a reason."""
    found: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        elif found or not isinstance(node, ast.Expr):
            break
    return found


def _sort_key(node: ast.stmt) -> tuple[str, str]:
    """The package that an import belongs to, and its whole name."""
    if isinstance(node, ast.ImportFrom):
        name = "." * node.level + (node.module or "")
        return ("." if node.level else name.partition(".")[0], name)
    if isinstance(node, ast.Import):
        return (node.names[0].name.partition(".")[0], node.names[0].name)
    return ("", "")


def _below_docstring(source: Source, tree: ast.Module) -> int:
    first = tree.body[0] if tree.body else None
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return _end(first) if first and is_docstring else 0


# --- Another target


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
