"""Which functions a `serve` is given, and which it could be given where it is called.

A function is told from another by the identity of the node of its handler, or of its call.
"""

from collections.abc import Iterator

import libcst as cst
from inngest_devtools.migrate.functions import Found
from inngest_devtools.migrate.project import Project, Target, assigned_value
from inngest_devtools.migrate.source import (
    Source,
    bound_at,
    dotted_name,
)


def list_served(
    source: Source, project: Project, found: Found, value: cst.BaseExpression
) -> set[int] | None:
    if isinstance(value, cst.ListComp):
        value = value.for_in.iter
    if isinstance(value, cst.List | cst.Tuple):
        members: set[int] = set()
        for element in value.elements:
            identities = [
                _identity(t, project, found) for t in project.resolve(source, element.value)
            ]
            members |= {each for each in identities if each is not None}
        return members
    for target in project.resolve(source, value):
        if target.kind == "value" and target.source and target.node:
            assigned = assigned_value(target.source, target.node)
            if isinstance(assigned, cst.List | cst.Tuple | cst.ListComp):
                return list_served(target.source, project, found, assigned)
    return None


def functions_at_hand(
    source: Source, project: Project, found: Found, call: cst.Call, seen: set[int]
) -> Iterator[str]:
    """The Inngest functions that can be named where `serve` is called, in the order of the text.

    What tells each of them from another is added to `seen`.
    """
    scope = source.scope(call)
    for name in _visible_names(source, project, call):
        targets = project.resolve_name(source, name, scope)
        for target in targets:
            if target.kind == "module" and target.source is not None:
                inside = list(_functions_of(target.source, project, found, seen))
                yield from (f"{name}.{each}" for each in inside)
            elif _is_list(target, project, found):
                members = set(_members(target, project, found))
                if not members <= seen:
                    seen |= members
                    yield f"*{name}"
            elif _identity(target, project, found) not in (None, *seen):
                seen.add(_identity(target, project, found) or 0)
                yield name


def _visible_names(source: Source, project: Project, call: cst.Call) -> list[str]:
    """Names of the module and of the functions around a call, by place."""
    scope = source.scope(call)
    names: dict[str, int] = {}
    while True:
        for bound in scope.assignments:
            node = bound_at(bound)
            if node is not None:
                names.setdefault(bound.name, source.start(_place(node, bound.name)))
        if scope.parent is scope:
            break
        scope = scope.parent
    for each in source.imports:
        if isinstance(each, cst.ImportFrom) and isinstance(each.names, cst.ImportStar):
            for module in project.modules_of(source, each):
                names |= dict.fromkeys(_names_of(module, project), source.start(each))
    if source.owner(call) is None:
        # At the top of a module, what is defined below is not there yet.
        names = {name: place for name, place in names.items() if place < source.start(call)}
    return sorted(names, key=lambda name: names[name])


def _place(node: cst.CSTNode, name: str) -> cst.CSTNode:
    if isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
        for alias in node.names:
            bound = alias.asname.name if alias.asname else alias.name
            if dotted_name(bound) == name:
                return alias
    return node


def _functions_of(module: Source, project: Project, found: Found, seen: set[int]) -> Iterator[str]:
    for name in sorted(_names_of(module, project)):
        for target in project.resolve_name(module, name, module.top):
            identity = _identity(target, project, found)
            if identity is not None and identity not in seen:
                seen.add(identity)
                yield name


def _names_of(module: Source, project: Project, hops: int = 4) -> set[str]:
    """The public names of a module, with those of its `from ... import *`."""
    names = {each.name for each in module.top.assignments}
    for each in module.imports:
        if hops and isinstance(each, cst.ImportFrom) and isinstance(each.names, cst.ImportStar):
            for other in project.modules_of(module, each):
                names |= _names_of(other, project, hops - 1)
    return {name for name in names if "." not in name and not name.startswith("_")}


def _identity(target: Target, project: Project, found: Found) -> int | None:
    """What tells one Inngest function from another: the node of its handler, or of its call."""
    if target.source is None or target.node is None:
        return None
    if target.kind == "function":
        handler = found.at(target.node)
        return id(target.node) if handler is not None and handler.is_decorated else None
    if target.kind == "value":
        value = assigned_value(target.source, target.node)
        if isinstance(value, cst.Call) and any(value.func is made for _, made in found.creations):
            return id(value)
    return None


def _is_list(target: Target, project: Project, found: Found) -> bool:
    return bool(list(_members(target, project, found)))


def _members(target: Target, project: Project, found: Found) -> Iterator[int]:
    """The functions in a list that a name is assigned to."""
    if target.kind != "value" or target.source is None or target.node is None:
        return
    value = assigned_value(target.source, target.node)
    if isinstance(value, cst.ListComp):
        value = value.for_in.iter
    if not isinstance(value, cst.List | cst.Tuple):
        return
    for element in value.elements:
        for member in project.resolve(target.source, element.value):
            identity = _identity(member, project, found)
            if identity is not None:
                yield identity


def list_at_hand(source: Source, project: Project, found: Found, call: cst.Call) -> set[int]:
    seen: set[int] = set()
    for _ in functions_at_hand(source, project, found, call, seen):
        pass
    return seen
