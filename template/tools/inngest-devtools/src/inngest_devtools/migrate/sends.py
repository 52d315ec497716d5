"""A client has no `send_event`, and the parameter of its `send` is called `events`.

client.send_event(event=e), client.send_event(e), client.send(event=e)  ->  client.send(e)
"""

import libcst as cst
from inngest_devtools.migrate.functions import Clients
from inngest_devtools.migrate.project import Project, assigned_value
from inngest_devtools.migrate.source import Source, dotted_name
from inngest_devtools.migrate.work import Work
from inngest_devtools.words import t

METHODS = {
    "send_event": "send",
    "send_event_sync": "send_sync",
    "send": "send",
    "send_sync": "send_sync",
}
NAMED = frozenset({"event", "events", "payload"})


def rewrite_sends(work: Work, project: Project, clients: Clients) -> None:
    """Rewrite the sends of a file; report those whose arguments are not an event."""
    source = work.source
    for call in source.calls:
        func = call.func
        if not isinstance(func, cst.Attribute) or func.attr.value not in METHODS:
            continue
        if not _is_old(call, func.attr.value):
            continue
        verdict = clients.is_client(source, func.value)
        if verdict is False or _is_step(func.value):
            continue
        if verdict is None:
            if not _is_event(source, project, call):
                continue
            if "inngest" not in source.code(func.value).lower():
                name = source.code(func.value)
                work.report(
                    call,
                    t(
                        "if {name} is an Inngest client, this is {name}.{method}(event)",
                        name=name,
                        method=METHODS[func.attr.value],
                    ),
                )
                continue
        _rewrite(work, call, func)


def _is_old(call: cst.Call, method: str) -> bool:
    if method.startswith("send_event"):
        return True
    return any(each.keyword is not None and each.keyword.value == "event" for each in call.args)


def _is_step(node: cst.BaseExpression) -> bool:
    return (dotted_name(node) or "").rpartition(".")[2] == "step"


def _is_event(source: Source, project: Project, call: cst.Call) -> bool:
    """Whether the first argument is an `inngest.Event(...)`, or a list that begins with one."""
    value = call.args[0].value if call.args else None
    if isinstance(value, cst.List | cst.Tuple) and value.elements:
        value = value.elements[0].value
    if isinstance(value, cst.Name):
        for each in project.resolve(source, value):
            if each.source is source and each.node is not None:
                value = assigned_value(source, each.node) or value
    if not isinstance(value, cst.Call):
        return False
    names = source.qualified(value.func) or {dotted_name(value.func) or ""}
    return "inngest.Event" in names


def _rewrite(work: Work, call: cst.Call, func: cst.Attribute) -> None:
    source = work.source
    method = func.attr.value
    new = METHODS[method]
    first = call.args[0] if call.args else None
    keywords = [each.keyword.value for each in call.args if each.keyword is not None]
    known = [name for name in keywords if name in NAMED or name == "skip_middleware"]
    plain = [each for each in call.args if each.keyword is None]
    if (
        first is None
        or len(known) != len(keywords)
        or len(plain) > 1
        or isinstance(first.value, cst.SimpleString)
    ):
        message = t(
            "a client has no {method} with these arguments: "
            "{new}(inngest.Event(name=..., data=...))",
            method=method,
            new=new,
        )
        work.report(call, message)
        return
    if method != new:
        work.replace(func.attr, new)
    if first.keyword is not None and first.keyword.value in ("event", "payload"):
        work.edits.replace(source.start(first.keyword), source.outer_span(first.value)[0], "")
    work.note(call, t("{method} is {new}", method=method, new=new))
