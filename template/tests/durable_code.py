"""Finds what the Inngest SDK punishes silently, in source code that it reads but does not import.

Inngest runs *handler code* again at every step: handlers, functions that hold a step, and what these call by name.
A function that is handed over, as to `ctx.step.run`, is a step's own code: it may do all of this.
"""

import ast
import re
from collections.abc import Iterable, Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Owner = ast.Module | Function
Scope = dict[str, Function]  # which function a name means

STEP = re.compile(
    r"(^|\.)(step\.(run|sleep|sleep_until|wait_for_event|invoke|invoke_by_id|send_event|ai\.infer)|group\.parallel)$"
)
AROUND_STEPS = {
    r"asyncio\.(gather|wait|as_completed|create_task|ensure_future)": "runs them twice: use ctx.group.parallel",
    r"asyncio\.TaskGroup|anyio\.create_task_group": "fails the run: use ctx.group.parallel",
}
OUTSIDE_STEPS = {  # `random.Random` is left out: with a seed it is the same at every replay
    r".*client\.send(_sync)?|server\.events\.send_event": "sends again at every replay: use ctx.step.send_event",
    r".+\.(now|utcnow|today)|time\.(time|monotonic|perf_counter)(_ns)?|os\.urandom|uuid\.uuid[1467]"
    r"|random\.(?!Random$)\w+|secrets\.(?!compare_digest$)\w+": "differs at every replay: call it in a step's function",
}


def find_mistakes(source: str | bytes, path: str) -> list[str]:
    """What to change in a module, one line each: `path:line: what is wrong: what to do`."""
    mistakes = sorted(_Module(ast.parse(source, path)).find_mistakes())
    return [f"{path}:{line}: {message}" for line, message in mistakes]


class _Module:
    def __init__(self, tree: ast.Module) -> None:
        self.imports = dict(_read_imports(tree))
        self.scopes = dict(_read_scopes(tree, {}))
        self.calls = {owner: _find_called(_own_nodes(owner), scope) for owner, scope in self.scopes.items()}
        self.step_holders = {owner for owner in self.scopes if any(map(_is_step, _own_nodes(owner)))}
        while callers := {owner for owner in self.scopes if self.calls[owner] & self.step_holders} - self.step_holders:
            self.step_holders |= callers

    def find_mistakes(self) -> Iterator[tuple[int, str]]:
        for function in self._find_handler_code():
            has_step = self._has_step([function], function) or _hands_on_context(function)
            for node in _own_nodes(function):
                if isinstance(node, ast.Call):
                    yield from self._check_call(node, AROUND_STEPS if has_step else {}, "around steps")
                    yield from self._check_call(node, OUTSIDE_STEPS, "outside a step")
                elif isinstance(node, ast.Try | ast.TryStar) and self._has_step(node.body, function):
                    yield from self._check_try(node, function)

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
                elif isinstance(node, Function) and "create_function(" in " ".join(map(ast.unparse, _decorators(node))):
                    yield node

    def _check_call(self, call: ast.Call, rules: dict[str, str], place: str) -> Iterator[tuple[int, str]]:
        name = ast.unparse(call.func)
        first, dot, rest = name.partition(".")
        imported = self.imports.get(first, first) + dot + rest
        yield from ((call.lineno, f"{name} {place} {rules[rule]}") for rule in rules if re.fullmatch(rule, imported))

    def _check_try(self, node: ast.Try | ast.TryStar, function: Owner) -> Iterator[tuple[int, str]]:
        for clause in node.handlers:
            if _catches_interrupt(clause) and (self._has_step(clause.body, function) or not _raises_again(clause)):
                what = f"except {ast.unparse(clause.type)}" if clause.type else "a bare except"
                yield clause.lineno, f"{what} around a step loses its result: catch inngest.StepError"
        if self._has_step(node.finalbody, function):
            yield node.finalbody[0].lineno, "a step in finally runs the one in try twice: put it after the try"

    def _has_step(self, nodes: Iterable[ast.AST], function: Owner) -> bool:
        """Whether a step is in these nodes of a function, or in another function that they call by name."""
        inside = [child for node in nodes for child in ast.walk(node)]
        called = _find_called(inside, self.scopes[function])
        return any(map(_is_step, inside)) or not called.isdisjoint(self.step_holders)


def _read_imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What a name in this module is where it comes from: `dt` is `datetime`, `uuid4` is `uuid.uuid4`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _read_scopes(owner: Owner, outer: Scope) -> Iterator[tuple[Owner, Scope]]:
    functions = [node for node in _own_nodes(owner) if isinstance(node, Function)]
    scope = outer | {node.name: node for node in functions if not isinstance(node, ast.Lambda)}
    yield owner, scope
    for function in functions:
        yield from _read_scopes(function, scope)


def _own_nodes(owner: Owner) -> Iterator[ast.AST]:
    """What is evaluated when this runs: not the bodies of the functions that it defines."""
    todo: list[ast.AST] = [owner.body] if isinstance(owner, ast.Lambda) else [*owner.body]
    while todo:
        node = todo.pop()
        yield node
        todo += [node.args, *_decorators(node)] if isinstance(node, Function) else ast.iter_child_nodes(node)


def _decorators(function: Function) -> list[ast.expr]:
    return [] if isinstance(function, ast.Lambda) else function.decorator_list


def _find_called(nodes: Iterable[ast.AST], scope: Scope) -> set[Function]:
    return set(_look_up((node.func for node in nodes if isinstance(node, ast.Call)), scope))


def _look_up(names: Iterable[ast.AST], scope: Scope) -> Iterator[Function]:
    return (scope[name.id] for name in names if isinstance(name, ast.Name) and name.id in scope)


def _is_step(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and STEP.search(ast.unparse(node)) is not None


def _hands_on_context(function: Owner) -> bool:
    """Whether it calls a function with its context: the steps may be in there, and that in another module."""
    nodes = list(ast.walk(function))
    contexts = {node.arg for node in nodes if isinstance(node, ast.arg) and "Context" in ast.unparse(node)}
    arguments = {ast.unparse(arg) for node in nodes if isinstance(node, ast.Call) for arg in node.args}
    return not contexts.isdisjoint(arguments)


def _catches_interrupt(clause: ast.ExceptHandler) -> bool:
    caught = clause.type.elts if isinstance(clause.type, ast.Tuple) else [clause.type]
    return any(each is None or ast.unparse(each) == "BaseException" for each in caught)


def _raises_again(clause: ast.ExceptHandler) -> bool:
    leaves = any(isinstance(node, ast.Return | ast.Break | ast.Continue) for node in ast.walk(clause))
    return ast.unparse(clause.body[-1]) == "raise" and not leaves
