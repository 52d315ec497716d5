"""Handlers take one parameter, the context: `event` and `step` are read from it.

async def f(event: Event)                  ->  async def f(ctx: Context): event = ctx.event
async def f(ctx: Context, step: Step)      ->  async def f(ctx: Context), ctx.step.run(...)
async def f()                              ->  async def f(ctx: Context)
"""

import re
from dataclasses import dataclass, field

import libcst as cst
from inngest_devtools.migrate.annotations import context_type, kind_of
from inngest_devtools.migrate.function_text import (
    correct_type_comment,
    insert_at_top,
    insert_parameter,
    remove_parameter,
    span,
)
from inngest_devtools.migrate.functions import Handler
from inngest_devtools.migrate.roles import place_the_unknown, role_of
from inngest_devtools.migrate.source import Source, comments
from inngest_devtools.migrate.star_parameters import report_keywords, report_star
from inngest_devtools.migrate.work import Work
from inngest_devtools.words import t

CONTEXT_NAMES = ("ctx", "context", "inngest_ctx", "inngest_context")


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
        context = report_star(handler, work)
        report_keywords(handler, work)
        return Plan(handler, context=context)
    roles = [role_of(source, function, each) for each in positional]
    place_the_unknown(source, positional, roles)
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
    return param.default is None or role_of(source, function, param) not in (None, "spare")


def _lone_step_keyword(
    handler: Handler, positional: list[cst.Param], keywords: list[cst.Param]
) -> cst.Param | None:
    """Of `(ctx, *, step)`: the step, which may be dropped with its star."""
    params = handler.node.params
    if len(positional) != 1 or len(keywords) != 1 or len(params.kwonly_params) != 1:
        return None
    if not isinstance(params.star_arg, cst.ParamStar):
        return None
    is_step = role_of(handler.source, handler.node, keywords[0]) == "step"
    return keywords[0] if is_step else None


# The rewrite


def _rewrite(
    handler: Handler,
    work: Work,
    params: list[cst.Param],
    roles: list[str | None],
    step_keyword: cst.Param | None,
) -> Plan:
    function = handler.node
    first: dict[str | None, cst.Param] = {}  # of each role
    for param, role in zip(params, roles, strict=True):
        first.setdefault(role, param)
    if step_keyword is not None:
        first.setdefault("step", step_keyword)
    context, event, step = first.get("context"), first.get("event"), first.get("step")
    spare = first.get("spare")
    if context is event is None and spare is not None and not _is_constant(spare):
        return Plan(handler, context=spare.name.value)

    annotation = context_type(handler.source, function, _first_annotation(context, event))
    everything = [*function.params.posonly_params, *function.params.params]
    name = _give_context(handler, work, first, annotation)
    plan = Plan(handler, name, event=event, step=step)
    _remove_parameters(handler, work, plan, [event if context is not None else None, step])
    correct_type_comment(handler, work, plan.removed, everything, event, annotation)
    _bind(handler, work, plan, context)
    report_keywords(handler, work)
    return plan


def _give_context(
    handler: Handler, work: Work, first: dict[str | None, cst.Param], annotation: str
) -> str:
    """See that the handler takes the context, rightly annotated; its name."""
    source, function = handler.source, handler.node
    context, event, step = first.get("context"), first.get("event"), first.get("step")
    if context is not None:
        _correct_annotation(handler, work, context, annotation)
        return context.name.value
    name = _free_name(source, function)
    if event is not None:
        _replace_parameter(work, event, name, _quoted_like(source, event, annotation))
        work.release(event.annotation)
        words = t(
            "{handler} takes {context}, its event is {context}.event",
            handler=_name(handler),
            context=name,
        )
    else:
        is_annotated = step is None or step.annotation
        insert_parameter(handler, work, f"{name}: {annotation}" if is_annotated else name)
        words = t("{handler} takes {context}", handler=_name(handler), context=name)
    work.note(function, words)
    return name


def _remove_parameters(
    handler: Handler, work: Work, plan: Plan, gone: list[cst.Param | None]
) -> None:
    params = handler.node.params
    listed = [*params.posonly_params, *params.params, *params.kwonly_params]
    for param in gone:
        if param is not None:
            plan.removed.append(next(i for i, each in enumerate(listed) if each is param))
            remove_parameter(handler, work, param)
    if plan.step is not None:
        words = t(
            "{handler} takes no step: {context}.step", handler=_name(handler), context=plan.context
        )
        work.note(handler.node, words)


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
