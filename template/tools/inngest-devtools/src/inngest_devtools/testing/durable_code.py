"""Finds what the Inngest SDK punishes silently, in source code that it reads but does not import.

Inngest runs *handler code* again at every step: handlers, functions that hold a step, and what
these call by name. A function that is handed over, as to `ctx.step.run`, is a step's own code: it
may do all of this.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from pathlib import Path

from inngest_devtools.testing._source_names import (
    Function,
    Owner,
    Scope,
    decorators,
    find_called,
    look_up,
    own_nodes,
    read_scopes,
    resolve,
)

Mistake = tuple[int, str]  # line, message

# A step of the context: the object before it is a parameter, or has a name like one.
METHOD = r"run|sleep(_until)?|wait_for_event|invoke(_by_id)?|send_event|ai\.infer"
OWNER = r"(@\w+|\??\w*(ctx|context))(\.\w+)*"
STEP = rf"{OWNER}\.(step\.({METHOD})|group\.parallel)|[@?]?\w*step\.({METHOD})|[@?]?group\.parallel"

AROUND_STEPS = {
    r"asyncio\.(gather|wait|as_completed|ensure_future)|(asyncio|.*loop(\(\))?)\.create_task": (
        "runs them twice: use ctx.group.parallel"
    ),
    r"asyncio\.TaskGroup|anyio\.create_task_group": "fails the run: use ctx.group.parallel",
}

CLOCK = (
    r"(datetime\.date(time)?|pendulum|arrow)\.(now|utcnow|today)"
    r"|time\.(time|monotonic|perf_counter)(_ns)?"
)
# A generator that is made with a seed is left out: it is the same at every replay.
CHANCE = (
    r"(numpy\.)?random\.(?!([A-Z]\w+|default_rng)$)\w+"
    r"|secrets\.(?!compare_digest$)\w+|os\.urandom|uuid\.uuid[1467]"
)
DIFFERS = "outside a step differs at every replay: call it in a step's function"
SENDS = "outside a step sends again at every replay: use ctx.step.send_event"
SEND_FUNCTION = r"(.*\.)?(events|sending)\.send_event"

LOSES = "around a step loses its result: catch inngest.StepError"
FINALLY = "a step in finally runs the one in try twice: put it after the try"
NESTED = "is a step in a step, which fails the run: call it after that step"
TWICE = "is the id of two steps: give each its own, or a replay may mix them up"
LOOP = "is the id of a step in a loop: put what differs into it, as in f'{id}-{index}'"
NEVER = "never sees a NonRetriableError, which ends the run: let the step return an outcome"


def find_mistakes(source: str | bytes, path: str) -> list[str]:
    """What to change in a module, one line each: `path:line: what is wrong: what to do`."""
    mistakes = sorted(_Module(ast.parse(source, path)).find_mistakes())
    return [f"{path}:{line}: {message}" for line, message in mistakes]


def check_file(path: Path, import_root: Path) -> list[str]:
    """The mistakes in a file, and in the helpers that its handlers call from other modules.

    Args:
        path: The file, below `import_root`.
        import_root: The folder from which the project's modules are imported.
    """
    found: set[tuple[str, int, str]] = set()
    todo: list[_Helper] = [(path, None)]
    seen: set[_Helper] = set()
    while todo:
        helper = todo.pop()
        if helper in seen:
            continue
        seen.add(helper)
        file, name = helper
        module = _Module(ast.parse(file.read_bytes(), file.name))
        code = module.find_handler_code() if name is None else module.find_reached(name)
        shown = file.relative_to(import_root).as_posix()
        for function in code:
            found |= {(shown, line, message) for line, message in module.check(function)}
            todo += module.find_helpers(function, file, import_root)
    return [f"{shown}:{line}: {message}" for shown, line, message in sorted(found)]


_Helper = tuple[Path, str | None]  # a file, and a function in it; none means its handlers


class _Module:
    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.scopes = dict(read_scopes(tree, {}))
        self.calls = {
            owner: find_called(own_nodes(owner), scope) for owner, scope in self.scopes.items()
        }
        self.step_holders = self._find_step_holders()

    def find_mistakes(self) -> Iterator[Mistake]:
        for function in self.find_handler_code():
            yield from self.check(function)

    # --- Which code is run again at every step

    def _find_step_holders(self) -> set[Owner]:
        """The functions with a step, or with a call of such a function."""
        holders = {
            owner for owner, scope in self.scopes.items() if _has_own_step(own_nodes(owner), scope)
        }
        while True:
            callers = {owner for owner in self.scopes if self.calls[owner] & holders}
            if callers <= holders:
                return holders
            holders |= callers

    def find_handler_code(self) -> set[Owner]:
        return self._find_with_called({*self._find_handlers(), *self.step_holders})

    def find_reached(self, name: str) -> set[Owner]:
        """A function by its name, and what it calls."""
        meaning = self.scopes[self.tree].get(name)
        return self._find_with_called({meaning} if isinstance(meaning, Function) else set())

    def _find_with_called(self, found: set[Owner]) -> set[Owner]:
        while True:
            called = {callee for function in found for callee in self.calls[function]}
            if called <= found:
                return found
            found = found | called

    def find_helpers(self, function: Owner, file: Path, import_root: Path) -> Iterator[_Helper]:
        """The functions of the project's other modules that a function calls."""
        scope = self.scopes[function]
        for node in own_nodes(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = resolve(node.func, scope)
                module, _, helper = name.rpartition(".")
                source = _find_source(module, file, import_root)
                if source is not None:
                    yield source, helper

    def _find_handlers(self) -> Iterator[Owner]:
        for owner, scope in self.scopes.items():
            for node in own_nodes(owner):
                if isinstance(node, ast.keyword) and node.arg == "on_failure":
                    yield from look_up(ast.walk(node.value), scope)
                elif isinstance(node, ast.Call) and not _is_step(node.func, scope):
                    # `create_function(...)(handler)`, or a factory of the project's own
                    creates = _creates_function(node.func, scope)
                    handed = look_up(node.args, scope)
                    yield from (each for each in handed if creates or _takes_context(each))
                elif isinstance(node, Function) and decorators(node):
                    creates = any(_creates_function(each, scope) for each in decorators(node))
                    if creates or _takes_context(node):
                        yield node

    # --- What is wrong in it

    def check(self, function: Owner) -> Iterator[Mistake]:
        scope = self.scopes[function]
        nodes = list(own_nodes(function))
        has_step = self._has_step([function], function) or _hands_on_context(function)
        harmless = _find_clocks_of_log_lines(nodes, scope)
        for node in nodes:
            if isinstance(node, ast.Call):
                if has_step:
                    yield from _check_name(node, scope, AROUND_STEPS)
                if node not in harmless:
                    yield from _check_replay(node, scope)
                yield from self._check_nested(node, function)
            elif isinstance(node, ast.Try | ast.TryStar):
                yield from self._check_try(node, function)
            elif isinstance(node, ast.With) and self._has_step(node.body, function):
                yield from _check_with(node, scope)
        yield from _check_step_ids(function, scope)

    def _check_nested(self, call: ast.Call, function: Owner) -> Iterator[Mistake]:
        """A step whose function has steps itself."""
        scope = self.scopes[function]
        if not _is_step(call.func, scope) or len(call.args) < 2:
            return
        handed = call.args[1]
        names = [handed, *handed.args[:1]] if isinstance(handed, ast.Call) else [handed]
        nested = [node for node in names if isinstance(node, ast.Lambda)]
        if not self.step_holders.isdisjoint([*look_up(names, scope), *nested]):
            yield handed.lineno, f"{ast.unparse(handed)} {NESTED}"

    def _check_try(self, node: ast.Try | ast.TryStar, function: Owner) -> Iterator[Mistake]:
        if not self._has_step(node.body, function):
            return
        for clause in node.handlers:
            loses = self._has_step(clause.body, function) or not _raises_again(clause)
            if _catches_interrupt(clause) and loses:
                what = f"except {ast.unparse(clause.type)}" if clause.type else "a bare except"
                yield clause.lineno, f"{what} {LOSES}"
            if self._waits_for_what_never_comes(clause, node, function):
                yield clause.lineno, f"except {ast.unparse(clause.type or clause)} {NEVER}"
        if self._has_step(node.finalbody, function):
            yield node.finalbody[0].lineno, FINALLY

    def _waits_for_what_never_comes(
        self, clause: ast.ExceptHandler, node: ast.Try | ast.TryStar, function: Owner
    ) -> bool:
        """Whether a step's function raises a NonRetriableError, and only `StepError` is caught.

        Where the handler has an `on_failure`, what is to be done then has its place.
        """
        scope = self.scopes[function]
        if clause.type is None or resolve(clause.type, scope) != "inngest.StepError":
            return False
        if isinstance(function, ast.Module) or _has_on_failure(function):
            return False
        inside = [child for statement in node.body for child in ast.walk(statement)]
        steps = [call for call in inside if isinstance(call, ast.Call)]
        handed = [arg for call in steps if _is_step(call.func, scope) for arg in call.args[1:2]]
        functions = look_up(handed, scope)
        return any(_raises_non_retriable(each, self.scopes[each]) for each in functions)

    def _has_step(self, nodes: Iterable[ast.AST], function: Owner) -> bool:
        """Whether a step is in these nodes of a function, or in what they call by name."""
        inside = [child for node in nodes for child in ast.walk(node)]
        scope = self.scopes[function]
        return _has_own_step(inside, scope) or not self.step_holders.isdisjoint(
            find_called(inside, scope)
        )


def _find_source(module: str, file: Path, import_root: Path) -> Path | None:
    """The file of a module of the project; `module` as an import of `file` names it."""
    name = module.lstrip(".")
    level = len(module) - len(name)
    folder = file.parents[level - 1] if level else import_root
    path = folder.joinpath(*name.split(".")) if name else folder
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((each for each in candidates if name and each.is_file()), None)


# --- Handlers and steps


def _creates_function(node: ast.expr, scope: Scope) -> bool:
    return "create_function(" in resolve(node, scope)


def _takes_context(function: Function) -> bool:
    """Whether a function's first parameter is a handler's by its annotation."""
    arguments = function.args.posonlyargs + function.args.args
    annotation = arguments[0].annotation if arguments else None
    name = ast.unparse(annotation).strip("'\"") if annotation else ""
    return name in ("inngest.Context", "inngest.ContextSync")


def _is_step(node: ast.AST, scope: Scope) -> bool:
    if not isinstance(node, ast.Name | ast.Attribute):
        return False
    name = resolve(node, scope)
    return re.fullmatch(STEP, name) is not None


def _has_own_step(nodes: Iterable[ast.AST], scope: Scope) -> bool:
    return any(_is_step(node, scope) for node in nodes)


def _hands_on_context(function: Owner) -> bool:
    """Whether it calls a function with its context: the steps may be in there."""
    nodes = list(ast.walk(function))
    contexts = {
        node.arg
        for node in nodes
        if isinstance(node, ast.arg) and node.annotation and "Context" in ast.unparse(node)
    }
    arguments = {
        ast.unparse(arg) for node in nodes if isinstance(node, ast.Call) for arg in node.args
    }
    return not contexts.isdisjoint(arguments)


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


# --- What differs at a replay


def _check_replay(call: ast.Call, scope: Scope) -> Iterator[Mistake]:
    name = resolve(call.func, scope)
    called = name if call.args or call.keywords else f"{name}()"  # with a seed, or without
    if re.fullmatch(rf"({CLOCK}|{CHANCE})(\(\))?", called):
        yield call.lineno, f"{ast.unparse(call.func)} {DIFFERS}"
    elif re.fullmatch(SEND_FUNCTION, name) or _sends_events(call, name):
        yield call.lineno, f"{ast.unparse(call.func)} {SENDS}"


def _sends_events(call: ast.Call, name: str) -> bool:
    """Whether it is an Inngest client's `send`: by what is sent or, if that does not tell, by whom.

    HTTP clients have a method `send`, too.
    """
    owner, _, method = name.rpartition(".")
    if method not in ("send", "send_sync"):
        return False
    sent = " ".join(ast.unparse(arg) for arg in call.args).lower()
    if "request" in sent and "event" not in sent:
        return False
    return owner.endswith("client") or bool(re.search(r"\.to_event\(|\bevent\(", sent))


def _find_clocks_of_log_lines(nodes: list[ast.AST], scope: Scope) -> set[ast.AST]:
    """The calls of a clock that only tell log lines how long something took.

    They differ at every replay as all clocks do, and nothing but the log line sees it.
    """
    logged = {
        child
        for node in nodes
        if isinstance(node, ast.Call) and _is_log_call(node, scope)
        for child in ast.walk(node)
    }
    # A value that is kept in a name is harmless if all that reads the name is.
    while True:
        names = _find_names_that_only(logged, nodes)
        values = {
            child
            for node in nodes
            if isinstance(node, ast.Assign)
            and all(isinstance(each, ast.Name) and each.id in names for each in node.targets)
            for child in ast.walk(node.value)
        }
        if values <= logged:
            return logged
        logged |= values


def _find_names_that_only(harmless: set[ast.AST], nodes: list[ast.AST]) -> set[str]:
    loads = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    used = {name.id for name in loads if name in harmless}
    return used - {name.id for name in loads if name not in harmless}


def _is_log_call(call: ast.Call, scope: Scope) -> bool:
    name = resolve(call.func, scope)
    return bool(re.fullmatch(r"(.*\.)?log(ger|ging)?\.\w+", name.lstrip("?@")))


# --- What steps do not bear around them


def _check_name(call: ast.Call, scope: Scope, rules: dict[str, str]) -> Iterator[Mistake]:
    name = resolve(call.func, scope)
    for rule, message in rules.items():
        if re.fullmatch(rf"({rule})(\(\))?", name):
            yield call.lineno, f"{ast.unparse(call.func)} around steps {message}"


def _check_with(node: ast.With, scope: Scope) -> Iterator[Mistake]:
    for manager in (item.context_expr for item in node.items):
        if re.match(r"contextlib\.suppress\(.*\bBaseException\b", resolve(manager, scope)):
            yield manager.lineno, f"{ast.unparse(manager)} {LOSES}"


def _catches_interrupt(clause: ast.ExceptHandler) -> bool:
    caught = clause.type.elts if isinstance(clause.type, ast.Tuple) else [clause.type]
    passes_on = f"if not isinstance({clause.name}, Exception):\n    raise"
    if ast.unparse(clause.body[0]) == passes_on:
        return False
    return any(each is None or ast.unparse(each) == "BaseException" for each in caught)


def _raises_again(clause: ast.ExceptHandler) -> bool:
    leaves = any(
        isinstance(node, ast.Return | ast.Break | ast.Continue) for node in ast.walk(clause)
    )
    return ast.unparse(clause.body[-1]) in {"raise", f"raise {clause.name}"} and not leaves


# --- The ids of steps

Branches = dict[ast.AST, str]  # which branch of each `if`, `try` or `match` a call is in


def _check_step_ids(function: Owner, scope: Scope) -> Iterator[Mistake]:
    steps = list(_list_step_ids(function, scope))
    for call, id, _, in_loop in steps:
        if in_loop:
            yield call.lineno, f"{id!r} {LOOP}"
    for (_, id, branches, _), (second, other, others, _) in combinations(steps, 2):
        exclude = any(others.get(node, branch) != branch for node, branch in branches.items())
        if id == other and not exclude:
            yield second.lineno, f"{id!r} {TWICE}"


def _list_step_ids(function: Owner, scope: Scope) -> Iterator[tuple[ast.Call, str, Branches, bool]]:
    """Steps whose id is a plain text: the call, the id, its branches, whether in a loop."""
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    yield from _walk_steps(body, scope, {}, in_loop=False)


def _walk_steps(
    nodes: Iterable[ast.AST], scope: Scope, branches: Branches, *, in_loop: bool
) -> Iterator[tuple[ast.Call, str, Branches, bool]]:
    branches = dict(branches)
    for node in nodes:
        if isinstance(node, Function):
            continue  # has steps of its own
        if isinstance(node, ast.Call) and _is_step(node.func, scope) and node.args:
            id = node.args[0]
            if isinstance(id, ast.Constant) and isinstance(id.value, str):
                yield node, id.value, branches, in_loop
        loops = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.GeneratorExp, ast.SetComp)
        within = in_loop or isinstance(node, loops)
        for name, field in ast.iter_fields(node):
            children = field if isinstance(field, list) else [field]
            found = [child for child in children if isinstance(child, ast.AST)]
            has_branches = isinstance(node, ast.If | ast.IfExp | ast.Match | ast.Try)
            if has_branches and name != "test":
                for number, child in enumerate(found):
                    branch = f"{name} {number}" if isinstance(node, ast.Match) else name
                    inner = branches | {node: branch}
                    yield from _walk_steps([child], scope, inner, in_loop=within)
            else:
                yield from _walk_steps(found, scope, branches, in_loop=within)
        if isinstance(node, ast.If) and _leaves(node.body):
            branches[node] = "orelse"  # what follows is only reached without the body


def _leaves(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)
