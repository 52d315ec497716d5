"""What is asked of a client, and what it is made with.

Inngest(event_api_base_url=url)             ->  with api_base_url=url: it registers there too
client.send_event(e), client.send(event=e)  ->  client.send(e), whose parameter is `events`
Trigger(event=...), Trigger(cron=...)       ->  TriggerEvent(event=...), TriggerCron(cron=...)
trigger={"event": ...}, {"cron": ...}       ->  the same
"""

import libcst as cst
from inngest_devtools.migrate.annotations import write_name
from inngest_devtools.migrate.clients import Clients
from inngest_devtools.migrate.functions import Found
from inngest_devtools.migrate.project import Project, assigned_value
from inngest_devtools.migrate.source import Source, argument, dotted_name
from inngest_devtools.migrate.work import Work
from inngest_devtools.words import t

CLOUD = "inn.gs"  # where Inngest Cloud takes events, and only events


# Read twice, these are the same twice.
STEADY_CALLS = ("os.getenv", "os.environ.get", "getenv", "environ.get", "str")


def complete_clients(work: Work) -> None:
    """Give `Inngest(event_api_base_url=...)` an `api_base_url`, and say what the SDK reads."""
    source = work.source
    for call in source.calls:
        if "inngest.Inngest" not in source.qualified(call.func):
            continue
        events = argument(call, "event_api_base_url")
        if events is None or argument(call, "api_base_url") is not None:
            continue
        if work.is_replaced(call):
            continue
        code = source.code(events.value)
        can_copy = CLOUD not in source.text and _is_steady(source, events.value)
        if can_copy:
            start, end = source.outer_span(events.value)
            work.edits.insert(
                source.start(events),
                f"api_base_url={source.text[start:end]},{_between(work, events)}",
            )
            work.note(
                call, t("api_base_url is event_api_base_url: functions register where events go")
            )
        if can_copy:
            said = t("api_base_url is {code} now too", code=code)
        else:
            said = t(
                "event_api_base_url, {code}, is for events: functions register elsewhere", code=code
            )
        message = t(
            "{said}. The SDK itself reads INNGEST_BASE_URL for both, and INNGEST_DEV "
            "for the mode, unless is_production is given: drop the arguments that "
            "these can replace",
            said=said,
        )
        work.report(events, message)


def _is_steady(source: Source, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Call):
        return source.code(node.func) in STEADY_CALLS
    return not isinstance(node, cst.Await | cst.NamedExpr | cst.Yield)


def _between(work: Work, argument_node: cst.Arg) -> str:
    """What parts two arguments: a line end with its indent, or a space."""
    source = work.source
    start = source.start(argument_node)
    indent = source.text[source.line_start(start) : start]
    return " " if indent.strip() else f"{source.newline}{indent}"


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


# A trigger's class, by the arguments that it is given.
TRIGGERS = {
    frozenset({"event"}): "TriggerEvent",
    frozenset({"event", "expression"}): "TriggerEvent",
    frozenset({"cron"}): "TriggerCron",
}


def rewrite_triggers(work: Work, project: Project, found: Found) -> None:
    """Rewrite `Trigger(...)` and dicts; report those that hold something else."""
    source = work.source
    for call in source.calls:
        if "inngest.Trigger" in source.qualified(call.func):
            _rewrite_trigger(work, call)
    for creation_source, creation in found.creations:
        given = argument(creation, "trigger")
        if creation_source is source and given is not None:
            _rewrite_dicts(work, project, given.value)


def _rewrite_trigger(work: Work, call: cst.Call) -> None:
    keywords = frozenset(each.keyword.value if each.keyword else "" for each in call.args)
    if keywords not in TRIGGERS:
        _report_trigger(work, call)
        return
    name = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
    work.replace(name, TRIGGERS[keywords])
    work.release(call.func)
    work.note(call, t("Trigger is {name}", name=TRIGGERS[keywords]))


def _rewrite_dicts(work: Work, project: Project, value: cst.BaseExpression) -> None:
    if isinstance(value, cst.Dict):
        _rewrite_dict(work, value)
    elif isinstance(value, cst.List | cst.Tuple):
        for element in value.elements:
            _rewrite_dicts(work, project, element.value)
    elif isinstance(value, cst.Name):
        for target in project.resolve(work.source, value):
            if target.source is None or target.node is None:
                continue
            if isinstance(assigned_value(target.source, target.node), cst.Dict):
                _report_trigger(work, value)


def _rewrite_dict(work: Work, value: cst.Dict) -> None:
    """Brackets and keys become those of a call; all between them stays."""
    source = work.source
    keys = {
        str(each.key.evaluated_value): each
        for each in value.elements
        if isinstance(each, cst.DictElement) and isinstance(each.key, cst.SimpleString)
    }
    name = TRIGGERS.get(frozenset(keys))
    if name is None or len(keys) != len(value.elements):
        _report_trigger(work, value)
        return
    call = write_name(source, name, value)
    start, end = source.start(value), source.end(value)
    work.edits.replace(start, start + 1, f"{call}(")
    for key, element in keys.items():
        first = source.outer_span(element.value)[0]
        work.edits.replace(source.start(element.key), first, f"{key}=")
    work.edits.replace(end - 1, end, ")")
    work.note(value, t("the trigger is {name}", name=name))


def _report_trigger(work: Work, node: cst.CSTNode) -> None:
    work.report(node, t("a trigger is TriggerEvent(event=...) or TriggerCron(cron=...) today"))
