"""Calls of a handler by the team's own code: they follow what became of its parameters.

await notify(ctx, step)  ->  await notify(ctx)
"""

import libcst as cst
from inngest_devtools.migrate.handlers import Plan
from inngest_devtools.migrate.project import Project
from inngest_devtools.migrate.source import Source, dotted_name
from inngest_devtools.migrate.work import Work
from inngest_devtools.words import t


def follow_calls(work: Work, project: Project, plans: dict[int, Plan]) -> None:
    """Rewrite the calls of handlers in a file, or report those whose arguments say too little."""
    source = work.source
    changed = {
        plan.handler.node.name.value: plan
        for plan in plans.values()
        if (plan.event is not None or plan.removed) and not plan.handler.is_decorated
    }
    for call in source.calls:
        name = (dotted_name(call.func) or "").rpartition(".")[2]
        if name not in changed:
            continue
        for target in project.resolve(source, call.func):
            plan = plans.get(id(target.node))
            if plan is not None and plan is changed[name]:
                _follow(work, call, plan, plans)


def _follow(work: Work, call: cst.Call, plan: Plan, plans: dict[int, Plan]) -> None:
    source = work.source
    name = source.code(call.func)
    if any(each.star for each in call.args):
        return
    if plan.event is not None and call.args:
        around = _plan_around(source, call, plans)
        given = dotted_name(call.args[0].value)
        own = around.event.name.value if around and around.event else None
        if around is None or given not in (own, f"{around.context}.event"):
            work.report(call, t("{name} takes ctx today: hand it the context", name=name))
            return
        first = call.args[0]
        work.edits.replace_all(source.start(first), source.end(first), around.context or "")
        work.note(call, t("{name} gets {context}", name=name, context=around.context))
    if plan.step is None:
        return
    step = plan.step.name.value
    for previous, argument in zip(call.args, call.args[1:], strict=False):
        by_name = argument.keyword is not None and argument.keyword.value == step
        if by_name or (argument.keyword is None and argument is call.args[1]):
            work.edits.replace_all(source.end(previous), source.end(argument), "")
            work.note(call, t("{name} gets no step", name=name))
            return


def _plan_around(source: Source, node: cst.CSTNode, plans: dict[int, Plan]) -> Plan | None:
    return next((plans[id(each)] for each in source.ancestors(node) if id(each) in plans), None)
