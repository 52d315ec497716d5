"""Puts the imports of a rewritten file in order: what it needs is added, what it lost goes.

Works on the new text, so that what is undefined there is what is to be imported.
"""

from collections.abc import Iterable
from pathlib import Path

import libcst as cst
from inngest_devtools.migrate import sdk
from inngest_devtools.migrate.clients import Clients
from inngest_devtools.migrate.functions import imports_sdk
from inngest_devtools.migrate.package import InngestPackage
from inngest_devtools.migrate.project import Project
from inngest_devtools.migrate.source import Source, dotted_name
from inngest_devtools.migrate.unused_imports import GONE, remove_unused, sdk_import, takes_names
from inngest_devtools.migrate.work import Edits
from inngest_devtools.words import t
from libcst.metadata import ImportAssignment

TYPING = frozenset(
    [
        "Any",
        "Awaitable",
        "Callable",
        "Dict",
        "Iterable",
        "Iterator",
        "List",
        "Literal",
        "Mapping",
        "Optional",
        "Sequence",
        "Set",
        "Tuple",
        "Type",
        "Union",
    ]
)


def settle_imports(
    path: Path,
    text: str,
    released: set[str],
    project: Project,
    clients: Clients,
    has_functions: bool = False,
    package: InngestPackage | None = None,
) -> tuple[str, list[str]]:
    """Remove imports that lost their last use, then add what is undefined.

    Args:
        path: The file, for relative imports.
        text: Its new text.
        released: The names that edits took a use of.
        project: Where a client or another name of the team's may come from.
        clients: Tells clients from other things.
        has_functions: Whether Inngest functions are created here, so that `Event` is the SDK's.
        package: The Inngest package, if `install_inngest` may be needed.

    Returns:
        The text, and what was done, one line each.
    """
    source = Source(path, text)
    undefined = {name for name, _ in source.undefined()}
    is_concerned = has_functions or imports_sdk(source)
    wanted = {name for name in undefined if sdk_import(name)} if is_concerned else set()
    text, removed, placed = remove_unused(source, released, wanted)
    source = Source(path, text)
    given = {"install_inngest": package.import_line} if package is not None else {}
    text, added = _add(source, project, clients, is_concerned, given)
    notes = [t("imports no {name}", name=name) for name in sorted(removed - placed)]
    return text, [*notes, *(t("imports {name}", name=name) for name in sorted({*added, *placed}))]


def needs_imports(source: Source) -> bool:
    """Whether a file that is not rewritten lacks an import, or has one that cannot be."""
    known = {*TYPING, "inngest"}
    for name, _ in source.undefined():
        if name in known or sdk_import(name) or "client" in name or "tenant" in name:
            return True
    if _lacks_submodule(source, "inngest.fast_api"):
        return True
    aliases = (
        a for i in source.imports if not isinstance(i.names, cst.ImportStar) for a in i.names
    )
    return any(dotted_name(alias.name) in GONE for alias in aliases)


def _add(
    source: Source, project: Project, clients: Clients, is_concerned: bool, given: dict[str, str]
) -> tuple[str, set[str]]:
    edits = Edits()
    added: set[str] = set()
    uses: dict[str, list[cst.CSTNode]] = {}
    for name, node in source.undefined():
        uses.setdefault(name, []).append(node)
    lines: list[str] = []
    if _lacks_submodule(source, "inngest.fast_api"):
        lines.append("import inngest.fast_api")
        added.add("inngest.fast_api")
        uses.pop("inngest", None)
    if "inngest" in uses and any(_is_attribute(source, node) for node in uses["inngest"]):
        lines.append("import inngest")
        added.add("inngest")
    names = sorted(name for name in uses if sdk_import(name)) if is_concerned else []
    if names:
        position = min(_position(source, node) for name in names for node in uses[name])
        target = _import_to_extend(source, position)
        wanted = [sdk_import(name) or name for name in names]
        if target is not None:
            _extend(source, edits, target, wanted)
        else:
            lines.append(f"from inngest import {', '.join(wanted)}")
        added |= set(wanted)
    typed = sorted(name for name in uses if name in TYPING)
    if typed and is_concerned:
        lines.insert(0, f"from typing import {', '.join(typed)}")
        added |= set(typed)
    for name in sorted(uses):
        line = given.get(name) or _import_of_team(source, project, clients, name)
        if line:
            lines.append(line)
            added.add(name)
    if lines:
        _insert_line(source, edits, source.newline.join(lines))
    return edits.apply(source.text), added


def _is_attribute(source: Source, node: cst.CSTNode) -> bool:
    if isinstance(node, cst.SimpleString):
        return True
    attribute = node if isinstance(node, cst.Attribute) else source.parent(node)
    if not isinstance(attribute, cst.Attribute):
        return False
    return attribute.attr.value in sdk.PUBLIC | sdk.SUBMODULES


def _lacks_submodule(source: Source, meaning: str) -> bool:
    """`inngest.fast_api.serve` after `import inngest` alone is an AttributeError."""
    is_used = any(dotted_name(each) == meaning for each in source.attributes)
    if not is_used:
        return False
    bound = source.assignments("inngest", source.top)
    if any(not isinstance(each, ImportAssignment) for each in bound):
        return False
    for each in source.imports:
        if meaning in source.code(each) or "fast_api" in source.code(each):
            return False
    return True


def _position(source: Source, node: cst.CSTNode) -> int:
    try:
        return source.start(node)
    except KeyError:
        return len(source.text)


def _import_to_extend(source: Source, before: int) -> cst.ImportFrom | None:
    for each in source.imports:
        if not isinstance(each, cst.ImportFrom) or dotted_name(each.module) != "inngest":
            continue
        if takes_names(source, each) and source.start(each) < before:
            return each
    return None


def _extend(source: Source, edits: Edits, node: cst.ImportFrom, new: list[str]) -> None:
    """Add names where they belong in an alphabetical list, else at its end."""
    assert not isinstance(node.names, cst.ImportStar)
    names = [dotted_name(alias.name) or "" for alias in node.names]
    text = source.text
    last = node.names[-1]
    is_sorted = names == sorted(names)
    follower = next((a for a in node.names if (dotted_name(a.name) or "") > new[0]), None)
    if is_sorted and follower is not None:
        start = source.start(follower)
        indent = text[source.line_start(start) : start]
        parted = "," + (source.newline + indent if not indent.strip() else " ")
        edits.insert(start, "".join(f"{name}{parted}" for name in new))
        return
    start, end = source.start(last), source.end(last)
    indent = text[source.line_start(start) : start]
    parted = "," + (source.newline + indent if not indent.strip() else " ")
    edits.insert(end, "".join(f"{parted}{name}" for name in new))


def _insert_line(source: Source, edits: Edits, lines: str) -> None:
    """Put an import before the first one that is not of `__future__`, below the docstring."""
    body = source.module.body
    for statement in body:
        if _is_import(statement) and "__future__" not in source.code(statement):
            edits.insert(source.line_start(source.start(statement)), lines + source.newline)
            return
        if isinstance(statement, cst.Try | cst.If) and _holds_import(statement):
            edits.insert(source.line_start(source.start(statement)), lines + source.newline)
            return
    future = [each for each in body if _is_import(each)]
    first = future[-1] if future else (body[0] if body and _is_docstring(body[0]) else None)
    if first is not None:
        position = source.next_line(source.end(first))
        edits.insert(position, f"{source.newline}{lines}{source.newline}")
        return
    start = source.line_start(source.start(body[0])) if body else len(source.text)
    edits.insert(start, f"{lines}{source.newline}{source.newline}")


def _is_import(statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    return isinstance(statement.body[0], cst.Import | cst.ImportFrom)


def _is_docstring(statement: cst.CSTNode) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    first = statement.body[0]
    return isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString)


def _holds_import(statement: cst.CSTNode) -> bool:
    block = getattr(statement, "body", None)
    return any(_is_import(each) for each in getattr(block, "body", ()))


# What the guide's snippets leave to the reader


def _import_of_team(source: Source, project: Project, clients: Clients, name: str) -> str | None:
    """The import of a client of the project's, or of a name beside one that is imported already."""
    for each in source.imports:
        if not isinstance(each, cst.ImportFrom) or isinstance(each.names, cst.ImportStar):
            continue
        for module in project.modules_of(source, each):
            is_there = any(
                isinstance(a.node, cst.FunctionDef) for a in source_assignments(module, name)
            )
            if is_there and "inngest" in module.path.name:
                return f"from {'.' * len(each.relative)}{dotted_name(each.module)} import {name}"
    if "client" not in name:
        return None
    homes = []
    for other in project.mentioning(name):
        if other.path == source.path:
            continue
        for each in source_assignments(other, name):
            if isinstance(each.node, cst.Name) and clients.is_client(other, each.node):
                homes.append(other)
    if len({home.path for home in homes}) != 1:
        return None
    return f"from {project.module_name(homes[0])} import {name}"


def source_assignments(source: Source, name: str) -> Iterable:  # type: ignore[type-arg]
    return [each for each in source.own(source.top, name) if hasattr(each, "node")]
