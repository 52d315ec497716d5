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
from inngest_devtools.migrate.functions import Handler
from inngest_devtools.migrate.source import Source, dotted_name, skip_blank
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
TYPE_COMMENT = re.compile(r"[ \t]*#\s*type:\s*\(([^()]*)\)\s*->")
# After these two lines, PEP 8 wants a blank one before a function inside of a function.
NESTED = cst.FunctionDef | cst.ClassDef


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
        typed = f"{plan.context}: {_quoted_like(source, event, annotation)}"
        new = typed if event.annotation is not None else plan.context
        start, end = span(source, event)
        work.edits.replace(start, end, new)
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
        _insert_first(
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
            _remove_parameter(handler, work, gone)
    if step is not None:
        work.note(
            function,
            t(
                "{handler} takes no step: {context}.step",
                handler=_name(handler),
                context=plan.context,
            ),
        )
    _correct_type_comment(handler, work, plan, everything, event, annotation)
    _bind(handler, work, plan, context)
    _report_keywords(handler, work)
    return plan


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


def span(source: Source, param: cst.Param) -> tuple[int, int]:
    """A parameter with its star, annotation and default, without its comma."""
    end = source.end(param.name)
    if param.annotation is not None:
        end = source.outer_span(param.annotation.annotation)[1]
    if param.default is not None:
        end = source.outer_span(param.default)[1]
    return source.start(param), end


def _insert_first(handler: Handler, work: Work, new: str) -> None:
    source, function = handler.source, handler.node
    params = function.params
    everything: list[cst.CSTNode] = [*params.posonly_params, *params.params]
    if handler.skip:
        bound = everything[0]
        assert isinstance(bound, cst.Param)
        work.edits.insert(span(source, bound)[1], f", {new}")
        return
    after = function.type_parameters or function.name
    start = source.text.index("(", source.end(after)) + 1
    is_empty = source.text[skip_blank(source.text, start)] == ")"
    work.edits.insert(start, new if is_empty else f"{new}, ")


def _remove_parameter(handler: Handler, work: Work, param: cst.Param) -> None:
    """Take a parameter out of the list, with its comma; a comment beside it stays."""
    source, text = handler.source, handler.source.text
    start, end = span(source, param)
    work.release(param.annotation)
    if any(param is each for each in handler.node.params.kwonly_params):
        start = text.rindex("*", 0, start)  # a star needs a parameter behind it
    after = re.compile(r"[ \t]*").match(text, end)
    comma = after.end() if after and text[after.end() : after.end() + 1] == "," else None
    if not text[source.line_start(start) : start].strip():
        end = comma + 1 if comma is not None else end
        rest = text[end : source.line_end(end)]
        if not rest.strip():
            work.edits.replace(source.line_start(start), source.next_line(end), "")
        else:
            spaces = len(rest) - len(rest.lstrip(" \t"))
            work.edits.replace(start, end + spaces, "")
        return
    before = text[:start].rstrip()
    if before.endswith(","):
        work.edits.replace(len(before) - 1, end, "")
        return
    if comma is not None:
        end = comma + 1
        end += len(text[end : source.line_end(end)]) - len(
            text[end : source.line_end(end)].lstrip(" \t")
        )
    work.edits.replace(start, end, "")


def _correct_type_comment(
    handler: Handler,
    work: Work,
    plan: Plan,
    everything: list[cst.Param],
    event: cst.Param | None,
    annotation: str,
) -> None:
    """`# type: (inngest.Context, inngest.Step) -> str` below the header loses its second type."""
    source = handler.source
    line = _first_line_of_body(handler.node, source)
    match = TYPE_COMMENT.match(source.text, line) if line is not None else None
    if match is None:
        return
    types = [each.strip() for each in match[1].split(",") if each.strip()]
    index = next((i for i, p in enumerate(everything) if p is event), None)
    if index is not None and index < len(types) and index not in plan.removed:
        types[index] = annotation
    kept = [each for i, each in enumerate(types) if i not in plan.removed]
    work.released |= {part for each in types for part in each.split(".")}
    work.edits.replace(match.start(1), match.end(1), ", ".join(kept))


def _first_line_of_body(function: cst.FunctionDef, source: Source) -> int | None:
    """Where the line after the header begins; None if the body is on the header's line."""
    if not isinstance(function.body, cst.IndentedBlock):
        return None
    first = function.body.body[0]
    # The colon is the last token before the body: comments may stand between.
    start = source.start(first)
    header = source.end(function.returns.annotation) if function.returns else None
    if header is None:
        header = _closing_bracket(source, function)
    return source.next_line(source.text.index(":", header, start))


def _closing_bracket(source: Source, function: cst.FunctionDef) -> int:
    params = function.params
    last = [*params.posonly_params, *params.params, *params.kwonly_params]
    ends = [span(source, each)[1] for each in last]
    for star in (params.star_arg, params.star_kwarg):
        if isinstance(star, cst.Param):
            ends.append(span(source, star)[1])
    after = function.type_parameters or function.name
    position = max([*ends, source.text.index("(", source.end(after)) + 1])
    while source.text[position] != ")":
        position = skip_blank(source.text, position + (source.text[position] in ",/*"))
    return position


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


def insert_at_top(handler: Handler, work: Work, lines: list[str]) -> None:
    """Put statements at the beginning of a function's body, after its docstring."""
    source, function = handler.source, handler.node
    if not lines:
        return
    body = function.body
    if isinstance(body, cst.SimpleStatementSuite):
        small = body.body[1:] if is_docstring(body.body[0]) and len(body.body) > 1 else body.body
        work.edits.insert(source.start(small[0]), "; ".join(lines) + "; ")
        return
    first = body.body[0]
    newline = source.newline
    indent = source.indent(source.start(first)) if not _shares_line(source, first) else ""
    statements = list(body.body)
    has_docstring = isinstance(first, cst.SimpleStatementLine) and is_docstring(first.body[0])
    if has_docstring and isinstance(first, cst.SimpleStatementLine) and len(first.body) > 1:
        work.edits.insert(source.start(first.body[1]), "; ".join(lines) + "; ")
        return
    following = statements[1] if has_docstring and len(statements) > 1 else first
    if has_docstring:
        position = source.next_line(source.end(first))
    else:
        position = _first_line_of_body(function, source) or source.line_start(source.start(first))
        if TYPE_COMMENT.match(source.text, position):
            position = source.next_line(position)
    text = "".join(f"{indent}{line}{newline}" for line in lines)
    follows_at_once = bool(source.text[position : source.line_end(position)].strip())
    if isinstance(following, NESTED) and follows_at_once:
        text += newline
    work.edits.insert(position, text)


def _shares_line(source: Source, node: cst.CSTNode) -> bool:
    start = source.start(node)
    return bool(source.text[source.line_start(start) : start].strip())


def is_docstring(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.Expr):
        return False
    return isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)


def _name(handler: Handler) -> str:
    return handler.node.name.value
