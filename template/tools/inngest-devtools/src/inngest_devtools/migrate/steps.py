"""`step` was never a name of the SDK: what was imported so becomes the context's.

from inngest import step     ->  gone
await step.run(...)          ->  await ctx.step.run(...), in a handler
await step.parallel(...)     ->  await ctx.group.parallel(...)
"""

from collections.abc import Iterator

import libcst as cst
from inngest_devtools.migrate import sdk
from inngest_devtools.migrate.function_text import insert_at_top
from inngest_devtools.migrate.handlers import Plan, replace_step
from inngest_devtools.migrate.project import assigned_value, value_of
from inngest_devtools.migrate.source import Source, dotted_name
from inngest_devtools.migrate.work import Work
from inngest_devtools.words import later, t
from libcst.metadata import BaseAssignment, ImportAssignment

PASS_IT_ON = later(
    "there is no ctx here: take step as a parameter, and let the handler pass ctx.step"
)


def move_imported_steps(work: Work, plans: dict[int, Plan]) -> None:
    """Rewrite what a file reads of an imported `step`; report what has no context at hand.

    Args:
        work: The file.
        plans: What each handler has for a context, by the identity of its node.
    """
    source = work.source
    for name, use in _uses(source):
        plan = _plan_around(source, use, plans)
        if plan is None or plan.context is None:
            parent = source.parent(use)
            if isinstance(parent, cst.Assign) and parent.value is use:
                work.replace(use, "None")  # the module would fail on it, whoever uses the name
                work.note(use, t("{code} is not there: None", code=source.code(use)))
                continue
            what = source.code(parent) if isinstance(parent, cst.Attribute) else source.code(use)
            work.report(
                use, t("{what} is not there any more, and {how}", what=what, how=t(PASS_IT_ON))
            )
            continue
        work.note(use, t("{code} is {context}.step", code=source.code(use), context=plan.context))
        if _can_read(source, use, plan):
            replace_step(work, use, plan.context)
        else:
            # A function between has a variable of the context's name.
            line = f"{name} = {plan.context}.step"
            if all(line not in text for _, _, text in work.edits.items):
                insert_at_top(plan.handler, work, [line])
    work.released |= {bound for bound, _ in _imported(source)}


def move_groups(work: Work, plans: dict[int, Plan]) -> None:
    """`ctx.step.parallel(...)` of a handler is `ctx.group.parallel(...)`."""
    source = work.source
    imported = {bound for bound, _ in _imported(source)}
    for each in source.attributes:
        if each.attr.value != "parallel" or not isinstance(source.parent(each), cst.Call):
            continue
        plan = _plan_around(source, each, plans)
        if plan is None or plan.context is None:
            if dotted_name(each.value) in ("step", "ctx.step"):
                work.report(
                    each,
                    t(
                        "{code} is ctx.group.parallel today: pass ctx on to here",
                        code=source.code(each),
                    ),
                )
            continue
        value = each.value
        if isinstance(value, cst.Name):
            value = _value_of(source, value) or value
        steps = {f"{plan.context}.step", *imported}
        if plan.step is not None:
            steps.add(plan.step.name.value)
        is_done = work.is_replaced(each) or not plan.context.isidentifier()
        if dotted_name(value) in steps and not is_done:
            work.replace(each, f"{plan.context}.group.parallel")
            work.note(each, t("step.parallel is {context}.group.parallel", context=plan.context))


def report_missing_steps(work: Work, plans: dict[int, Plan]) -> None:
    """`step.run(...)` where nothing is called step: an import that is gone already."""
    source = work.source
    for name, node in source.undefined():
        parent = source.parent(node)
        if name != "step" or not isinstance(parent, cst.Attribute):
            continue
        if parent.attr.value in sdk.STEP_CALLS and isinstance(source.parent(parent), cst.Call):
            plan = _plan_around(source, node, plans)
            if plan is None or plan.context is None:
                work.report(node, t("step is defined nowhere, and {how}", how=t(PASS_IT_ON)))
            else:
                replace_step(work, node, plan.context)
                work.note(node, t("step is {context}.step", context=plan.context))


def _imported(source: Source) -> Iterator[tuple[str, BaseAssignment]]:
    """Names that stand for the step that cannot be imported: `step = inngest.step` as well."""
    for scope in source.all_scopes():
        for each in list(scope.assignments):
            if isinstance(each, ImportAssignment):
                if "inngest.step" in source.imported_as(each.name, each.scope):
                    yield each.name, each
            elif _is_read_from_sdk(source, getattr(each, "node", None)):
                yield each.name, each


def _is_read_from_sdk(source: Source, node: cst.CSTNode | None) -> bool:
    """Whether a name is assigned `inngest.step` or `getattr(inngest, "step", None)`."""
    if not isinstance(node, cst.Name):
        return False
    value = assigned_value(source, node)
    if isinstance(value, cst.Attribute):
        return source.qualified(value) == {"inngest.step"}
    if not isinstance(value, cst.Call) or dotted_name(value.func) != "getattr":
        return False
    plain = [source.code(each.value).strip("\"'") for each in value.args]
    return plain[1:2] == ["step"] and source.qualified(value.args[0].value) == {"inngest"}


def _uses(source: Source) -> Iterator[tuple[str, cst.CSTNode]]:
    """Names that an import of step bound, where they are read, and `inngest.step`."""
    for name, assignment in _imported(source):
        for use in source.references(assignment.scope, name):
            yield name, use
    for each in source.attributes:
        if each.attr.value == "step" and source.qualified(each) == {"inngest.step"}:
            yield "step", each


def _plan_around(source: Source, node: cst.CSTNode, plans: dict[int, Plan]) -> Plan | None:
    for ancestor in source.ancestors(node):
        if id(ancestor) in plans:
            return plans[id(ancestor)]
    return None


def _can_read(source: Source, use: cst.CSTNode, plan: Plan) -> bool:
    """Whether the context's name means the context where a step is used."""
    name = (plan.context or "").partition("[")[0]
    inner = source.inner_scope(plan.handler.node)
    if not source.own(inner, name):
        return True  # a new parameter: its name is free in the whole handler
    meanings = source.assignments(name, source.scope(use))
    return len(source.own(inner, name)) == 1 and all(each.scope is inner for each in meanings)


def _value_of(source: Source, name: cst.Name) -> cst.BaseExpression | None:
    for each in source.assignments(name.value, source.scope(name)):
        if not isinstance(each, ImportAssignment):
            return value_of(source, each)
    return None
