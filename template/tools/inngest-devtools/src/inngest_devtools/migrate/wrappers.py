"""The wrappers that decorators put around handlers: where they are, what they hand on."""

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst
from inngest_devtools.migrate.functions import Found
from inngest_devtools.migrate.project import Project, Target, value_of
from inngest_devtools.migrate.source import Source, dotted_name, walk


@dataclass(frozen=True)
class Wrapper:
    """A function inside of a decorator that stands in for the one it is given."""

    source: Source
    decorator: cst.FunctionDef  # the outermost function: what is named after the @
    node: cst.FunctionDef
    calls: tuple[cst.Call, ...]  # of the function that was given
    given: str = ""


def wrappers_in(target: Target) -> list[Wrapper]:
    """The wrappers of a decorator; those of a factory of decorators lie one deeper."""
    if target.source is None or not isinstance(target.node, cst.FunctionDef):
        return []
    return list(wrappers_of(target.source, target.node, target.node))


def wrappers_of(
    source: Source, decorator: cst.FunctionDef, outer: cst.FunctionDef
) -> Iterator[Wrapper]:
    params = [*outer.params.posonly_params, *outer.params.params]
    given = params[0].name.value if params else None
    for inner in _functions_in(outer):
        if given:
            calls = tuple(_calls_of(inner, given))
            if calls:
                yield Wrapper(source, decorator, inner, calls, given)
                continue
        yield from wrappers_of(source, decorator, inner)


def _functions_in(outer: cst.FunctionDef) -> Iterator[cst.FunctionDef]:
    todo: list[cst.CSTNode] = list(outer.body.children)
    while todo:
        node = todo.pop(0)
        if isinstance(node, cst.FunctionDef):
            yield node
        elif not isinstance(node, cst.Lambda | cst.ClassDef):
            todo = [*node.children, *todo]


def _calls_of(function: cst.FunctionDef, name: str) -> Iterator[cst.Call]:
    for node in walk(function.body):
        if isinstance(node, cst.Call) and dotted_name(node.func) == name:
            yield node


def context_of_star(source: Source, function: cst.FunctionDef) -> str:
    """The name that `*args` is unpacked to, `ctx = args[0]...`; else `args[0]`."""
    star = function.params.star_arg
    assert isinstance(star, cst.Param)
    first = f"{star.name.value}[0]"
    for each in source.inner_scope(function).assignments:
        value = value_of(source, each)
        code = source.code(value) if value is not None else ""
        is_context = first in code and ".event" not in code and each.name not in ("event", "evt")
        if is_context and len(source.own(source.inner_scope(function), each.name)) == 1:
            return each.name
    return first


def is_event(source: Source, node: cst.BaseExpression, context: str) -> bool:
    code = source.code(node)
    if isinstance(node, cst.Attribute) and node.attr.value == "event":
        return True
    if code.startswith("getattr(") and "event" in code:
        return True
    if not isinstance(node, cst.Name) or node.value == context:
        return False
    for each in source.assignments(node.value, source.scope(node)):
        value = value_of(source, each)
        if value is None:
            continue
        code = source.code(value)
        if ".event" in code or ("getattr(" in code and "event" in code):
            return True
    return False


def other_uses(project: Project, found: Found, wrapper: Wrapper) -> list[str]:
    """Where a decorator is used on what is no handler, or in a way that is not followed."""
    name = wrapper.decorator.name.value
    strangers = []
    for source in project.mentioning(name):
        for node in _reads(source, name):
            if not any(to.node is wrapper.decorator for to in project.resolve(source, node)):
                continue
            if not _is_on_handler(source, node, found):
                strangers.append(f"{source.path.name}:{source.line(node)}")
    return strangers


def _reads(source: Source, name: str) -> Iterator[cst.CSTNode]:
    for scope in source.all_scopes():
        for access in scope.accesses:
            if (dotted_name(access.node) or "").rpartition(".")[2] == name:
                yield access.node


def _is_on_handler(source: Source, node: cst.CSTNode, found: Found) -> bool:
    for ancestor in source.ancestors(node):
        if isinstance(ancestor, cst.Decorator):
            function = source.parent(ancestor)
            return found.at(function) is not None if function else False
        if isinstance(ancestor, cst.Call):
            parent = source.parent(ancestor)
            for handler in found.handlers:
                if any(where is source and (expr is node) for where, expr in handler.wrappers):
                    return True
            if isinstance(parent, cst.Decorator):
                continue
            return False
    return False
