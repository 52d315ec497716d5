"""Which code of a module Inngest runs again at every step.

That is *handler code*: handlers, functions that hold a step, and what these call by name. What is
handed over, as to `ctx.step.run`, is a step's own code: it runs once.
"""

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from inngest_devtools.testing.durable_code.names import (
    Function,
    Owner,
    Scope,
    decorators,
    find_called,
    first_parameter,
    look_up,
    own_nodes,
    read_scopes,
    resolve,
)

METHOD = r"run|sleep(_until)?|wait_for_event|invoke(_by_id)?|send_event|ai\.infer"
# The object before `.step` is a handler's context, or has a name like one.
CONTEXT = r"(@ctx|[@?]?\w*(ctx|context)|[@?]?\w+(\.\w+)*\.(ctx|context))"
STEPS = r"(@step|(@|inngest\.)?\w*steps?)"
STEP = re.compile(
    rf"{CONTEXT}(\.\w+)*\.(step\.({METHOD})|group\.parallel|step\.parallel)"
    rf"|{STEPS}\.({METHOD})|@?group\.parallel"
)
RUN = re.compile(rf"({CONTEXT}(\.\w+)*\.step|{STEPS})\.run")
PARALLEL = re.compile(r".*\.parallel")


class Module:
    """A module's source, read and not imported.

    Args:
        source: Its text.
        filename: What a SyntaxError calls it.
        handlers: Names of functions that are known to be handlers, besides those that the source
            itself shows to be some.
    """

    def __init__(self, source: str | bytes, filename: str, handlers: Collection[str] = ()) -> None:
        self.tree = ast.parse(source, filename)
        self._known = handlers
        self.scopes = dict(read_scopes(self.tree, {}))
        self.failure_handlers = set(self._find_failure_handlers())
        self.handlers = {*self.failure_handlers, *self._find_handlers()}
        # Now that the handlers are known, so are their contexts.
        self.scopes = dict(read_scopes(self.tree, {}, self.handlers))
        self.calls = {
            owner: find_called(own_nodes(owner), scope) for owner, scope in self.scopes.items()
        }
        self.step_holders = self._find_step_holders()

    @cached_property
    def handler_code(self) -> set[Owner]:
        return self.with_called({*self.handlers, *self.step_holders})

    @cached_property
    def replayed(self) -> set[Owner]:
        """The handler code that has steps around it, and so runs more than once without a fault."""
        return self.with_called(self.step_holders)

    @cached_property
    def stepless_handlers(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """The handlers that a retry repeats as a whole; those of failures are meant to be so."""
        return [
            handler
            for handler in self.handlers - self.failure_handlers - self.step_holders
            if not isinstance(handler, ast.Lambda)
            and not self.hands_context_on(handler.body, handler)
        ]

    def find_handed(self, call: ast.Call, scope: Scope) -> list[Function]:
        """The function of `step.run("id", f)`, `partial(f)` and lambdas included."""
        if not self.is_run(call.func, scope) or len(call.args) < 2:
            return []
        handed = call.args[1]
        if isinstance(handed, ast.Call) and handed.args:
            handed = handed.args[0]
        return [handed] if isinstance(handed, ast.Lambda) else list(look_up([handed], scope))

    def find_named(self, name: str) -> set[Owner]:
        """A function of the module by its name, and what it calls."""
        meaning = self.scopes[self.tree].get(name)
        return self.with_called({meaning} if isinstance(meaning, Function) else set())

    def with_called(self, found: set[Owner]) -> set[Owner]:
        while True:
            called = {callee for function in found for callee in self.calls[function]}
            if called <= found:
                return found
            found = found | called

    # --- Steps

    def is_step(self, node: ast.AST, scope: Scope) -> bool:
        return isinstance(node, ast.Name | ast.Attribute) and bool(
            STEP.fullmatch(resolve(node, scope))
        )

    def is_run(self, node: ast.AST, scope: Scope) -> bool:
        return self.is_step(node, scope) and bool(RUN.fullmatch(resolve(node, scope)))  # type: ignore[arg-type]

    def is_parallel(self, node: ast.AST, scope: Scope) -> bool:
        return isinstance(node, ast.Call) and (
            self.is_step(node.func, scope) and bool(PARALLEL.fullmatch(resolve(node.func, scope)))
        )

    def has_step(self, nodes: Iterable[ast.AST], function: Owner) -> bool:
        """Whether a step is in these nodes of a function, or in what they call by name."""
        inside = [child for node in nodes for child in ast.walk(node)]
        scope = self.scopes[function]
        if any(self.is_step(node, scope) for node in inside):
            return True
        return not self.step_holders.isdisjoint(find_called(inside, scope))

    def hands_context_on(self, nodes: Iterable[ast.AST], function: Owner) -> bool:
        """Whether a call in these nodes is given the context: the steps may be in there."""
        scope = self.scopes[function]
        given = [
            argument
            for node in nodes
            for call in ast.walk(node)
            if isinstance(call, ast.Call)
            for argument in call.args
            if isinstance(argument, ast.Name | ast.Attribute)
        ]
        return any(resolve(each, scope) in ("@ctx", "@ctx.step", "@step") for each in given)

    def _find_step_holders(self) -> set[Owner]:
        """The functions with a step, or with a call of such a function."""
        holders = {
            owner
            for owner, scope in self.scopes.items()
            if any(self.is_step(node, scope) for node in own_nodes(owner))
        }
        while True:
            callers = {owner for owner in self.scopes if self.calls[owner] & holders}
            if callers <= holders:
                return holders
            holders |= callers

    # --- Handlers

    def _find_handlers(self) -> Iterator[Function]:
        for owner, scope in self.scopes.items():
            if not isinstance(owner, ast.Module | ast.Lambda) and owner.name in self._known:
                yield owner
            for node in own_nodes(owner):
                if isinstance(node, ast.Call) and not self.is_step(node.func, scope):
                    yield from self._find_registered(node, scope)
                elif isinstance(node, Function) and _is_decorated_handler(node, scope):
                    yield node

    def _find_failure_handlers(self) -> Iterator[Function]:
        for owner, scope in self.scopes.items():
            for node in own_nodes(owner):
                if isinstance(node, ast.keyword) and node.arg == "on_failure":
                    yield from look_up(ast.walk(node.value), scope)

    def _find_registered(self, call: ast.Call, scope: Scope) -> Iterator[Function]:
        """`create_function(...)(handler)`, or the same by a factory of the project's own."""
        creates = _creates_function(call.func, scope)
        for handed in look_up(call.args, scope):
            if creates or _takes_context(handed, scope):
                yield handed
        methods = [each.attr for each in call.args if isinstance(each, ast.Attribute)]
        for method in methods if creates else ():
            same = [each for each in self.scopes if getattr(each, "name", None) == method]
            yield from (each for each in same[:1] if len(same) == 1 and isinstance(each, Function))


def _is_decorated_handler(function: Function, scope: Scope) -> bool:
    above = decorators(function)
    creates = any(_creates_function(each, scope) for each in above)
    return creates or (bool(above) and _takes_context(function, scope))


def _creates_function(node: ast.expr, scope: Scope) -> bool:
    return "create_function(" in resolve(node, scope)


def _takes_context(function: Function, scope: Scope) -> bool:
    """Whether a function's first parameter is a handler's by its annotation."""
    context = first_parameter(function)
    if context is None or context.annotation is None:
        return False
    annotation = context.annotation
    if isinstance(annotation, ast.Constant):
        return str(annotation.value) in ("inngest.Context", "inngest.ContextSync")
    return resolve(annotation, scope) in ("inngest.Context", "inngest.ContextSync")
