"""Handlers take one parameter, the context: `event` and `step` are read from it.

async def f(event: Event)                  ->  async def f(ctx: Context): event = ctx.event
async def f(ctx: Context, step: Step)      ->  async def f(ctx: Context), ctx.step.run(...)
async def f()                              ->  async def f(ctx: Context)
"""

import re
from dataclasses import dataclass, field

import libcst as cst
from inngest_devtools.migrate import sdk
from inngest_devtools.migrate.annotations import context_type, kind_of
from inngest_devtools.migrate.function_text import (
    correct_type_comment,
    insert_at_top,
    insert_parameter,
    remove_parameter,
    span,
)
from inngest_devtools.migrate.functions import Handler
from inngest_devtools.migrate.source import Source, comments, dotted_name
from inngest_devtools.migrate.work import Work
from inngest_devtools.words import t

CONTEXT_NAMES = ("ctx", "context", "inngest_ctx", "inngest_context")
ROLES_BY_NAME = {
    "ctx": "context",
    "context": "context",
    "event": "event",
    "evt": "event",
    "step": "step",
    "steps": "step",
}


@dataclass
class Plan:
    """What a handler has for a context after the rewrite.

    `context` is code: a name, `args[0]`, or None where it has none. `event` and `step` are the
    parameters that went.
    """

    handler: Handler
    context: str | None = None
    event: cst.Param | None = None
    step: cst.Param | None = None
    removed: list[int] = field(default_factory=list)


def plan_handler(handler: Handler, work: Work) -> Plan:
    """Rewrite a handler's parameters and what reads them, or say why not."""
    source, function = handler.source, handler.node
    params = function.params
    positional = [*params.posonly_params, *params.params][handler.skip :]
    keywords = [each for each in params.kwonly_params if _is_handed_over(source, function, each)]
    step_keyword = _lone_step_keyword(handler, positional, keywords)
    if keywords and step_keyword is None:
        names = ", ".join(each.name.value for each in keywords)
        message = t(
            "{handler} takes {names} by keyword, but the SDK hands over ctx alone, "
            "by position: write {handler}(ctx) by hand",
            handler=_name(handler),
            names=names,
        )
        work.report(function, message)
        return Plan(handler)
    if not positional and isinstance(params.star_arg, cst.Param):
        return _plan_star(handler, work)
    roles = [_role(source, function, each) for each in positional]
    _place_the_unknown(source, positional, roles)
    unknown = [p for p, r in zip(positional, roles, strict=True) if r is None and p.default is None]
    if unknown and len(positional) > 1:
        names = ", ".join(each.name.value for each in unknown)
        message = t(
            "{handler} takes {names} besides ctx, which the SDK does not hand over: "
            "read it from ctx.event.data",
            handler=_name(handler),
            names=names,
        )
        work.report(function, message)
        return Plan(handler)
    if unknown:
        return Plan(handler, context=positional[0].name.value)
    return _rewrite(handler, work, positional, roles, step_keyword)


def _is_handed_over(source: Source, function: cst.FunctionDef, param: cst.Param) -> bool:
    """Whether a keyword-only parameter waits for what old SDKs handed over, or for anything."""
    return param.default is None or _role(source, function, param) not in (None, "spare")


def _lone_step_keyword(
    handler: Handler, positional: list[cst.Param], keywords: list[cst.Param]
) -> cst.Param | None:
    """Of `(ctx, *, step)`: the step, which may be dropped with its star."""
    params = handler.node.params
    if len(positional) != 1 or len(keywords) != 1 or len(params.kwonly_params) != 1:
        return None
    if not isinstance(params.star_arg, cst.ParamStar):
        return None
    is_step = _role(handler.source, handler.node, keywords[0]) == "step"
    return keywords[0] if is_step else None


def _plan_star(handler: Handler, work: Work) -> Plan:
    """`*args, **kwargs` gets the context as args[0]; nothing comes by keyword."""
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
    _report_keywords(handler, work)
    return Plan(handler, context=f"{star.name.value}[0]")


def _is_read_as_event(source: Source, node: cst.CSTNode) -> bool:
    """Whether a value, or the name it is assigned to, is used as an event."""
    parent = source.parent(node)
    if isinstance(parent, cst.Attribute):
        return parent.attr.value in sdk.EVENT_ATTRIBUTES
    for ancestor in source.ancestors(node):
        if isinstance(ancestor, cst.Assign) and isinstance(ancestor.targets[0].target, cst.Name):
            name = ancestor.targets[0].target
            attributes = _attributes_read(source, source.references(source.scope(name), name.value))
            return (
                bool(attributes & sdk.EVENT_ATTRIBUTES) and not attributes & sdk.CONTEXT_ATTRIBUTES
            )
        if isinstance(ancestor, cst.BaseSmallStatement):
            return False
    return False


def _report_keywords(handler: Handler, work: Work) -> None:
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


# Roles


def _role(source: Source, function: cst.FunctionDef, param: cst.Param) -> str | None:
    """context, event, step, spare (has a default and is neither) or None."""
    kind = kind_of(source, param.annotation)
    attributes = _attributes_read(
        source, source.references(source.inner_scope(function), param.name.value)
    )
    reads_context = bool(attributes & sdk.CONTEXT_ATTRIBUTES)
    reads_event = bool(attributes & sdk.EVENT_ATTRIBUTES)
    if kind == "event":
        return "context" if reads_context and not reads_event else "event"
    if kind in ("context", "step"):
        return kind
    # Nothing was said, or a type of the team's: what is read of it tells more than its name.
    if reads_context and not reads_event:
        return "context"
    by_name = ROLES_BY_NAME.get(param.name.value)
    if reads_event and by_name != "step":
        return "event"
    return by_name or ("spare" if param.default is not None else None)


def _attributes_read(source: Source, nodes: list[cst.CSTNode]) -> set[str]:
    found = set()
    for node in nodes:
        parent = source.parent(node)
        if isinstance(parent, cst.Attribute) and parent.value is node:
            found.add(parent.attr.value)
        if isinstance(parent, cst.Arg):
            call = source.parent(parent)
            if (
                isinstance(call, cst.Call)
                and dotted_name(call.func) == "getattr"
                and len(call.args) > 1
            ):
                found.add(source.code(call.args[1]).strip("\"'"))
    return found


def _place_the_unknown(source: Source, params: list[cst.Param], roles: list[str | None]) -> None:
    """Of two parameters that say no more, the first was the context, the second the step."""
    if len(params) != 2:
        return
    if roles[0] is None and roles[1] == "step":
        roles[0] = "context"
    if roles[0] in ("context", "event") and roles[1] in (None, "spare"):
        reads = _attributes_read(
            source, source.references(source.scope(params[1].name), params[1].name.value)
        )
        if reads and reads <= sdk.STEP_CALLS:
            roles[1] = "step"


# The rewrite


def _rewrite(
    handler: Handler,
    work: Work,
    params: list[cst.Param],
    roles: list[str | None],
    step_keyword: cst.Param | None,
) -> Plan:
    source, function = handler.source, handler.node
    by_role: dict[str, cst.Param] = {}
    for param, role in zip(params, roles, strict=True):
        if role and role != "spare":
            by_role.setdefault(role, param)
    context, event, step = by_role.get("context"), by_role.get("event"), by_role.get("step")
    step = step or step_keyword
    plan = Plan(handler, event=event, step=step)
    spares = [p for p, r in zip(params, roles, strict=True) if r == "spare"]
    old = _first_annotation(context, event)
    annotation = context_type(source, function, old)
    everything = [*function.params.posonly_params, *function.params.params]

    if context is not None:
        plan.context = context.name.value
        _correct_annotation(handler, work, context, annotation)
    elif event is not None:
        plan.context = _free_name(source, function)
        _replace_parameter(work, event, plan.context, _quoted_like(source, event, annotation))
        work.release(event.annotation)
        work.note(
            function,
            t(
                "{handler} takes {context}, its event is {context}.event",
                handler=_name(handler),
                context=plan.context,
            ),
        )
    elif spares and not _is_constant(spares[0]):
        return Plan(handler, context=spares[0].name.value)
    else:
        plan.context = _free_name(source, function)
        insert_parameter(
            handler,
            work,
            f"{plan.context}: {annotation}" if step is None or step.annotation else plan.context,
        )
        work.note(
            function, t("{handler} takes {context}", handler=_name(handler), context=plan.context)
        )

    listed = [*everything, *function.params.kwonly_params]
    for gone in (event if context is not None else None, step):
        if gone is not None:
            plan.removed.append(next(i for i, each in enumerate(listed) if each is gone))
            remove_parameter(handler, work, gone)
    if step is not None:
        work.note(
            function,
            t(
                "{handler} takes no step: {context}.step",
                handler=_name(handler),
                context=plan.context,
            ),
        )
    correct_type_comment(handler, work, plan.removed, everything, event, annotation)
    _bind(handler, work, plan, context)
    _report_keywords(handler, work)
    return plan


def _replace_parameter(work: Work, param: cst.Param, name: str, annotation: str) -> None:
    """Put another parameter in place of one; comments within it stay."""
    source = work.source
    start, end = span(source, param)
    if comments(source.text[start:end]):
        work.replace(param.name, name)
        if param.annotation is not None:
            work.replace(param.annotation.annotation, annotation)
        return
    work.edits.replace(start, end, name if param.annotation is None else f"{name}: {annotation}")


def _first_annotation(*params: cst.Param | None) -> cst.Annotation | None:
    for param in params:
        if param is not None and param.annotation is not None:
            return param.annotation
    return None


def _correct_annotation(handler: Handler, work: Work, context: cst.Param, right: str) -> None:
    """Context for `async def`, ContextSync for `def`; anything else that was said is left."""
    source, annotation = handler.source, context.annotation
    if annotation is None or kind_of(source, annotation) not in ("context", "event"):
        return
    wanted = "Context" if handler.node.asynchronous else "ContextSync"
    code = source.code(annotation.annotation)
    meanings = set()
    for name in re.findall(r"[A-Za-z_][\w.]*", code):
        meanings |= {
            m.rpartition(".")[2] for m in source.imported_as(name, source.scope(annotation))
        } or {name.rpartition(".")[2]}
    if wanted in meanings:
        return
    work.replace(annotation.annotation, _quoted_like(source, context, right))
    work.release(annotation)
    work.note(
        handler.node, t("{handler} is annotated {wanted}", handler=_name(handler), wanted=wanted)
    )


def _quoted_like(source: Source, param: cst.Param, annotation: str) -> str:
    if param.annotation is None or not isinstance(param.annotation.annotation, cst.SimpleString):
        return annotation
    quote = param.annotation.annotation.quote
    return f"{quote}{annotation}{quote}"


def _free_name(source: Source, function: cst.FunctionDef) -> str:
    """A name for the context that nothing in the handler reads or binds."""
    return next(name for name in CONTEXT_NAMES if not source.mentions(function, name))


def _is_constant(param: cst.Param) -> bool:
    is_none = isinstance(param.default, cst.Name) and param.default.value == "None"
    return param.default is not None and not is_none and not param.name.value.startswith("_")


# What the body reads


def _bind(handler: Handler, work: Work, plan: Plan, context: cst.Param | None) -> None:
    """Make `event` and `step` of the body what they were."""
    source, function = handler.source, handler.node
    scope = source.inner_scope(function)
    lines = []
    if plan.event is not None:
        name = plan.event.name.value
        if source.references(scope, name):
            lines.append(f"{name} = {plan.context}.event")
        _report_read_as_dict(work, source.references(scope, name))
    if plan.step is not None:
        name = plan.step.name.value
        uses = source.references(scope, name)
        rebound = len(source.own(scope, name)) > 1 or _is_context_rebound(source, scope, context)
        shadowed = any(
            _is_shadowed(source, use, plan.context or "", function, context) for use in uses
        )
        if uses and (rebound or shadowed):
            lines.append(f"{name} = {plan.context}.step")
        for use in uses:
            replace_step(work, use, plan.context or "", keep_name=rebound or shadowed)
    insert_at_top(handler, work, lines)


def _report_read_as_dict(work: Work, uses: list[cst.CSTNode]) -> None:
    """`event["data"]`: an event has attributes, and always had."""
    source = work.source
    for use in uses:
        parent = source.parent(use)
        is_item = isinstance(parent, cst.Subscript) and parent.value is use
        is_get = isinstance(parent, cst.Attribute) and parent.attr.value == "get"
        if is_item or is_get:
            name = source.code(use)
            work.report(
                use,
                t("{name} is an inngest.Event and no dict: {name}.data, {name}.name", name=name),
            )


def replace_step(work: Work, use: cst.CSTNode, context: str, keep_name: bool = False) -> None:
    """`step` becomes `ctx.step`, and `step.parallel` `ctx.group.parallel`."""
    source = work.source
    parent = source.parent(use)
    if (
        isinstance(parent, cst.Attribute)
        and parent.value is use
        and parent.attr.value == "parallel"
    ):
        work.replace(parent, f"{context}.group.parallel")
    elif not keep_name:
        work.replace(use, f"{context}.step")


def _is_context_rebound(source: Source, scope: object, context: cst.Param | None) -> bool:
    return context is not None and len(source.own(scope, context.name.value)) > 1  # type: ignore[arg-type]


def _is_shadowed(
    source: Source,
    use: cst.CSTNode,
    name: str,
    function: cst.FunctionDef,
    context: cst.Param | None,
) -> bool:
    """Whether a function between has a variable of the context's name."""
    if context is None:
        return False
    inner = source.inner_scope(function)
    meanings = source.assignments(name, source.scope(use))
    return any(each.scope is not inner for each in meanings)


def _name(handler: Handler) -> str:
    return handler.node.name.value
