"""What the names in a module's source mean: which function, or where something comes from."""

import ast
import re
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Owner = ast.Module | Function

# What a name means: a function of this module; where an import comes from, as `datetime.datetime`;
# `@name` for a parameter; `?name` for any other local value.
Scope = dict[str, Function | str]


def read_scopes(owner: Owner, outer: Scope) -> Iterator[tuple[Owner, Scope]]:
    """A module and all functions in it, each with what names mean there."""
    nodes = list(own_nodes(owner))
    in_classes = {
        child for node in nodes if isinstance(node, ast.ClassDef) for child in ast.walk(node)
    }
    visible = [node for node in nodes if node not in in_classes]
    scope = outer | {name: f"?{name}" for name in _find_assigned(visible)}
    if not isinstance(owner, ast.Module):
        arguments = [node.arg for node in ast.walk(owner.args) if isinstance(node, ast.arg)]
        scope |= {name: f"@{name}" for name in arguments}
    for node in visible:
        scope |= _read_meanings(node, scope)
    yield owner, scope
    for function in (node for node in nodes if isinstance(node, Function)):
        yield from read_scopes(function, scope)


def _find_assigned(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _read_meanings(node: ast.AST, scope: Scope) -> Scope:
    """The names that an import, a function or `name = a.b.c` defines, and what each means."""
    match node:
        case ast.Import():
            return {alias.asname or alias.name: alias.name for alias in node.names}
        case ast.ImportFrom():
            module = "." * node.level + (node.module or "")
            dot = "" if module.endswith(".") or not module else "."
            return {
                alias.asname or alias.name: f"{module}{dot}{alias.name}" for alias in node.names
            }
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return {node.name: node}
        case ast.Assign(targets=[ast.Name(name)], value=ast.Name() | ast.Attribute() as value):
            return {name: resolve(value, scope)}
    return {}


def resolve(node: ast.expr, scope: Scope) -> str:
    """Code with its first name as where that comes from.

    `dt.now` is `datetime.datetime.now`; a parameter `x` is `@x`, another local value `?x`.
    """
    first, rest = re.split(r"(?!\w)", ast.unparse(node), maxsplit=1)
    meaning = scope.get(first)
    return (meaning if isinstance(meaning, str) else first) + rest


def own_nodes(owner: Owner) -> Iterator[ast.AST]:
    """What is evaluated when this runs, in order: not the bodies of the functions in it."""
    todo: list[ast.AST] = [owner.body] if isinstance(owner, ast.Lambda) else [*owner.body]
    while todo:
        node = todo.pop(0)
        yield node
        if isinstance(node, Function):
            todo[:0] = [node.args, *decorators(node)]
        else:
            todo[:0] = ast.iter_child_nodes(node)


def decorators(function: Function) -> list[ast.expr]:
    return [] if isinstance(function, ast.Lambda) else function.decorator_list


def find_called(nodes: Iterable[ast.AST], scope: Scope) -> set[Function]:
    """The module's functions that are called by name in these nodes."""
    return set(look_up((node.func for node in nodes if isinstance(node, ast.Call)), scope))


def look_up(names: Iterable[ast.AST], scope: Scope) -> Iterator[Function]:
    for name in names:
        meaning = scope.get(name.id) if isinstance(name, ast.Name) else None
        if isinstance(meaning, Function):
            yield meaning
