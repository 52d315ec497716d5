"""Where the app is made: the file, its name there, and the line that a call may go below."""

import ast
from dataclasses import dataclass

from inngest_devtools.adopt.calls import own_nodes
from inngest_devtools.adopt.sources import Source, read_source
from inngest_devtools.project import Project
from inngest_devtools.words import t


@dataclass(frozen=True)
class Place:
    """Where the app is: its file, its name there, the line that the call goes below, its indent."""

    source: Source
    name: str
    line: int
    indent: str


class NotFoundError(Exception):
    """Why the lines have to be written by hand."""


def find_place(project: Project) -> Place:
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
            raise NotFoundError(
                t("{path} makes no {name}", path=source.path, name=project.app.rpartition(":")[2])
            )
        module, name = source.imported_names[name]
    raise NotFoundError(t("{app} leads in a circle", app=project.app))


def _read_module(project: Project, module: str) -> Source:
    base = project.import_root.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            source = read_source(project, path)
            if source:
                return source
            raise NotFoundError(
                t("{path} cannot be read as Python", path=path.relative_to(project.root))
            )
    raise NotFoundError(
        t("there is no module {module} for the app {app}", module=module, app=project.app)
    )


def _at_top(source: Source, name: str) -> Place | None:
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
        raise NotFoundError(
            t("{path} has several statements in the line that makes the app", path=source.path)
        )
    return Place(source, name, end_of(statements[last]), "")


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


def _in_factory(source: Source, name: str) -> Place | None:
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
        raise NotFoundError(
            t("{path}: {name}() does not end in a single `return app`", path=source.path, name=name)
        )
    above = body[-2] if len(body) > 1 else functions[-1]
    assert isinstance(last, ast.Return)
    assert isinstance(last.value, ast.Name)
    if end_of(above) >= last.lineno:
        raise NotFoundError(
            t("{path} has several statements in the line of `return`", path=source.path)
        )
    # Right above `return`, below any comment that belongs to what is before.
    indent = source.text.split("\n")[last.lineno - 1][: last.col_offset]
    return Place(source, last.value.id, last.lineno - 1, indent)


def _ends_its_line(source: Source, statements: list[ast.stmt], index: int) -> bool:
    following = statements[index + 1 : index + 2]
    return not following or following[0].lineno > end_of(statements[index])


def end_of(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno
