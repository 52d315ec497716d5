"""`serve` adds its routes itself, and wants to be told the functions.

app.mount("/api/inngest", serve(app, client))  ->  serve(app, client, [f, g])
"""

import re
from collections.abc import Iterator

import libcst as cst
from inngest_devtools.migrate.clients import Clients
from inngest_devtools.migrate.functions import Found
from inngest_devtools.migrate.package import InngestPackage, packages_of
from inngest_devtools.migrate.project import Project
from inngest_devtools.migrate.served_functions import functions_at_hand, list_at_hand, list_served
from inngest_devtools.migrate.source import (
    Source,
    argument,
    comments,
    positional,
)
from inngest_devtools.migrate.work import Work, Works
from inngest_devtools.words import t

DEFAULT_PATH = "/api/inngest"
LONGEST_LINE = 100
SERVE = re.compile(r"^inngest\.(\w+\.)*serve$")


def rewrite_serving(
    work: Work,
    project: Project,
    found: Found,
    clients: Clients,
    package: InngestPackage | None = None,
) -> None:
    """Unmount `serve`, and give it the functions that the module has at hand.

    Where the Inngest package stands and its client is the only one, it serves them instead.
    """
    source = work.source
    for call in source.calls:
        if not any(SERVE.match(name) for name in source.qualified(call.func)):
            continue
        mount = _mount_of(source, call)
        is_done = package is not None and _install(work, project, found, package, call, mount)
        if is_done:
            continue
        extra = _missing_functions(work, project, found, call)
        if mount is not None:
            path = _argument(mount, 0, "path")
            extra += _serve_path(source, path) if path else []
            _insert_app(work, clients, call, mount)
            _unmount(work, call, mount, extra)
        elif isinstance(source.parent(call), cst.Arg):
            work.report(
                call,
                t(
                    "serve adds its routes to the app itself and returns None: call it on a "
                    "line of its own"
                ),
            )
            _append(work, call, extra, 0)
        else:
            _append(work, call, extra, 0)


def _install(
    work: Work,
    project: Project,
    found: Found,
    package: InngestPackage,
    call: cst.Call,
    mount: cst.Call | None,
) -> bool:
    """Put `install_inngest(app, packages=[...])` in place of `serve`; False where that is no match.

    It serves every function that it finds, so a `serve` that leaves one out stays.
    """
    if package.holds(work.source.path):
        return False
    source = work.source
    outer = mount or call
    app = _argument(call, 0, "app")
    statement = source.statement(outer)
    path = _argument(mount, 0, "path") if mount is not None else argument(call, "serve_path")
    options = {each.keyword.value for each in call.args if each.keyword is not None}
    is_plain = options <= {"app", "client", "functions", "serve_path"}
    has_own_line = isinstance(source.parent(outer), cst.Expr) and source.inside(call, statement)
    at_default = path is None or not _serve_path(source, path)
    if app is None or not (is_plain and has_own_line and at_default):
        work.report(
            call, t("{line} serves functions with guards: see its README", line=package.import_line)
        )
        return False
    given = _argument(call, 2, "functions")
    if given is None:
        served: set[int] | None = list_at_hand(source, project, found, call)
    else:
        served = list_served(source, project, found, given.value)
    left_out = [h for h in found.handlers if h.is_decorated and id(h.node) not in (served or ())]
    left_out = [h for h in left_out if not package.holds(h.source.path)]
    if left_out:
        names = ", ".join(sorted(handler.node.name.value for handler in left_out))
        message = t(
            "install_inngest would serve {names} too: decide, then put it in place of this",
            names=names,
        )
        work.report(call, message)
        return False
    names = ", ".join(f'"{name}"' for name in packages_of(found, package))
    kept = comments(source.code(statement))
    indent = source.indent(source.start(statement))
    lead = "".join(f"{comment}{source.newline}{indent}" for comment in kept)
    new = f"{lead}install_inngest({source.code(app.value)}, packages=[{names}])"
    work.edits.replace(source.start(statement), source.end(statement), new)
    work.release(call.func)
    work.note(call, t("{module} serves the functions, wherever they are", module=package.module))
    return True


def report_unserved(works: Works, project: Project, found: Found) -> None:
    """Name the functions that no `serve` is given, where there is one that lists its functions."""
    served: set[int] = set()
    calls = []
    for work in works.all():
        for call in work.source.calls:
            if any(SERVE.match(name) for name in work.source.qualified(call.func)):
                calls.append((work, call))
    for work, call in calls:
        given = _argument(call, 2, "functions")
        if given is None:
            listed: set[int] | None = list_at_hand(work.source, project, found, call)
        else:
            listed = list_served(work.source, project, found, given.value)
        if listed is None:
            return  # a list that is made in a way that is not followed
        served |= listed
    missing = [h for h in found.handlers if h.is_decorated and id(h.node) not in served]
    for handler in missing if calls else ():
        name = handler.node.name.value
        message = t("{name} is given to no serve, so that the server never calls it", name=name)
        works.of(handler.source).report(handler.node, message)


def _argument(call: cst.Call, index: int, keyword: str) -> cst.Arg | None:
    named = argument(call, keyword)
    plain = positional(call)
    return named or (plain[index] if len(plain) > index else None)


def _mount_of(source: Source, serve: cst.Call) -> cst.Call | None:
    """The `app.mount(path, serve(...))` around a call, or the one that its name is handed to."""
    parent = source.parent(serve)
    value: cst.CSTNode = serve
    if isinstance(parent, cst.Assign) and isinstance(parent.targets[0].target, cst.Name):
        name = parent.targets[0].target
        uses = source.references(source.scope(name), name.value)
        if len(uses) != 1:
            return None
        value = uses[0]
        parent = source.parent(value)
    call = source.parent(parent) if isinstance(parent, cst.Arg) else None
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return None
    if call.func.attr.value != "mount" or not isinstance(source.parent(call), cst.Expr):
        return None
    given = _argument(call, 1, "app")
    return call if given is not None and given.value is value else None


def _serve_path(source: Source, path: cst.Arg) -> list[str]:
    if not isinstance(path.value, cst.SimpleString):
        return [f"serve_path={source.code(path.value)}"]
    value = str(path.value.evaluated_value)
    bare = value.rstrip("/")
    if bare == DEFAULT_PATH:
        return []
    code = source.code(path.value)
    return [f"serve_path={code if bare == value or not bare else code.replace(value, bare)}"]


def _insert_app(work: Work, clients: Clients, serve: cst.Call, mount: cst.Call) -> None:
    """`serve(client, [f])` was never right: the app comes first."""
    source = work.source
    plain = positional(serve)
    if argument(serve, "app") or not plain or not isinstance(mount.func, cst.Attribute):
        return
    if clients.is_client(source, plain[0].value):
        work.edits.insert(source.start(plain[0]), f"{source.code(mount.func.value)}, ")


def _unmount(work: Work, serve: cst.Call, mount: cst.Call, extra: list[str]) -> None:
    source, text = work.source, work.source.text
    start, end = source.start(serve), source.end(serve)
    statement = source.statement(serve)
    first, last = source.start(statement), source.end(statement)
    outer = source.indent(first)
    shift = len(source.indent(start)) - len(outer)
    kept = [*comments(text[first:start]), *comments(_after(text, end, last))]
    if not source.inside(serve, mount):
        # The name that it was assigned to goes, and the line that mounts it.
        line = source.statement(mount)
        kept += comments(text[source.start(mount) : source.line_end(source.end(line))])
        work.edits.replace(
            source.line_start(source.start(line)), source.next_line(source.end(line)), ""
        )
    lead = "".join(f"{comment}{source.newline}{outer}" for comment in kept)
    work.edits.replace(first, start, lead)
    work.edits.replace(end, last, "")
    has_long_string = any(quote in text[start:end] for quote in ('"""', "'" * 3))
    if shift > 0 and not has_long_string:
        for position in _line_starts(source, start, end):
            blank = len(source.indent(position))
            work.edits.replace(position, position + min(shift, blank), "")
    else:
        shift = 0
    _append(work, serve, extra, shift)
    work.note(statement, t("serve adds its routes itself: not mounted"))


def _after(text: str, start: int, end: int) -> str:
    """The end of a statement, made code again so that its comments can be told."""
    return "(" + text[start:end]


def _line_starts(source: Source, start: int, end: int) -> Iterator[int]:
    position = source.next_line(start)
    while position < end:
        yield position
        position = source.next_line(position)


def _append(work: Work, call: cst.Call, extra: list[str], shift: int) -> None:
    """Add arguments to a call, in the way in which it is laid out."""
    if not extra:
        return
    source, text = work.source, work.source.text
    if not call.args:
        work.edits.insert(source.end(call) - 1, ", ".join(extra))
        return
    last = call.args[-1]
    start = source.start(last)
    end = source.outer_span(last.value)[1]
    rest = text[end : source.line_end(end)]
    own_line = not text[source.line_start(start) : start].strip()
    if own_line and re.fullmatch(r"\s*,?\s*(#.*)?", rest):
        indent = text[source.line_start(start) : start][shift:]
        if "," not in rest.split("#")[0]:
            work.edits.insert(end, ",")
        lines = "".join(
            f"{indent}{_laid_out(each, indent, source.newline)},{source.newline}" for each in extra
        )
        work.edits.insert(source.next_line(end), lines)
        return
    trailing = re.match(r"\s*,", rest)
    position = end + trailing.end() if trailing else end
    joined = ", ".join(extra)
    indent = source.indent(start)
    if (
        len(source.indent(start))
        + len(text[source.line_start(start) : position].strip())
        + len(joined)
        > LONGEST_LINE
    ):
        joined = ", ".join(_laid_out(each, indent, source.newline) for each in extra)
    work.edits.insert(position, f" {joined}" if trailing else f", {joined}")


def _laid_out(code: str, indent: str, newline: str) -> str:
    if len(indent) + len(code) < LONGEST_LINE or not code.startswith("["):
        return code
    parts = code[1:-1].split(", ")
    inner = "".join(f"{indent}    {part},{newline}" for part in parts)
    return f"[{newline}{inner}{indent}]"


def _missing_functions(work: Work, project: Project, found: Found, call: cst.Call) -> list[str]:
    if any(each.star for each in call.args) or argument(call, "functions") is not None:
        return []
    named = sum(1 for name in ("app", "client") if argument(call, name) is not None)
    if len(positional(call)) + named > 2:
        return []
    names = list(functions_at_hand(work.source, project, found, call, set()))
    if not names:
        work.report(
            call,
            t("serve needs the list of functions as its third argument, and none is imported here"),
        )
        return []
    work.note(call, t("serve gets its {count} functions", count=len(names)))
    code = f"[{', '.join(names)}]"
    if len(names) == 1 and names[0].startswith("*"):
        code = names[0][1:]
    return [f"functions={code}" if argument(call, "client") is not None else code]
