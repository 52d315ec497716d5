"""What the names in a module's source mean: which function, or where something comes from."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Owner = ast.Module | Function

# What a name means: a function of this module; where an import comes from, as `datetime.datetime`;
# `@ctx` for the context that a handler is given, `@step` for its steps; `@name` for another
# parameter whose type is not said; `?name` for any other local value.
Scope = dict[str, Function | str]

SAYS_NOTHING = re.compile(r"(typing\.)?Any|object")
CONTEXT = re.compile(r"\b(inngest\.)?Context(Sync)?\b")
STEP = re.compile(r"\b(inngest\.)?Step(Sync)?\b")


def read_scopes(
    owner: Owner, outer: Scope, handlers: Collection[Owner] = ()
) -> Iterator[tuple[Owner, Scope]]:
    """A module and all functions in it, each with what names mean there.

    Args:
        owner: The module.
        outer: What names mean around it.
        handlers: The functions whose first parameter is the context, whatever it is called.
    """
    nodes = list(own_nodes(owner))
    in_classes = {
        child for node in nodes if isinstance(node, ast.ClassDef) for child in ast.walk(node)
    }
    visible = [node for node in nodes if node not in in_classes]
    scope = outer | {name: f"?{name}" for name in find_assigned(visible)}
    if not isinstance(owner, ast.Module):
        scope |= {each.arg: _read_parameter(each) for each in parameters(owner)}
        context = first_parameter(owner)
        if owner in handlers and context is not None:
            scope[context.arg] = "@ctx"
    for node in visible:
        scope |= _read_meanings(node, scope)
    yield owner, scope
    for function in (node for node in nodes if isinstance(node, Function)):
        yield from read_scopes(function, scope, handlers)


def parameters(function: Function) -> list[ast.arg]:
    return [node for node in ast.walk(function.args) if isinstance(node, ast.arg)]


def first_parameter(function: Function) -> ast.arg | None:
    """The one that a caller fills first: of a method, the one after `self`."""
    listed = [*function.args.posonlyargs, *function.args.args]
    if listed and listed[0].arg in ("self", "cls"):
        listed = listed[1:]
    return listed[0] if listed else None


def _read_parameter(parameter: ast.arg) -> str:
    name = parameter.arg
    annotation = ast.unparse(parameter.annotation) if parameter.annotation else ""
    if CONTEXT.search(annotation):
        return "@ctx"
    if STEP.search(annotation):
        return "@step"
    is_open = not annotation or SAYS_NOTHING.fullmatch(annotation)
    return f"@{name}" if is_open else f"?{name}"


def find_assigned(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def find_read(node: ast.AST) -> set[str]:
    """The names that code reads."""
    return {
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
    }


def _read_meanings(node: ast.AST, scope: Scope) -> Scope:
    """The names that an import, a function or an assignment defines, and what each means."""
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
        case ast.Assign(targets=[ast.Name(name)], value=ast.Call(func=made)):
            return {name: "?inngest_client"} if resolve(made, scope) == "inngest.Inngest" else {}
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


def own_calls(owner: Owner) -> list[ast.Call]:
    return [node for node in own_nodes(owner) if isinstance(node, ast.Call)]


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
