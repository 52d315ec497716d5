"""Finds the handlers of Inngest functions, by what the names stand for."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst
from inngest_devtools.migrate.clients import Clients
from inngest_devtools.migrate.project import (
    Project,
    assigned_value,
    find_method,
)
from inngest_devtools.migrate.source import Source, argument, dotted_name, positional, walk
from inngest_devtools.words import t

PARTIALS = ("partial", "functools.partial")


@dataclass
class Handler:
    """A function that the SDK calls.

    `wrappers` are the decorators between it and `create_function`, the outermost first.
    `names` are the names that its Inngest function is bound to in its module.
    """

    source: Source
    node: cst.FunctionDef
    skip: int = 0  # parameters that are bound already: self, cls
    on_failure: bool = False
    is_decorated: bool = False  # then its name stands for the Inngest function
    wrappers: list[tuple[Source, cst.BaseExpression]] = field(default_factory=list)


@dataclass
class Found:
    """What the project's files hold: handlers, and what cannot be one."""

    handlers: list[Handler] = field(default_factory=list)
    creations: list[tuple[Source, cst.Call]] = field(default_factory=list)
    findings: list[tuple[Source, cst.CSTNode, str]] = field(default_factory=list)
    # Functions that return what `client.create_function(...)` returns: decorators of the team's.
    makers: set[int] = field(default_factory=set)

    def at(self, node: cst.CSTNode) -> Handler | None:
        return next((each for each in self.handlers if each.node is node), None)


def find_functions(project: Project, sources: list[Source], clients: Clients) -> Found:
    """Every handler in some files, those that their `create_function` names in other files too."""
    return _Finder(project, clients).find(sources)


class _Finder:
    def __init__(self, project: Project, clients: Clients) -> None:
        self.project = project
        self.clients = clients
        self.found = Found()
        # Calls that make a decorator, and functions that return one, by the identity of the node.
        self._decorators: set[int] = set()

    def find(self, sources: list[Source]) -> Found:
        for source in sources:
            for call in source.calls:
                if self._creates(source, call.func, call):
                    self._take(source, call)
        self._find_uses_of_makers(sources)
        return self.found

    def _creates(self, source: Source, func: cst.BaseExpression, call: cst.Call) -> bool:
        """Whether a call is `client.create_function(...)`, or of another name for that."""
        if isinstance(func, cst.Attribute) and func.attr.value == "create_function":
            verdict = self.clients.is_client(source, func.value)
            return self._looks_like_one(source, func, call) if verdict is None else verdict
        if not isinstance(func, cst.Name) or argument(call, "fn_id") is None:
            return False
        for target in self.project.resolve(source, func):
            if target.source is None or target.node is None:
                continue
            value = assigned_value(target.source, target.node)
            if isinstance(value, cst.Call) and dotted_name(value.func) in PARTIALS:
                value = value.args[0].value if value.args else None
            is_method = isinstance(value, cst.Attribute)
            if value is not None and is_method and self._creates(target.source, value, call):
                return True
        return False

    def _looks_like_one(self, source: Source, func: cst.Attribute, call: cst.Call) -> bool:
        stars = any(each.star for each in call.args)
        has_id = argument(call, "fn_id") is not None
        has_trigger = argument(call, "trigger") is not None
        if not ((has_id and (has_trigger or stars)) or (has_trigger and stars)):
            return False
        trigger = argument(call, "trigger")
        meanings = _meanings_in(source, trigger.value) if trigger is not None else set()
        if meanings:
            return any(name.startswith("inngest.") for name in meanings)
        names = {source.code(func.value), *source.qualified(func.value)}
        return imports_sdk(source) or any("inngest" in name.lower() for name in names)

    def _take(self, source: Source, call: cst.Call) -> None:
        self.found.creations.append((source, call))
        failure = argument(call, "on_failure")
        if failure is not None:
            self._take_value(source, failure.value, call, on_failure=True)
        self._take_use(source, call)

    def _take_use(self, source: Source, decorator: cst.CSTNode) -> None:
        """A decorator that makes functions: over a handler, called with one, or handed on."""
        parent = source.parent(decorator)
        if isinstance(parent, cst.Decorator):
            self._take_decorated(source, parent)
        elif isinstance(parent, cst.Call) and parent.func is decorator:
            if parent.args:
                self._take_value(source, parent.args[0].value, parent, on_failure=False)
        else:
            self._decorators.add(id(decorator))

    def _take_decorated(self, source: Source, decorator: cst.Decorator) -> None:
        function = source.parent(decorator)
        if not isinstance(function, cst.FunctionDef):
            return
        index = [each is decorator for each in function.decorators].index(True)
        for above in function.decorators[:index]:
            if self._is_creation(source, above.decorator):
                continue  # a second function of the same handler
            name = source.code(above.decorator)
            message = t(
                "@{name} stands above create_function and gets an inngest.Function, "
                "which cannot be called: move it below",
                name=name,
            )
            self.found.findings.append((source, above, message))
        first = function.params.params or function.params.posonly_params
        in_class = isinstance(source.owner(function), cst.ClassDef)
        below = [each.decorator for each in function.decorators[index + 1 :]]
        is_static = any(dotted_name(each) in ("staticmethod", "classmethod") for each in below)
        if in_class and (is_static or (first and first[0].name.value in ("self", "cls"))):
            name = function.name.value
            message = t(
                "{name} is decorated inside a class, so that the SDK can never call it: "
                "create the function from a bound method, "
                "client.create_function(...)(flow.{name})",
                name=name,
            )
            self.found.findings.append((source, function, message))
            return
        wrappers = [(source, each) for each in below]
        self._add(Handler(source, function, is_decorated=True, wrappers=wrappers))

    def _is_creation(self, source: Source, node: cst.BaseExpression) -> bool:
        return isinstance(node, cst.Call) and self._creates(source, node.func, node)

    def _take_value(
        self, source: Source, value: cst.BaseExpression, call: cst.CSTNode, on_failure: bool
    ) -> None:
        """A handler that is named: `f`, `self.f`, `Flow.f`, `with_tenant(f)`."""
        wrappers: list[tuple[Source, cst.BaseExpression]] = []
        while isinstance(value, cst.Call) and len(value.args) == 1:
            wrappers.append((source, value.func))
            value = value.args[0].value
        if isinstance(value, cst.Lambda):
            if len(value.params.params) != 1:
                message = t(
                    "a lambda as handler gets ctx alone: make it a function of one parameter"
                )
                self.found.findings.append((source, value, message))
            return
        if isinstance(value, cst.Name) and value.value == "None":
            return
        for handler in self._functions_named(source, value):
            handler.on_failure = on_failure
            own = [each.decorator for each in handler.node.decorators]
            handler.wrappers = [*wrappers, *((handler.source, each) for each in own)]
            self._add(handler)

    def _functions_named(self, source: Source, value: cst.BaseExpression) -> Iterator[Handler]:
        name = dotted_name(value)
        if name and name.startswith(("self.", "cls.")) and name.count(".") == 1:
            for owner in source.ancestors(value):
                if isinstance(owner, cst.ClassDef):
                    method = find_method(owner, name.partition(".")[2])
                    if method is not None:
                        yield _method(source, method, bound=True)
                    return
            return
        for target in self.project.resolve(source, value):
            if target.kind == "value" and target.source and target.node:
                assigned = assigned_value(target.source, target.node)
                if isinstance(assigned, cst.Name | cst.Attribute):
                    yield from self._functions_named(target.source, assigned)
            if target.kind != "function" or target.source is None:
                continue
            if isinstance(target.node, cst.FunctionDef):
                if isinstance(target.source.owner(target.node), cst.ClassDef) and "." in (
                    name or ""
                ):
                    yield _method(target.source, target.node, bound=True)
                else:
                    yield Handler(target.source, target.node)

    def _add(self, handler: Handler) -> None:
        if self.found.at(handler.node) is None:
            self.found.handlers.append(handler)

    def _find_uses_of_makers(self, sources: list[Source]) -> None:
        """Uses of decorators that the team made of `create_function`."""
        names = set()
        for source, call in self.found.creations:
            if id(call) not in self._decorators:
                continue
            parent = source.parent(call)
            owner = source.owner(call)
            if isinstance(parent, cst.Return) and isinstance(owner, cst.FunctionDef):
                self.found.makers.add(id(owner))
                names.add(owner.name.value)
            elif isinstance(parent, cst.Assign):
                names |= {dotted_name(target.target) or "" for target in parent.targets}
        names.discard("")
        if not names:
            return
        looked = {id(source): source for source in sources}
        for name in names:
            looked |= {id(source): source for source in self.project.mentioning(name)}
        for source in looked.values():
            self._take_uses(source, names)

    def _take_uses(self, source: Source, names: set[str]) -> None:
        for function in source.functions:
            for each in function.decorators:
                func = (
                    each.decorator.func if isinstance(each.decorator, cst.Call) else each.decorator
                )
                is_named = (dotted_name(func) or "").rpartition(".")[2] in names
                if is_named and self._is_maker(source, each.decorator):
                    self._take_decorated(source, each)
        for call in list(source.calls):
            func = call.func.func if isinstance(call.func, cst.Call) else call.func
            is_named = (dotted_name(func) or "").rpartition(".")[2] in names
            if is_named and positional(call) and self._is_maker(source, call.func):
                self._take_value(source, call.args[0].value, call, on_failure=False)

    def _is_maker(self, source: Source, node: cst.BaseExpression) -> bool:
        """Whether an expression is such a decorator: `durable("x")`, or a name for one."""
        func = node.func if isinstance(node, cst.Call) else node
        for target in self.project.resolve(source, func):
            if isinstance(node, cst.Call):
                if id(target.node) in self.found.makers:
                    return True
            elif target.source and target.node:
                value = assigned_value(target.source, target.node)
                if value is not None and id(value) in self._decorators:
                    return True
        return False


def imports_sdk(source: Source) -> bool:
    """Whether a file imports Inngest's SDK, or something of it."""
    for each in source.imports:
        if isinstance(each, cst.Import):
            names = [dotted_name(alias.name) or "" for alias in each.names]
        else:
            names = [] if each.relative else [dotted_name(each.module) or ""]
        if any(name.partition(".")[0] == "inngest" for name in names):
            return True
    return False


def _meanings_in(source: Source, node: cst.CSTNode) -> set[str]:
    """What the calls in an expression stand for through imports."""
    found: set[str] = set()
    for each in walk(node):
        if isinstance(each, cst.Call):
            found |= source.qualified(each.func)
    return found


def _method(source: Source, method: cst.FunctionDef, bound: bool) -> Handler:
    decorators = {dotted_name(each.decorator) for each in method.decorators}
    skip = 0 if "staticmethod" in decorators or not bound else 1
    return Handler(source, method, skip=skip)
