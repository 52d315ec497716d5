"""The guide's client sends its events to one server and registers its functions at another."""

import libcst as cst
from inngest_devtools.migrate.source import Source, argument
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
