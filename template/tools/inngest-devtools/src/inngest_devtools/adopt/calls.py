"""Which functions a request reaches, as far as the names in the sources tell."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from inngest_devtools.adopt.sources import Source

ROUTE_METHODS = {"get", "post", "put", "patch", "delete", "api_route"}
# A method name that libraries have, too, says nothing about whose method it is.
COMMON = {"get", "create", "update", "delete", "save", "add", "run", "send", "close", "list", "all"}
COMMON |= {"execute", "commit", "read", "write", "start", "stop", "connect", "post", "put", "find"}
COMMON |= {"submit", "map", "result", "invoke", "apply", "publish", "emit", "dispatch", "process"}
COMMON |= {"load", "dump", "open", "query", "filter", "first", "refresh", "register", "request"}
COMMON |= {name for kind in (str, bytes, list, dict, set) for name in dir(kind)}

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Function:
    """A function or method of the project.

    Args:
        route: How a request names it, as in "POST /orders"; None for what is no route.
        reached_from: The route that calls it, however indirectly; itself for a route.
        nodes: What its body consists of, without functions and classes inside of it.
    """

    source: Source
    node: AnyFunction
    owner: str | None
    route: str | None = None
    reached_from: "Function | None" = None
    nodes: list[ast.AST] = field(default_factory=list)

    @cached_property
    def calls(self) -> list[ast.Call]:
        return [node for node in self.nodes if isinstance(node, ast.Call)]


def find_functions(sources: list[Source]) -> list[Function]:
    """Every function of the sources, with the route that reaches it."""
    functions = [one for source in sources for one in _functions_of(source)]
    _follow_calls(functions)
    return functions


def _functions_of(source: Source) -> Iterator[Function]:
    def visit(node: ast.AST, owner: str | None) -> Iterator[Function]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, AnyFunction):
                yield Function(source, child, owner, _route_of(child), nodes=list(own_nodes(child)))
                yield from visit(child, None)
            elif isinstance(child, ast.ClassDef):
                yield from visit(child, child.name)
            else:
                yield from visit(child, owner)

    return visit(source.tree, None)


def own_nodes(function: AnyFunction) -> Iterator[ast.AST]:
    """What a function's body consists of, without functions and classes inside of it."""
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, AnyFunction | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))


def name_of(node: ast.AST) -> str:
    """`a.b.c` as text; calls and subscripts inside are left out: `a().b` is "a.b"."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Await | ast.Subscript):
        return name_of(node.value)
    return ""


def _route_of(function: AnyFunction) -> str | None:
    for decorator in function.decorator_list:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
            continue
        method = decorator.func.attr
        owner = name_of(decorator.func.value).rpartition(".")[2].lower()
        is_app = owner == "api" or "app" in owner or "route" in owner
        if method in ROUTE_METHODS and is_app:
            return f"{'ROUTE' if method == 'api_route' else method.upper()} {_path_of(decorator)}"
    return None


def _path_of(decorator: ast.Call) -> str:
    paths = decorator.args[:1]
    paths += [keyword.value for keyword in decorator.keywords if keyword.arg == "path"]
    for path in paths:
        if isinstance(path, ast.Constant) and isinstance(path.value, str):
            return path.value or "/"
    return "..."


def _follow_calls(functions: list[Function]) -> None:
    by_module: dict[tuple[str, str], Function] = {}
    methods: dict[str, list[Function]] = defaultdict(list)
    for one in functions:
        if one.owner is None:
            by_module.setdefault((one.source.module, one.node.name), one)
        methods[one.node.name].append(one)
    reached = [one for one in functions if one.route]
    for one in reached:
        one.reached_from = one
    while reached:
        caller = reached.pop()
        for call in caller.calls:
            called = _resolve(call.func, caller, by_module, methods)
            if called and called.reached_from is None:
                called.reached_from = caller.reached_from
                reached.append(called)


def _resolve(
    target: ast.expr,
    caller: Function,
    by_module: dict[tuple[str, str], Function],
    methods: dict[str, list[Function]],
) -> Function | None:
    if isinstance(target, ast.Name):
        own = (caller.source.module, target.id)
        module, name = caller.source.imported_names.get(target.id, own)
        return by_module.get((module, name))
    if not isinstance(target, ast.Attribute):
        return None
    owner = name_of(target.value)
    if owner in caller.source.imported_names:
        module, name = caller.source.imported_names[owner]
        found = by_module.get((f"{module}.{name}".strip("."), target.attr))
        if found:
            return found
    named = methods[target.attr]
    if owner in ("self", "cls"):
        named = [one for one in named if one.source is caller.source and one.owner == caller.owner]
    elif target.attr in COMMON:
        return None
    return named[0] if len(named) == 1 and named[0].owner else None
