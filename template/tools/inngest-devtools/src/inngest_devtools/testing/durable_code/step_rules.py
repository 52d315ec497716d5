"""Rules for what stands around steps: concurrency, exceptions, loops, and their ids."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Self

from inngest_devtools.testing.durable_code.finding import Finding, hint, mistake
from inngest_devtools.testing.durable_code.module import Module
from inngest_devtools.testing.durable_code.names import (
    Function,
    Owner,
    Scope,
    decorators,
    find_read,
    own_nodes,
    parameters,
    resolve,
)
from inngest_devtools.words import t

GATHER = re.compile(
    r"asyncio\.(gather|wait|as_completed|ensure_future)|(asyncio|.*loop(\(\))?)\.create_task"
)
TASK_GROUP = re.compile(r"asyncio\.TaskGroup|anyio\.create_task_group")
SET = re.compile(r"(set|frozenset)\(.*", re.DOTALL)
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp
Loop = ast.For | ast.AsyncFor
Try = ast.Try | ast.TryStar


def check_steps(function: Owner, module: Module) -> Iterator[Finding]:
    """Check the steps of handler code, and what is around them."""
    for node in own_nodes(function):
        if isinstance(node, ast.Call):
            yield from _check_gather(node, function, module)
            yield from _check_nested(node, function, module)
            yield from _check_parallel(node, function, module)
        elif isinstance(node, Try):
            yield from _check_try(node, function, module)
        elif isinstance(node, ast.With | ast.AsyncWith):
            for manager in (item.context_expr for item in node.items):
                if isinstance(manager, ast.Call):
                    yield from _check_with(manager, node.body, function, module)
        elif isinstance(node, Loop):
            yield from _check_loop(node, function, module)
    yield from _check_step_ids(function, module)


# --- Concurrency


def _check_gather(call: ast.Call, function: Owner, module: Module) -> Iterator[Finding]:
    name = resolve(call.func, module.scopes[function])
    is_group = TASK_GROUP.fullmatch(name)
    if not is_group and not GATHER.fullmatch(name):
        return
    given = [*call.args, *_find_values(find_read(call), function)]
    if _may_have_step(given, function, module):
        yield _refuse_task_group(call) if is_group else _refuse_gather(call)


def _refuse_gather(call: ast.Call) -> Finding:
    code = ast.unparse(call.func)
    message = t("{code} around steps runs them twice: use ctx.group.parallel", code=code)
    return mistake(call, message)


def _refuse_task_group(call: ast.Call) -> Finding:
    code = ast.unparse(call.func)
    message = t("{code} around steps fails the run: use ctx.group.parallel", code=code)
    return mistake(call, message)


def _find_values(names: set[str], function: Owner) -> Iterator[ast.AST]:
    """What a function assigns to some names, or appends to lists of these names."""
    for node in own_nodes(function):
        match node:
            case ast.Assign(targets=[ast.Name(name)], value=value) if name in names:
                yield value
            case ast.Call(func=ast.Attribute(value=ast.Name(name), attr="append" | "extend")):
                if name in names:
                    yield from node.args


def _may_have_step(nodes: list[ast.AST], function: Owner, module: Module) -> bool:
    return module.has_step(nodes, function) or module.hands_context_on(nodes, function)


def _check_parallel(call: ast.Call, function: Owner, module: Module) -> Iterator[Finding]:
    """What is built for `ctx.group.parallel`, in its call or before it."""
    scope = module.scopes[function]
    if not module.is_parallel(call, scope):
        return
    built = [*call.args, *_find_values(find_read(call), function)]
    comprehensions = {
        node for each in built for node in ast.walk(each) if isinstance(node, Comprehension)
    }
    for comprehension in comprehensions:
        source = comprehension.generators[0].iter
        if _is_set(source, function, scope):
            code = ast.unparse(source)
            yield mistake(
                source,
                t("{code} has another order in another process: use sorted(...)", code=code),
            )
        is_lazy = isinstance(comprehension, ast.GeneratorExp) and comprehension in call.args
        if not is_lazy:
            targets = _find_stored(comprehension.generators)
            yield from _check_late_binding([comprehension.elt], targets, function, module)


def _is_set(node: ast.expr, function: Owner, scope: Scope) -> bool:
    if isinstance(node, ast.Name):
        values = list(_find_values({node.id}, function))
        return len(values) == 1 and _is_new_set(values[0], scope)
    return _is_new_set(node, scope)


def _is_new_set(node: ast.AST, scope: Scope) -> bool:
    if isinstance(node, ast.Call):
        return bool(SET.fullmatch(resolve(node, scope)))
    return isinstance(node, ast.Set | ast.SetComp)


def _check_loop(loop: Loop, function: Owner, module: Module) -> Iterator[Finding]:
    """Lambdas that a loop leaves for a `parallel` after it."""
    scope = module.scopes[function]
    inside = [node for statement in loop.body for node in ast.walk(statement)]
    if any(module.is_parallel(node, scope) for node in inside):
        return
    appended = [
        argument
        for node in inside
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "append"
        for argument in node.args
    ]
    yield from _check_late_binding(appended, _find_stored([loop.target]), function, module)


def _check_late_binding(
    nodes: Iterable[ast.AST], targets: set[str], function: Owner, module: Module
) -> Iterator[Finding]:
    """A lambda reads a loop's variable when it is called, after the loop's end."""
    for node in (child for each in nodes for child in ast.walk(each)):
        if not isinstance(node, ast.Lambda) or node not in module.step_holders:
            continue
        late = find_read(node.body) & targets - {each.arg for each in parameters(node)}
        for name in sorted(late):
            yield mistake(
                node,
                t(
                    "this lambda sees the last {name} only: hand it over by functools.partial, or "
                    "as lambda {name}={name}: ...",
                    name=name,
                ),
            )


def _find_stored(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that are bound in some nodes."""
    inside = (child for node in nodes for child in ast.walk(node))
    return {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


# --- Exceptions


def _check_with(
    manager: ast.Call, body: list[ast.stmt], function: Owner, module: Module
) -> Iterator[Finding]:
    name = resolve(manager.func, module.scopes[function])
    nodes: list[ast.AST] = [*body]
    if TASK_GROUP.fullmatch(name) and _may_have_step(nodes, function, module):
        yield _refuse_task_group(manager)
    if name != "contextlib.suppress" or not module.has_step(nodes, function):
        return
    caught = {ast.unparse(each) for each in manager.args}
    if "BaseException" in caught:
        yield mistake(manager, _say_loses(ast.unparse(manager)))
    elif "Exception" in caught:
        yield hint(manager, _say_hides(ast.unparse(manager)))


def _say_loses(what: str) -> str:
    return t("{what} around a step loses its result: catch inngest.StepError", what=what)


def _say_hides(what: str) -> str:
    return t(
        "{what} hides the error, which ends the retries: let it raise, or catch inngest.StepError "
        "where a step has failed for good",
        what=what,
    )


def _check_try(node: Try, function: Owner, module: Module) -> Iterator[Finding]:
    has_step = module.has_step(node.body, function)
    for clause in node.handlers:
        what = f"except {ast.unparse(clause.type)}" if clause.type else t("a bare except")
        in_clause = module.has_step(clause.body, function)
        if has_step and _catches_interrupt(clause) and (in_clause or not _raises_again(clause)):
            yield mistake(clause, _say_loses(what))
        elif _swallows(clause) and (has_step or (function in module.handlers and _returns(clause))):
            yield hint(clause, _say_hides(what))
        if has_step and _waits_in_vain(clause, node, function, module):
            yield mistake(
                clause,
                t(
                    "{what} never sees a NonRetriableError, which ends the run: let the step "
                    "return an outcome",
                    what=what,
                ),
            )
    if has_step and module.has_step(node.finalbody, function):
        yield mistake(
            node.finalbody[0],
            t("a step in finally runs the one in try twice: put it after the try"),
        )


def _swallows(clause: ast.ExceptHandler) -> bool:
    """Whether a clause catches whatever is an Exception, and raises nothing."""
    names = {ast.unparse(each) for each in _caught(clause)} or {"BaseException"}
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(clause))
    return bool(names & {"Exception", "BaseException"}) and not raises


def _caught(clause: ast.ExceptHandler) -> list[ast.expr]:
    if clause.type is None:
        return []
    return clause.type.elts if isinstance(clause.type, ast.Tuple) else [clause.type]


def _catches_interrupt(clause: ast.ExceptHandler) -> bool:
    passes_on = f"if not isinstance({clause.name}, Exception):\n    raise"
    if ast.unparse(clause.body[0]) == passes_on:
        return False
    return clause.type is None or any(
        ast.unparse(each) == "BaseException" for each in _caught(clause)
    )


def _raises_again(clause: ast.ExceptHandler) -> bool:
    leaves = any(
        isinstance(node, ast.Return | ast.Break | ast.Continue) for node in ast.walk(clause)
    )
    return ast.unparse(clause.body[-1]) in {"raise", f"raise {clause.name}"} and not leaves


def _returns(clause: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Return) for node in ast.walk(clause))


def _waits_in_vain(clause: ast.ExceptHandler, node: Try, function: Owner, module: Module) -> bool:
    """Whether a step's function raises a NonRetriableError, and only `StepError` is caught.

    Where the handler has an `on_failure`, what is to be done then has its place.
    """
    scope = module.scopes[function]
    if clause.type is None or resolve(clause.type, scope) != "inngest.StepError":
        return False
    if isinstance(function, ast.Module) or _has_on_failure(function):
        return False
    inside = [child for statement in node.body for child in ast.walk(statement)]
    calls = [child for child in inside if isinstance(child, ast.Call)]
    functions = [each for call in calls for each in module.find_handed(call, scope)]
    return any(_raises_non_retriable(each, module.scopes[each]) for each in functions)


def _has_on_failure(function: Function) -> bool:
    keywords = [
        keyword.arg
        for each in decorators(function)
        if isinstance(each, ast.Call)
        for keyword in each.keywords
    ]
    return "on_failure" in keywords


def _raises_non_retriable(function: Function, scope: Scope) -> bool:
    for node in own_nodes(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if resolve(error, scope) == "inngest.NonRetriableError":
                return True
    return False


# --- Steps in steps, and the ids of steps


def _check_nested(call: ast.Call, function: Owner, module: Module) -> Iterator[Finding]:
    """A step whose function has steps itself."""
    for handed in module.find_handed(call, module.scopes[function]):
        if handed in module.step_holders:
            code = ast.unparse(call.args[1])
            yield mistake(
                call.args[1],
                t(
                    "{code} is a step in a step, which fails the run: call it after that step",
                    code=code,
                ),
            )


Branches = dict[ast.AST, str]  # which branch of each `if`, `try` or `match` a call is in


@dataclass(frozen=True)
class _Step:
    """A step whose id is a plain text."""

    call: ast.Call
    id: str
    branches: Branches
    in_loop: bool

    def excludes(self, other: Self) -> bool:
        """Whether the two are in different branches of one statement: only one of them runs."""
        theirs = other.branches
        return any(theirs.get(node, branch) != branch for node, branch in self.branches.items())


def _check_step_ids(function: Owner, module: Module) -> Iterator[Finding]:
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    steps = list(_find_steps(body, module, module.scopes[function], {}, in_loop=False))
    for step in steps:
        if step.in_loop:
            message = t(
                "{id} is the id of a step in a loop: put what differs into it, as in "
                "f'{name}-{{index}}'",
                id=repr(step.id),
                name=step.id,
            )
            yield mistake(step.call, message)
    for first, second in combinations(steps, 2):
        if first.id == second.id and not first.excludes(second):
            message = t(
                "{id} is the id of two steps: give each its own, or a replay may mix them up",
                id=repr(second.id),
            )
            yield mistake(second.call, message)


def _find_steps(
    nodes: Iterable[ast.AST], module: Module, scope: Scope, branches: Branches, *, in_loop: bool
) -> Iterator[_Step]:
    branches = dict(branches)
    for node in nodes:
        if isinstance(node, Function):
            continue  # has steps of its own
        if isinstance(node, ast.Call) and module.is_step(node.func, scope) and node.args:
            id = node.args[0]
            if isinstance(id, ast.Constant) and isinstance(id.value, str):
                yield _Step(node, id.value, branches, in_loop)
        within = in_loop or isinstance(node, Loop | ast.While | Comprehension)
        for name, children in _children_by_field(node):
            has_branches = isinstance(node, ast.If | ast.IfExp | ast.Match | ast.Try)
            if not has_branches or name == "test":
                yield from _find_steps(children, module, scope, branches, in_loop=within)
                continue
            for number, child in enumerate(children):
                branch = f"{name} {number}" if isinstance(node, ast.Match) else name
                inner = branches | {node: branch}
                yield from _find_steps([child], module, scope, inner, in_loop=within)
        if isinstance(node, ast.If) and _leaves(node.body):
            branches[node] = "orelse"  # what follows is only reached without the body


def _children_by_field(node: ast.AST) -> Iterator[tuple[str, list[ast.AST]]]:
    for name, field in ast.iter_fields(node):
        children = field if isinstance(field, list) else [field]
        yield name, [child for child in children if isinstance(child, ast.AST)]


def _leaves(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)
