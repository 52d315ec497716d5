"""Handlers with `*args` and `**kwargs`: nothing is rewritten, wrong reads are reported."""

import re

import libcst as cst
from inngest_devtools.migrate import sdk
from inngest_devtools.migrate.functions import Handler
from inngest_devtools.migrate.roles import attributes_read
from inngest_devtools.migrate.source import Source
from inngest_devtools.migrate.work import Work
from inngest_devtools.words import t


def report_star(handler: Handler, work: Work) -> str:
    """Of `*args` the first is the context: the code that reads it."""
    source, function = handler.source, handler.node
    star = function.params.star_arg
    assert isinstance(star, cst.Param)
    scope = source.inner_scope(function)
    for node in source.references(scope, star.name.value):
        parent = source.parent(node)
        if isinstance(parent, cst.Subscript) and source.code(parent).endswith("[1]"):
            work.report(
                node,
                t(
                    "{code} is not handed over any more: the step is {star}[0].step",
                    code=source.code(parent),
                    star=star.name.value,
                ),
            )
        elif isinstance(parent, cst.Subscript) and _is_read_as_event(source, parent):
            work.report(
                node,
                t(
                    "{code} is the context, not the event: read {code}.event",
                    code=source.code(parent),
                ),
            )
    return f"{star.name.value}[0]"


def _is_read_as_event(source: Source, node: cst.CSTNode) -> bool:
    """Whether a value, or the name it is assigned to, is used as an event."""
    parent = source.parent(node)
    if isinstance(parent, cst.Attribute):
        return parent.attr.value in sdk.EVENT_ATTRIBUTES
    for ancestor in source.ancestors(node):
        if isinstance(ancestor, cst.Assign) and isinstance(ancestor.targets[0].target, cst.Name):
            name = ancestor.targets[0].target
            attributes = attributes_read(source, source.references(source.scope(name), name.value))
            return (
                bool(attributes & sdk.EVENT_ATTRIBUTES) and not attributes & sdk.CONTEXT_ATTRIBUTES
            )
        if isinstance(ancestor, cst.BaseSmallStatement):
            return False
    return False


def report_keywords(handler: Handler, work: Work) -> None:
    """`kwargs.get("event")` and the like: nothing comes by keyword."""
    source, star = handler.source, handler.node.params.star_kwarg
    if star is None:
        return
    for node in source.references(source.inner_scope(handler.node), star.name.value):
        code = _lookup_code(source, node)
        match = re.search(r"""[\[(]\s*["'](event|ctx|context|step)["']""", code or "")
        if match:
            what = {"event": "ctx.event", "step": "ctx.step"}.get(match[1], "ctx")
            work.report(
                node,
                t(
                    "{code} is empty: the SDK hands over ctx alone, by position; read {what}",
                    code=code,
                    what=what,
                ),
            )


def _lookup_code(source: Source, node: cst.CSTNode) -> str | None:
    """`kwargs["x"]`, `kwargs.get("x")` or `"x" in kwargs`, around the name of the keywords."""
    parent = source.parent(node)
    if isinstance(parent, cst.Subscript):
        return source.code(parent)
    if isinstance(parent, cst.Attribute) and parent.attr.value in ("get", "pop"):
        call = source.parent(parent)
        return source.code(call) if isinstance(call, cst.Call) else None
    return None
