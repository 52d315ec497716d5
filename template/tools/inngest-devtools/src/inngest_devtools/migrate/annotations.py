"""What an annotation says a parameter is, and how a new one is written."""

import re

import libcst as cst
from inngest_devtools.migrate.source import Source, dotted_name
from libcst.metadata import ImportAssignment, Scope

KINDS = {
    "Event": "event",
    "Context": "context",
    "ContextSync": "context",
    "Step": "step",
    "StepSync": "step",
    "Inngest": "client",
}
# Annotations that leave open what the parameter is.
OPEN = frozenset({"Any", "object", "typing.Any"})


def kind_of(source: Source, annotation: cst.Annotation | None) -> str | None:
    """event, context, step or client; other for a type of another kind; None if nothing is said."""
    if annotation is None:
        return None
    code = source.code(annotation.annotation)
    if code.strip("\"'") in OPEN:
        return None
    kind = None
    for name in re.findall(r"[A-Za-z_][\w.]*", code):
        kind = kind or _kind_of_name(source, name, source.scope(annotation))
    return kind or "other"


def _kind_of_name(source: Source, dotted: str, scope: Scope) -> str | None:
    for name in source.imported_as(dotted, scope):
        module, _, last = name.rpartition(".")
        if module == "inngest" or module.startswith("inngest."):
            return KINDS.get(last)
    first = dotted.partition(".")[0]
    last = dotted.rpartition(".")[2]
    if last in KINDS and dotted in (last, f"inngest.{last}") and not scope[first]:
        return KINDS[last]  # an import that was forgotten
    return None


def context_type(source: Source, function: cst.FunctionDef, old: cst.Annotation | None) -> str:
    """How the type of a handler's context is written in its file: `inngest.Context`, `Context`."""
    name = "Context" if function.asynchronous else "ContextSync"
    quoted = old is not None and isinstance(old.annotation, cst.SimpleString)
    if old is not None:
        prefix = _prefix(source.code(old.annotation).strip("\"'"))
        if prefix and _stands_for(source, prefix, "inngest", source.scope(function)):
            return f"{prefix}.{name}"
    return write_name(source, name, function, lazy=quoted or source.has_lazy_annotations)


def write_name(source: Source, name: str, place: cst.CSTNode, *, lazy: bool = False) -> str:
    """How something of the SDK is written at a place: `inngest.TriggerEvent`, `TriggerEvent`.

    Prefers what the file imports already. What it does not import is added afterwards, with the
    names that are undefined then.

    Args:
        lazy: Whether the name is looked up later than where it stands, as in a quoted annotation.
    """
    scope = source.scope(place)
    for bound in sorted(_names_for(source, f"inngest.{name}", scope)):
        if _is_bound_before(source, bound, place, scope, lazy):
            return bound
    for bound in sorted(_names_for(source, "inngest", scope), key=lambda b: (b != "inngest", b)):
        if _is_bound_before(source, bound, place, scope, lazy):
            return f"{bound}.{name}"
    imports_names = any(
        isinstance(each, cst.ImportFrom)
        and not each.relative
        and dotted_name(each.module) == "inngest"
        for each in source.imports
    )
    if imports_names or _is_taken(source, "inngest"):
        return f"Inngest{name}" if _is_taken(source, name) else name
    return f"inngest.{name}"


def _prefix(code: str) -> str | None:
    match = re.search(r"([A-Za-z_]\w*)\.\w+", code)
    return match[1] if match and match[1] not in ("typing", "t") else None


def _stands_for(source: Source, name: str, meaning: str, scope: Scope) -> bool:
    return meaning in source.imported_as(name, scope)


def _names_for(source: Source, meaning: str, scope: Scope) -> set[str]:
    """The names that stand for something of the SDK at a place."""
    names = set()
    looked = scope
    while True:
        for each in looked.assignments:
            is_name = isinstance(each, ImportAssignment) and "." not in each.name
            if is_name and _stands_for(source, each.name, meaning, scope):
                names.add(each.name)
        if looked.parent is looked:
            return names
        looked = looked.parent


def _is_bound_before(
    source: Source, name: str, place: cst.CSTNode, scope: Scope, lazy: bool
) -> bool:
    """Whether a name can be read at a place; a second meaning makes it unsure."""
    meanings = source.assignments(name, scope)
    imports = [each for each in meanings if isinstance(each, ImportAssignment)]
    if len(imports) != len(meanings):
        return False
    if any(not source.is_type_checking(each.node) for each in imports) or lazy:
        return lazy or min(source.start(each.node) for each in imports) < source.start(place)
    return False


def _is_taken(source: Source, name: str) -> bool:
    """Whether a name is bound anywhere in a file, to something that is not the SDK's."""
    for scope in source.all_scopes():
        for each in source.own(scope, name):
            if not isinstance(each, ImportAssignment):
                return True
            meanings = source.imported_as(name, scope)
            if not meanings <= {"inngest", f"inngest.{name}"}:
                return True
    return False
