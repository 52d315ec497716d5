"""Shapes of the SDK that are no more, or that it refuses: said, for a person to rewrite.

What breaks at a replay is said by the check of durable code, which reads the migrated text.
"""

import libcst as cst
from inngest_devtools.migrate import sdk
from inngest_devtools.migrate.functions import Found, Handler
from inngest_devtools.migrate.project import Project
from inngest_devtools.migrate.source import Source, argument, dotted_name, walk
from inngest_devtools.migrate.work import Work, Works
from inngest_devtools.words import later, t

# SDK 0.1 and 0.2; what else cannot be imported is told by its name.
OLDEST = {
    "inngest.FunctionOpts": later(
        "fn_id=... and the options are arguments of client.create_function"
    )
}


def find_in_file(work: Work) -> None:
    """Report what is no handler's: shapes of the oldest SDKs, names that are gone."""
    source = work.source
    for call in source.calls:
        for name in source.qualified(call.func):
            if name == "inngest.create_function":
                message = t(
                    "the SDK has no create_function of its own: "
                    "client.create_function(fn_id=..., trigger=...), and a handler that "
                    "takes ctx"
                )
                work.report(call, message)
            elif name in OLDEST:
                work.report(
                    call, t("{name} is gone: {instead}", name=name, instead=t(OLDEST[name]))
                )
    for node in source.imports:
        if (
            not isinstance(node, cst.ImportFrom)
            or node.relative
            or isinstance(node.names, cst.ImportStar)
        ):
            continue
        if dotted_name(node.module) != "inngest":
            continue
        for alias in node.names:
            name = dotted_name(alias.name) or ""
            if name not in sdk.PUBLIC | sdk.SUBMODULES | {"step", "Trigger"}:
                work.report(alias, t("inngest 0.5 has no {name}", name=name))


def _check_failure(
    project: Project, found: Found, source: Source, call: cst.Call, work: Work
) -> None:
    """`on_failure` is as sync or async as its handler, or the SDK refuses both."""
    failure = argument(call, "on_failure")
    if failure is None:
        return
    handler = _handler_of(project, found, source, call)
    for target in project.resolve(source, failure.value):
        if handler is None or not isinstance(target.node, cst.FunctionDef):
            continue
        if bool(target.node.asynchronous) == bool(handler.node.asynchronous):
            continue
        right = "async def" if handler.node.asynchronous else "def"
        message = t(
            "on_failure and its handler are both async or both not, or the SDK "
            "refuses the function: make {name} a {right}",
            name=target.name,
            right=right,
        )
        work.report(failure, message)


def _handler_of(project: Project, found: Found, source: Source, call: cst.Call) -> Handler | None:
    parent = source.parent(call)
    if isinstance(parent, cst.Decorator):
        function = source.parent(parent)
        return found.at(function) if function is not None else None
    if isinstance(parent, cst.Call) and parent.args:
        for target in project.resolve(source, parent.args[0].value):
            if target.node is not None and found.at(target.node):
                return found.at(target.node)
    return None


def report_refused_calls(project: Project, found: Found, works: Works) -> None:
    """What the SDK refuses of functions and of their steps."""
    for source, call in found.creations:
        _check_failure(project, found, source, call, works.of(source))
    for handler in found.handlers:
        for each in walk(handler.node.body):
            if isinstance(each, cst.Call) and _is_step_run(each):
                _check_step_run(project, handler, each, works.of(handler.source))


def _is_step_run(call: cst.Call) -> bool:
    name = dotted_name(call.func) or ""
    return name in ("step.run", "inngest.step.run") or name.endswith(".step.run")


def _check_step_run(project: Project, handler: Handler, call: cst.Call, work: Work) -> None:
    source = handler.source
    extra = [
        a
        for a in call.args
        if a.keyword and a.keyword.value not in ("output_type", "step_id", "handler")
    ]
    if extra:
        names = ", ".join(each.keyword.value for each in extra if each.keyword)
        message = t(
            "step.run takes no {names}=: give it by position, or functools.partial(f, {names}=...)",
            names=names,
        )
        work.report(call, message)
    if handler.node.asynchronous or len(call.args) < 2:
        return
    value = call.args[1].value
    called = value.body if isinstance(value, cst.Lambda) else None
    func_node = called.func if isinstance(called, cst.Call) else value
    for target in project.resolve(source, func_node):
        if isinstance(target.node, cst.FunctionDef) and target.node.asynchronous:
            message = t(
                "{name} is async and never awaited in a sync handler, so that its output "
                "cannot be serialized: make the handler async",
                name=target.name,
            )
            work.report(call, message)
