"""Edits of a function's text: its parameters, its type comment, the top of its body."""

import re

import libcst as cst
from inngest_devtools.migrate.functions import Handler
from inngest_devtools.migrate.source import Source, skip_blank
from inngest_devtools.migrate.work import Work

TYPE_COMMENT = re.compile(r"[ \t]*#\s*type:\s*\(([^()]*)\)\s*->")


# After these two lines, PEP 8 wants a blank one before a function inside of a function.
NESTED = cst.FunctionDef | cst.ClassDef


def insert_parameter(handler: Handler, work: Work, new: str) -> None:
    source, function = handler.source, handler.node
    params = function.params
    everything: list[cst.CSTNode] = [*params.posonly_params, *params.params]
    if handler.skip:
        bound = everything[0]
        assert isinstance(bound, cst.Param)
        work.edits.insert(span(source, bound)[1], f", {new}")
        return
    after = function.type_parameters or function.name
    start = source.text.index("(", source.end(after)) + 1
    is_empty = source.text[skip_blank(source.text, start)] == ")"
    work.edits.insert(start, new if is_empty else f"{new}, ")


def remove_parameter(handler: Handler, work: Work, param: cst.Param) -> None:
    """Take a parameter out of the list, with its comma; a comment beside it stays."""
    source, text = handler.source, handler.source.text
    start, end = span(source, param)
    work.release(param.annotation)
    if any(param is each for each in handler.node.params.kwonly_params):
        start = text.rindex("*", 0, start)  # a star needs a parameter behind it
    after = re.compile(r"[ \t]*").match(text, end)
    comma = after.end() if after and text[after.end() : after.end() + 1] == "," else None
    if not text[source.line_start(start) : start].strip():
        end = comma + 1 if comma is not None else end
        rest = text[end : source.line_end(end)]
        if not rest.strip():
            work.edits.replace(source.line_start(start), source.next_line(end), "")
        else:
            spaces = len(rest) - len(rest.lstrip(" \t"))
            work.edits.replace(start, end + spaces, "")
        return
    before = text[:start].rstrip()
    if before.endswith(","):
        work.edits.replace(len(before) - 1, end, "")
        return
    if comma is not None:
        end = comma + 1
        end += len(text[end : source.line_end(end)]) - len(
            text[end : source.line_end(end)].lstrip(" \t")
        )
    work.edits.replace(start, end, "")


def span(source: Source, param: cst.Param) -> tuple[int, int]:
    """A parameter with its star, annotation and default, without its comma."""
    end = source.end(param.name)
    if param.annotation is not None:
        end = source.outer_span(param.annotation.annotation)[1]
    if param.default is not None:
        end = source.outer_span(param.default)[1]
    return source.start(param), end


def correct_type_comment(
    handler: Handler,
    work: Work,
    removed: list[int],
    everything: list[cst.Param],
    event: cst.Param | None,
    annotation: str,
) -> None:
    """`# type: (inngest.Context, inngest.Step) -> str` below the header loses its second type."""
    source = handler.source
    line = _first_line_of_body(handler.node, source)
    match = TYPE_COMMENT.match(source.text, line) if line is not None else None
    if match is None:
        return
    types = [each.strip() for each in match[1].split(",") if each.strip()]
    index = next((i for i, p in enumerate(everything) if p is event), None)
    if index is not None and index < len(types) and index not in removed:
        types[index] = annotation
    kept = [each for i, each in enumerate(types) if i not in removed]
    work.released |= {part for each in types for part in each.split(".")}
    work.edits.replace(match.start(1), match.end(1), ", ".join(kept))


def insert_at_top(handler: Handler, work: Work, lines: list[str]) -> None:
    """Put statements at the beginning of a function's body, after its docstring."""
    source, function = handler.source, handler.node
    if not lines:
        return
    body = function.body
    if isinstance(body, cst.SimpleStatementSuite):
        small = body.body[1:] if _is_docstring(body.body[0]) and len(body.body) > 1 else body.body
        work.edits.insert(source.start(small[0]), "; ".join(lines) + "; ")
        return
    first = body.body[0]
    newline = source.newline
    indent = source.indent(source.start(first)) if not _shares_line(source, first) else ""
    statements = list(body.body)
    has_docstring = isinstance(first, cst.SimpleStatementLine) and _is_docstring(first.body[0])
    if has_docstring and isinstance(first, cst.SimpleStatementLine) and len(first.body) > 1:
        work.edits.insert(source.start(first.body[1]), "; ".join(lines) + "; ")
        return
    following = statements[1] if has_docstring and len(statements) > 1 else first
    if has_docstring:
        position = source.next_line(source.end(first))
    else:
        position = _first_line_of_body(function, source) or source.line_start(source.start(first))
        if TYPE_COMMENT.match(source.text, position):
            position = source.next_line(position)
    text = "".join(f"{indent}{line}{newline}" for line in lines)
    follows_at_once = bool(source.text[position : source.line_end(position)].strip())
    if isinstance(following, NESTED) and follows_at_once:
        text += newline
    work.edits.insert(position, text)


def _first_line_of_body(function: cst.FunctionDef, source: Source) -> int | None:
    """Where the line after the header begins; None if the body is on the header's line."""
    if not isinstance(function.body, cst.IndentedBlock):
        return None
    first = function.body.body[0]
    # The colon is the last token before the body: comments may stand between.
    start = source.start(first)
    header = source.end(function.returns.annotation) if function.returns else None
    if header is None:
        header = _closing_bracket(source, function)
    return source.next_line(source.text.index(":", header, start))


def _closing_bracket(source: Source, function: cst.FunctionDef) -> int:
    params = function.params
    last = [*params.posonly_params, *params.params, *params.kwonly_params]
    ends = [span(source, each)[1] for each in last]
    for star in (params.star_arg, params.star_kwarg):
        if isinstance(star, cst.Param):
            ends.append(span(source, star)[1])
    after = function.type_parameters or function.name
    position = max([*ends, source.text.index("(", source.end(after)) + 1])
    while source.text[position] != ")":
        position = skip_blank(source.text, position + (source.text[position] in ",/*"))
    return position


def _shares_line(source: Source, node: cst.CSTNode) -> bool:
    start = source.start(node)
    return bool(source.text[source.line_start(start) : start].strip())


def _is_docstring(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.Expr):
        return False
    return isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)
