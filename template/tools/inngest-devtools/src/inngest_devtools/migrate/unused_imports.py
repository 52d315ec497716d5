"""Takes imports of the SDK out that lost their last use, and what cannot be imported."""

import re

import libcst as cst
from inngest_devtools.migrate import sdk
from inngest_devtools.migrate.source import Source, comments, dotted_name
from inngest_devtools.migrate.work import Edits

GONE = frozenset({"step", "Trigger"})  # of the SDK: nothing can import them


def remove_unused(
    source: Source, released: set[str], wanted: set[str]
) -> tuple[str, set[str], set[str]]:
    edits = Edits()
    removed: set[str] = set()
    placed: set[str] = set()
    exported = _exported(source)
    for node in source.imports:
        if isinstance(node.names, cst.ImportStar):
            continue
        unused = [
            alias
            for alias in node.names
            if _may_go(source, node, alias, released) and _bound(alias) not in exported
        ]
        if not unused:
            continue
        new: list[str] = []
        if isinstance(node, cst.ImportFrom) and takes_names(source, node):
            new = sorted(wanted - placed)
            placed |= set(new)
        removed |= {_bound(alias) for alias in unused}
        _rewrite_names(source, edits, node, unused, [sdk_import(name) or name for name in new])
    return edits.apply(source.text), removed, placed


def _may_go(
    source: Source, node: cst.Import | cst.ImportFrom, alias: cst.ImportAlias, released: set[str]
) -> bool:
    """Whether an import is of the SDK, lost a use, and has no other."""
    name = _bound(alias)
    if isinstance(node, cst.Import):
        return False
    if node.relative or dotted_name(node.module) not in ("inngest", "inngest.fast_api"):
        return False
    if dotted_name(alias.name) not in GONE and name not in released:
        return False
    scope = source.scope(node)
    return not source.references(scope, name) or dotted_name(alias.name) in GONE


def _bound(alias: cst.ImportAlias) -> str:
    return dotted_name(alias.asname.name if alias.asname else alias.name) or ""


def _exported(source: Source) -> set[str]:
    for each in source.top.assignments:
        if each.name == "__all__":
            statement = source.code(source.statement(each.node))  # type: ignore[attr-defined]
            return set(re.findall(r"""["'](\w+)["']""", statement))
    return set()


def _rewrite_names(
    source: Source,
    edits: Edits,
    node: cst.Import | cst.ImportFrom,
    unused: list[cst.ImportAlias],
    new: list[str],
) -> None:
    names = [each for each in node.names if isinstance(each, cst.ImportAlias)]  # type: ignore[union-attr]
    going = list(unused)
    if new:
        first = going.pop(0)
        edits.replace(source.start(first), source.end(first), ", ".join(new))
    if len(unused) == len(names) and not new:
        _remove_statement(source, edits, node)
        return
    kept = [each for each in names if not any(each is gone for gone in going)]
    for alias in going:
        _remove_alias(source, edits, alias, names, kept)


def _remove_alias(
    source: Source,
    edits: Edits,
    alias: cst.ImportAlias,
    names: list[cst.ImportAlias],
    kept: list[cst.ImportAlias],
) -> None:
    text = source.text
    start, end = source.start(alias), source.end(alias)
    index = next(i for i, each in enumerate(names) if each is alias)
    comma = re.compile(r"[ \t]*,").match(text, end)
    is_continued = re.search(r"\\\r?\n[ \t]*$", text[:start]) is not None
    alone_before = not text[source.line_start(start) : start].strip() and not is_continued
    after = comma.end() if comma else end
    rest = text[after : source.line_end(after)]
    if alone_before and (not rest.strip() or rest.strip().startswith("#")):
        if not rest.strip():
            edits.replace(source.line_start(start), source.next_line(after), "")
        else:
            blank = len(rest) - len(rest.lstrip(" \t"))
            edits.replace(start, after + blank, "")
        return
    is_last = not any(each is later for later in names[index + 1 :] for each in kept)
    if is_last and kept:
        # Everything behind goes, so the comma before it does; one by one, from the left.
        before = re.sub(r"(\\\r?\n|[ \t])+$", "", text[:start])
        if before.endswith(","):
            edits.replace(len(before) - 1, end, "")
            return
    blank = len(rest) - len(rest.lstrip(" \t"))
    edits.replace(start, after + blank, "")


def _remove_statement(source: Source, edits: Edits, node: cst.CSTNode) -> None:
    """Take a statement out: its line, or `pass` in its place where a block would be empty.

    A guarded import, `try: ... except ImportError: x = None`, goes with its guard.
    """
    guard = _guard(source, node)
    statement = guard or source.statement(node)
    text = source.text
    start, end = source.start(statement), source.end(statement)
    line_start, line_end = source.line_start(start), source.line_end(end)
    is_whole_line = isinstance(statement, cst.Try) or len(getattr(statement, "body", ())) == 1
    if not is_whole_line:
        start, end = source.start(node), source.end(node)
        follower = re.compile(r"[ \t]*;[ \t]*(?=[^\s#])").match(text, end)
        edits.replace(start, follower.end() if follower else end, "" if follower else "pass")
        return
    if text[line_start:start].strip():
        edits.replace(start, end, "pass")
        return
    block = source.parent(statement)
    siblings = getattr(block, "body", ())
    trailing = text[end:line_end].strip()
    if isinstance(block, cst.IndentedBlock) and len(siblings) == 1:
        edits.replace(start, end, "pass")
    elif trailing:
        edits.replace(start, end + len(text[end:line_end]) - len(text[end:line_end].lstrip()), "")
    else:
        edits.replace(line_start, _past_blank_lines(source, line_start, source.next_line(end)), "")


def _past_blank_lines(source: Source, start: int, end: int) -> int:
    """Where a removal ends, so that it leaves no more blank lines than stood on either side."""
    text = source.text
    before = re.search(r"(?:^|\n)((?:[ \t]*\r?\n)*)$", text[:start])
    blank_before = before[1].count("\n") if before else 0
    if start == 0:
        blank_before = 99
    position = end
    while blank_before and position < len(text):
        line_end = source.next_line(position)
        if text[position:line_end].strip():
            break
        position = line_end
        blank_before -= 1
    return position


def _guard(source: Source, node: cst.CSTNode) -> cst.Try | None:
    """The `try` around an import alone, whose handlers only bind its names to None."""
    statement = source.statement(node)
    block = source.parent(statement)
    guard = source.parent(block) if block is not None else None
    if not isinstance(guard, cst.Try) or guard.body is not block or guard.orelse or guard.finalbody:
        return None
    names = {_bound(alias) for alias in node.names}  # type: ignore[attr-defined]
    if len(guard.body.body) != 1 or comments(source.code(guard)):
        return None
    for handler in guard.handlers:
        for line in handler.body.body:
            for small in getattr(line, "body", (line,)):
                is_pass = isinstance(small, cst.Pass)
                is_none = (
                    isinstance(small, cst.Assign)
                    and source.code(small.value) == "None"
                    and all(dotted_name(t.target) in names for t in small.targets)
                )
                if not is_pass and not is_none:
                    return None
    return guard


def sdk_import(name: str) -> str | None:
    """What to import of the SDK for a name: `Context`, or `Context as InngestContext`."""
    if name in sdk.PUBLIC:
        return name
    bare = name.removeprefix("Inngest")
    if bare != name and bare in ("Context", "ContextSync"):
        return f"{bare} as {name}"
    return None


def takes_names(source: Source, node: cst.ImportFrom) -> bool:
    """Whether names may be added to an import: it is run, whatever comes, for the whole module."""
    if node.relative or isinstance(node.names, cst.ImportStar):
        return False
    if dotted_name(node.module) != "inngest":
        return False
    return source.scope(node) is source.top and not source.is_type_checking(node)
