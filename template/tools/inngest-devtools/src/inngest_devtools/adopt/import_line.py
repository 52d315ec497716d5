"""The import of `install_inngest`: how it is written in their file, and below which line."""

import ast

from inngest_devtools.adopt.app_place import end_of
from inngest_devtools.adopt.sources import Source
from inngest_devtools.project import Project


def write_import(project: Project, source: Source, name: str) -> str:
    """Relative where the file's own imports are: the package may run under two names."""
    package = project.module.rpartition(".")[0]
    here = source.module if source.is_package else source.module.rpartition(".")[0]
    relative = [
        node for node in source.tree.body if isinstance(node, ast.ImportFrom) and node.level
    ]
    if relative and here and (package + ".").startswith(here.partition(".")[0] + "."):
        return f"from {_relative_name(here, project.module)} import {name}"
    return f"from {project.module} import {name}"


def _relative_name(here: str, module: str) -> str:
    base, parts = here.split("."), module.split(".")
    common = 0
    while common < min(len(base), len(parts)) and base[common] == parts[common]:
        common += 1
    return "." * (len(base) - common + 1) + ".".join(parts[common:])


def find_line(source: Source, statement: str) -> int:
    """Below the import that it follows in order, among those of the same package; else the last."""
    imports = _first_imports(source.tree)
    if not imports:
        return _below_docstring(source.tree)
    wanted = _sort_key(ast.parse(statement).body[0])
    same = [one for one in imports if _sort_key(one)[0] == wanted[0]]
    earlier = [one for one in same if _sort_key(one) < wanted]
    if earlier:
        return end_of(earlier[-1])
    if same:
        return same[0].lineno - 1
    return end_of(imports[-1])


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


def _below_docstring(tree: ast.Module) -> int:
    first = tree.body[0] if tree.body else None
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return end_of(first) if first and is_docstring else 0
