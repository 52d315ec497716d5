"""Finds what the Inngest SDK punishes silently, in source code that it reads but does not import.

Inngest runs *handler code* again at every step: handlers, functions that hold a step, and what
these call by name. A function that is handed over, as to `ctx.step.run`, is a step's own code: it
may do all of this.
"""

import ast
import re
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Owner = ast.Module | Function
Scope = dict[
    str, Function | str
]  # what a name means: a function of this module, or where it comes from

STEP = r"\b(step\.(run|sleep(_until)?|wait_for_event|invoke(_by_id)?|send_event|ai\.infer)|group\.parallel)$"
AROUND_STEPS = {
    r"asyncio\.(gather|wait|as_completed|ensure_future)"
    r"|(asyncio|.*loop(\(\))?)\.create_task": "runs them twice: use ctx.group.parallel",
    r"asyncio\.TaskGroup|anyio\.create_task_group": "fails the run: use ctx.group.parallel",
}
# a generator that is made with a seed is left out: it is the same at every replay
OUTSIDE_STEPS = {
    r".*client\.send(_sync)?|server\.events\.send_event": "sends again at every replay: use ctx.step.send_event",
    r"(datetime\.date(time)?|pendulum|arrow)\.(now|utcnow|today)|time\.(time|monotonic|perf_counter)(_ns)?"
    r"|(numpy\.)?random\.(?!([A-Z]\w+|default_rng)$)\w+|secrets\.(?!compare_digest$)\w+|os\.urandom"
    r"|uuid\.uuid[1467]": "differs at every replay: call it in a step's function",
}
LOSES = "around a step loses its result: catch inngest.StepError"


def find_mistakes(source: str | bytes, path: str) -> list[str]:
    """What to change in a module, one line each: `path:line: what is wrong: what to do`."""
    mistakes = sorted(_Module(ast.parse(source, path)).find_mistakes())
    return [f"{path}:{line}: {message}" for line, message in mistakes]


class _Module:
    def __init__(self, tree: ast.Module) -> None:
        self.scopes = dict(_read_scopes(tree, {}))
        self.calls = {
            owner: _find_called(_own_nodes(owner), scope) for owner, scope in self.scopes.items()
        }
        self.step_holders = {
            owner for owner, scope in self.scopes.items() if _has_own_step(_own_nodes(owner), scope)
        }
        while (
            callers := {owner for owner in self.scopes if self.calls[owner] & self.step_holders}
            - self.step_holders
        ):
            self.step_holders |= callers

    def find_mistakes(self) -> Iterator[tuple[int, str]]:
        for function in self._find_handler_code():
            scope = self.scopes[function]
            has_step = self._has_step([function], function) or _hands_on_context(function)
            for node in _own_nodes(function):
                if isinstance(node, ast.Call):
                    yield from _check_call(
                        node, scope, AROUND_STEPS if has_step else {}, "around steps"
                    )
                    yield from _check_call(node, scope, OUTSIDE_STEPS, "outside a step")
                elif isinstance(node, ast.Try | ast.TryStar) and self._has_step(
                    node.body, function
                ):
                    yield from self._check_try(node, function)
                elif isinstance(node, ast.With) and self._has_step(node.body, function):
                    yield from _check_with(node, scope)

    def _find_handler_code(self) -> set[Owner]:
        found: set[Owner] = {*self._find_handlers(), *self.step_holders}
        while called := {callee for function in found for callee in self.calls[function]} - found:
            found |= called
        return found

    def _find_handlers(self) -> Iterator[Function]:
        for owner, scope in self.scopes.items():
            for node in _own_nodes(owner):
                if isinstance(node, ast.keyword) and node.arg == "on_failure":
                    yield from _look_up(ast.walk(node.value), scope)
                elif isinstance(node, Function):
                    yield from (
                        node
                        for each in _decorators(node)
                        if "create_function(" in _resolve(each, scope)
                    )

    def _check_try(self, node: ast.Try | ast.TryStar, function: Owner) -> Iterator[tuple[int, str]]:
        for clause in node.handlers:
            if _catches_interrupt(clause) and (
                self._has_step(clause.body, function) or not _raises_again(clause)
            ):
                what = f"except {ast.unparse(clause.type)}" if clause.type else "a bare except"
                yield clause.lineno, f"{what} {LOSES}"
        if self._has_step(node.finalbody, function):
            yield (
                node.finalbody[0].lineno,
                "a step in finally runs the one in try twice: put it after the try",
            )

    def _has_step(self, nodes: Iterable[ast.AST], function: Owner) -> bool:
        """Whether a step is in these nodes of a function, or in another function that they call by
        name.
        """
        inside, scope = [child for node in nodes for child in ast.walk(node)], self.scopes[function]
        return _has_own_step(inside, scope) or not _find_called(inside, scope).isdisjoint(
            self.step_holders
        )


def _check_call(
    call: ast.Call, scope: Scope, rules: dict[str, str], place: str
) -> Iterator[tuple[int, str]]:
    name = _resolve(call.func, scope) + ("" if call.args or call.keywords else "()")
    messages = (
        message for rule, message in rules.items() if re.fullmatch(rf"({rule})(\(\))?", name)
    )
    yield from (
        (call.lineno, f"{ast.unparse(call.func)} {place} {message}") for message in messages
    )


def _check_with(node: ast.With, scope: Scope) -> Iterator[tuple[int, str]]:
    for manager in (item.context_expr for item in node.items):
        if re.match(r"contextlib\.suppress\(.*\bBaseException\b", _resolve(manager, scope)):
            yield manager.lineno, f"{ast.unparse(manager)} {LOSES}"


def _read_scopes(owner: Owner, outer: Scope) -> Iterator[tuple[Owner, Scope]]:
    nodes = list(_own_nodes(owner))
    in_classes = {
        child for node in nodes if isinstance(node, ast.ClassDef) for child in ast.walk(node)
    }
    visible = [node for node in nodes if node not in in_classes]
    scope = outer | {name: f"?{name}" for name in _find_assigned(owner, visible)}
    for node in visible:
        scope |= _read_meanings(node, scope)
    yield owner, scope
    for function in (node for node in nodes if isinstance(node, Function)):
        yield from _read_scopes(function, scope)


def _find_assigned(owner: Owner, nodes: Iterable[ast.AST]) -> Iterator[str]:
    if not isinstance(owner, ast.Module):
        yield from (node.arg for node in ast.walk(owner.args) if isinstance(node, ast.arg))
    yield from (
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )


def _read_meanings(node: ast.AST, scope: Scope) -> Scope:
    """The names that an import, a function or `name = a.b.c` defines, and what each means."""
    match node:
        case ast.Import():
            return {alias.asname or alias.name: alias.name for alias in node.names}
        case ast.ImportFrom():
            return {
                alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
            }
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return {node.name: node}
        case ast.Assign(targets=[ast.Name(name)], value=ast.Name() | ast.Attribute() as value):
            return {name: _resolve(value, scope)}
    return {}


def _resolve(node: ast.expr, scope: Scope) -> str:
    """Code with its first name as where that comes from: `dt.now` is `datetime.datetime.now`, a
    local `x` is `?x`.
    """
    first, rest = re.split(r"(?!\w)", ast.unparse(node), maxsplit=1)
    meaning = scope.get(first)
    return (meaning if isinstance(meaning, str) else first) + rest


def _own_nodes(owner: Owner) -> Iterator[ast.AST]:
    """What is evaluated when this runs, in order: not the bodies of the functions that it defines.
    """
    todo: list[ast.AST] = [owner.body] if isinstance(owner, ast.Lambda) else [*owner.body]
    while todo:
        node = todo.pop(0)
        yield node
        todo[:0] = (
            [node.args, *_decorators(node)]
            if isinstance(node, Function)
            else ast.iter_child_nodes(node)
        )


def _decorators(function: Function) -> list[ast.expr]:
    return [] if isinstance(function, ast.Lambda) else function.decorator_list


def _find_called(nodes: Iterable[ast.AST], scope: Scope) -> set[Function]:
    return set(_look_up((node.func for node in nodes if isinstance(node, ast.Call)), scope))


def _look_up(names: Iterable[ast.AST], scope: Scope) -> Iterator[Function]:
    meanings = (scope.get(name.id) for name in names if isinstance(name, ast.Name))
    return (function for function in meanings if isinstance(function, Function))


def _has_own_step(nodes: Iterable[ast.AST], scope: Scope) -> bool:
    return any(
        re.search(STEP, _resolve(node, scope))
        for node in nodes
        if isinstance(node, ast.Name | ast.Attribute)
    )


def _hands_on_context(function: Owner) -> bool:
    """Whether it calls a function with its context: the steps may be in there, and that in another
    module.
    """
    nodes = list(ast.walk(function))
    contexts = {
        node.arg for node in nodes if isinstance(node, ast.arg) and "Context" in ast.unparse(node)
    }
    arguments = {
        ast.unparse(arg) for node in nodes if isinstance(node, ast.Call) for arg in node.args
    }
    return not contexts.isdisjoint(arguments)


def _catches_interrupt(clause: ast.ExceptHandler) -> bool:
    caught = clause.type.elts if isinstance(clause.type, ast.Tuple) else [clause.type]
    lets_pass = (
        ast.unparse(clause.body[0]) == f"if not isinstance({clause.name}, Exception):\n    raise"
    )
    return not lets_pass and any(
        each is None or ast.unparse(each) == "BaseException" for each in caught
    )


def _raises_again(clause: ast.ExceptHandler) -> bool:
    leaves = any(
        isinstance(node, ast.Return | ast.Break | ast.Continue) for node in ast.walk(clause)
    )
    return ast.unparse(clause.body[-1]) in {"raise", f"raise {clause.name}"} and not leaves
