"""What each parameter of a handler was to older SDKs: by its annotation, by what is read of it, by
its name.
"""

import libcst as cst
from inngest_devtools.migrate import sdk
from inngest_devtools.migrate.annotations import kind_of
from inngest_devtools.migrate.source import Source, dotted_name

ROLES_BY_NAME = {
    "ctx": "context",
    "context": "context",
    "event": "event",
    "evt": "event",
    "step": "step",
    "steps": "step",
}


def role_of(source: Source, function: cst.FunctionDef, param: cst.Param) -> str | None:
    """context, event, step, spare (has a default and is neither) or None."""
    kind = kind_of(source, param.annotation)
    attributes = attributes_read(
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


def attributes_read(source: Source, nodes: list[cst.CSTNode]) -> set[str]:
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


def place_the_unknown(source: Source, params: list[cst.Param], roles: list[str | None]) -> None:
    """Of two parameters that say no more, the first was the context, the second the step."""
    if len(params) != 2:
        return
    if roles[0] is None and roles[1] == "step":
        roles[0] = "context"
    if roles[0] in ("context", "event") and roles[1] in (None, "spare"):
        reads = attributes_read(
            source, source.references(source.scope(params[1].name), params[1].name.value)
        )
        if reads and reads <= sdk.STEP_CALLS:
            roles[1] = "step"
