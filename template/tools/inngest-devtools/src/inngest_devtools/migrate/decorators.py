"""Decorators between `create_function` and a handler: their wrapper is what the SDK calls.

async def wrapper(event): return await func(event)        ->  wrapper(ctx): ... func(ctx)
async def wrapper(*args): event = args[0].event; ... func(event)  ->  ... func(args[0])
"""

import re

import libcst as cst
from inngest_devtools.migrate.annotations import kind_of
from inngest_devtools.migrate.functions import Found, Handler
from inngest_devtools.migrate.handlers import Plan, plan_handler
from inngest_devtools.migrate.project import Project, Target
from inngest_devtools.migrate.source import Source, dotted_name, walk
from inngest_devtools.migrate.work import Work, Works
from inngest_devtools.migrate.wrappers import (
    Wrapper,
    context_of_star,
    is_event,
    other_uses,
    wrappers_in,
    wrappers_of,
)
from inngest_devtools.words import t

# Decorators of the language and of the SDK's own tests: no wrapper of anybody's.
PLAIN = frozenset({"staticmethod", "classmethod", "property", "functools.wraps", "wraps"})


def migrate_wrappers(project: Project, found: Found, works: Works, plans: dict[int, Plan]) -> None:
    """Make the decorators of handlers pass the context on, or say why one cannot.

    A decorator that other functions have too is left and reported: what they expect is not known.
    """
    done: set[int] = set()
    for handler in found.handlers:
        for where, decorator in handler.wrappers:
            func = decorator.func if isinstance(decorator, cst.Call) else decorator
            if dotted_name(func) in PLAIN:
                continue
            for target in project.resolve(where, func):
                _check_async(handler, where, decorator, target, works)
                for wrapper in wrappers_in(target):
                    if id(wrapper.node) not in done:
                        done.add(id(wrapper.node))
                        _migrate(project, found, wrapper, works, plans)


def report_lone_wrappers(work: Work, plans: dict[int, Plan]) -> None:
    """Wrappers that take an event, of decorators that no handler here has."""
    source = work.source
    for function in source.functions:
        if id(function) in plans or (function.decorators and source.owner(function) is None):
            continue
        if not isinstance(source.owner(function), cst.FunctionDef):
            continue
        owner = source.owner(function)
        assert isinstance(owner, cst.FunctionDef)
        wrappers = [w for w in wrappers_of(source, owner, owner) if w.node is function]
        params = [*function.params.posonly_params, *function.params.params]
        if wrappers and params and kind_of(source, params[0].annotation) == "event":
            message = t(
                "{function} takes {parameter} as an event, but the SDK hands over the "
                "context: take ctx, read ctx.event, pass ctx on",
                function=function.name.value,
                parameter=params[0].name.value,
            )
            work.report(function, message)
        elif wrappers and not params and "inngest" in source.text:
            _report_event_handed_on(work, wrappers[0], function)


def _report_event_handed_on(work: Work, wrapper: Wrapper, function: cst.FunctionDef) -> None:
    source = work.source
    for call in wrapper.calls:
        argument = call.args[0] if call.args else None
        if argument is None or argument.star or not isinstance(function.params.star_arg, cst.Param):
            continue
        context = context_of_star(source, function)
        if is_event(source, argument.value, context):
            message = t(
                "{call} hands on the event, but handlers take the context: hand on {context}",
                call=source.code(call),
                context=context,
            )
            work.report(call, message)


def _check_async(
    handler: Handler, where: Source, decorator: cst.BaseExpression, target: Target, works: Works
) -> None:
    """A `def` wrapper around an `async def` handler makes the SDK call it as a sync one."""
    work = works.of(where)
    name = where.code(decorator)
    if not handler.node.asynchronous:
        if any(wrapper.node.asynchronous for wrapper in wrappers_in(target)):
            message = t(
                "@{name} wraps a sync handler in an async def, which the SDK calls as an "
                "async one: make {handler} an async def",
                name=name,
                handler=handler.node.name.value,
            )
            work.report(decorator, message)
        return
    if target.kind == "class":
        message = t(
            "@{name} makes an object of the async handler, which the SDK calls as a "
            "sync one: its output cannot be serialized",
            name=name,
        )
        work.report(decorator, message)
    for wrapper in wrappers_in(target):
        if not wrapper.node.asynchronous:
            inner = wrapper.node.name.value
            message = t(
                "@{name} wraps an async handler in a def: the SDK calls it as a sync one "
                "and cannot serialize its output; make {inner} an async def that awaits",
                name=name,
                inner=inner,
            )
            work.report(decorator, message)


def _migrate(
    project: Project, found: Found, wrapper: Wrapper, works: Works, plans: dict[int, Plan]
) -> None:
    source, function = wrapper.source, wrapper.node
    work = works.of(source)
    _report_swallowing(wrapper, work)
    params = [*function.params.posonly_params, *function.params.params]
    if not params and isinstance(function.params.star_arg, cst.Param):
        first = f"{function.params.star_arg.name.value}[0]"
        plans[id(function)] = Plan(Handler(source, function), context=first)
        _pass_context_on(project, found, wrapper, work, context_of_star(source, function), works)
        return
    if not params and function.params.star_kwarg is not None:
        work.report(
            function,
            t(
                "{function} takes nothing by position, but the SDK hands over ctx so: take ctx",
                function=function.name.value,
            ),
        )
        return
    strangers = other_uses(project, found, wrapper)
    probe = Work(source)
    plan = plan_handler(Handler(source, function), probe)
    if not probe.edits.items and not probe.findings:
        plans[id(function)] = plan
        _pass_context_on(project, found, wrapper, work, plan.context or "", works)
        return
    if strangers:
        message = t(
            "{function} has to take ctx and pass it on, but @{decorator} is used "
            "elsewhere too ({place}): decide there",
            function=function.name.value,
            decorator=wrapper.decorator.name.value,
            place=strangers[0],
        )
        work.report(function, message)
        return
    plan = plan_handler(Handler(source, function), work)
    plans[id(function)] = plan
    for call in wrapper.calls:
        _rewrite_call(work, plan, call)


def _report_swallowing(wrapper: Wrapper, work: Work) -> None:
    """A wrapper that catches whatever its handler raises ends the handler's retries."""
    source = wrapper.source
    for call in wrapper.calls:
        for ancestor in source.ancestors(call):
            if ancestor is wrapper.node:
                break
            if not isinstance(ancestor, cst.Try) or not source.inside(call, ancestor.body):
                continue
            for clause in ancestor.handlers:
                if _swallows(source, clause):
                    name = wrapper.decorator.name.value
                    message = t(
                        "@{name} catches what its handlers raise, and so ends their retries: "
                        "raise it again",
                        name=name,
                    )
                    work.report(clause, message)


def _swallows(source: Source, clause: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    """Whether a clause catches everything and raises nothing."""
    caught = source.code(clause.type) if clause.type is not None else ""
    names = set(re.findall(r"[\w.]+", caught)) or {""}
    raises = any(isinstance(each, cst.Raise) for each in walk(clause))
    return bool(names & {"", "BaseException", "Exception"}) and not raises


def _pass_context_on(
    project: Project, found: Found, wrapper: Wrapper, work: Work, context: str, works: Works
) -> None:
    """Where a wrapper takes the context and hands on `ctx.event`: hand on the context."""
    source = wrapper.source
    for call in wrapper.calls:
        argument = call.args[0] if call.args else None
        if argument is None or argument.star or not is_event(source, argument.value, context):
            continue
        strangers = other_uses(project, found, wrapper)
        if strangers:
            message = t(
                "{call} hands the event to handlers that take ctx, but @{decorator} is "
                "used elsewhere too ({place}): decide there",
                call=source.code(call),
                decorator=wrapper.decorator.name.value,
                place=strangers[0],
            )
            work.report(call, message)
            continue
        work.edits.replace(source.start(argument), source.end(argument), context)
        _drop_second(work, call, "step")
        work.note(
            call,
            t(
                "{decorator} hands on {context}, not its event",
                decorator=wrapper.decorator.name.value,
                context=context,
            ),
        )


def _rewrite_call(work: Work, plan: Plan, call: cst.Call) -> None:
    """`func(event)` and `func(ctx, step)` become `func(ctx)`."""
    source = work.source
    context = plan.context or ""
    names = {each.name.value for each in (plan.event,) if each is not None}
    for index, argument in enumerate(call.args):
        name = dotted_name(argument.value)
        is_keyword = argument.keyword is not None and argument.keyword.value in (
            "event",
            "ctx",
            "context",
        )
        if argument.star:
            break
        if (index == 0 and name in names) or (is_keyword and name in {*names, context}):
            work.edits.replace(source.start(argument), source.end(argument), context)
            break
    if plan.step is not None:
        _drop_second(work, call, plan.step.name.value)


def _drop_second(work: Work, call: cst.Call, step: str) -> None:
    """Take `step`, `step=step` out of a call's arguments."""
    source = work.source
    for previous, argument in zip(call.args, call.args[1:], strict=False):
        if argument.star or dotted_name(argument.value) not in (step, f"ctx.{step}"):
            continue
        work.edits.replace_all(source.end(previous), source.end(argument), "")
