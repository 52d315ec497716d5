"""What is said and not rewritten: code that runs, and does not do what it looks like."""

import re
from collections.abc import Iterator

import libcst as cst
from inngest_devtools.migrate import sdk
from inngest_devtools.migrate.functions import Clients, Found, Handler
from inngest_devtools.migrate.handlers import Plan
from inngest_devtools.migrate.project import Project, Target
from inngest_devtools.migrate.source import Function, Source, argument, dotted_name, walk
from inngest_devtools.migrate.work import Work, Works

SENDS = ("send", "send_sync", "send_event", "send_event_sync")
STEP_METHODS = sdk.STEP_CALLS - {"ai"}
# What differs from one replay to the next. A generator that is made with a seed does not.
CLOCKS = re.compile(
    r"""
      (datetime\.)? (datetime|date) \. (now|utcnow|today)
    | (pendulum|arrow) \. (now|utcnow|today)
    | django\.utils\.timezone\.now
    | time\. (time|monotonic|perf_counter) (_ns)?
    | (numpy\.)? random\. (?! ([A-Z]\w+|default_rng|seed) $) \w+
    | secrets\. (?! compare_digest $) \w+
    | os\.urandom
    | uuid\. uuid[1467]
    """,
    re.VERBOSE,
)
# What holds up the event loop.
BLOCKING = re.compile(
    r"""
      time\.sleep
    | (requests|httpx) \. (get|post|put|patch|delete|head|options|request)
    | urllib\.request\. (urlopen|urlretrieve)
    | subprocess\. (run|call|check_call|check_output)
    | os\.system
    | smtplib\. SMTP(_SSL)?
    | (psycopg2?|pymysql|sqlite3) \. connect
    """,
    re.VERBOSE,
)
# What runs several things at once, not knowing that a step interrupts.
GATHERS = re.compile(
    r"""
      asyncio\. (gather|wait|as_completed|create_task|ensure_future|TaskGroup)
    | anyio\.create_task_group
    """,
    re.VERBOSE,
)
# SDK 0.1 and 0.2; what else cannot be imported is told by its name.
OLDEST = {
    "inngest.FunctionOpts": "fn_id=... and the options are arguments of client.create_function"
}


def find_all(
    project: Project, found: Found, clients: Clients, plans: dict[int, Plan], works: Works
) -> None:
    """Report what is in the handlers of a project, each in the work of its file."""
    for handler in found.handlers:
        work = works.of(handler.source)
        _Body(project, clients, handler, plans.get(id(handler.node)), work).look()
    for source, call in found.creations:
        _check_failure(project, found, source, call, works.of(source))


def find_in_file(work: Work) -> None:
    """Report what is no handler's: shapes of the oldest SDKs, names that are gone."""
    source = work.source
    for call in source.calls:
        for name in source.qualified(call.func):
            if name == "inngest.create_function":
                message = (
                    "the SDK has no create_function of its own: "
                    "client.create_function(fn_id=..., trigger=...), and a handler that "
                    "takes ctx"
                )
                work.report(call, message)
            elif name in OLDEST:
                work.report(call, f"{name} is gone: {OLDEST[name]}")
    for node in source.imports:
        if (
            not isinstance(node, cst.ImportFrom)
            or node.relative
            or isinstance(node.names, cst.ImportStar)
        ):
            continue
        if dotted_name(node.module) != "inngest":
            continue
        for alias in node.names:
            name = dotted_name(alias.name) or ""
            if name not in sdk.PUBLIC | sdk.SUBMODULES | {"step", "Trigger"}:
                work.report(alias, f"inngest 0.5 has no {name}")


def _check_failure(
    project: Project, found: Found, source: Source, call: cst.Call, work: Work
) -> None:
    """`on_failure` is as sync or async as its handler, or the SDK refuses both."""
    failure = argument(call, "on_failure")
    if failure is None:
        return
    handler = _handler_of(project, found, source, call)
    for target in project.resolve(source, failure.value):
        if handler is None or not isinstance(target.node, cst.FunctionDef):
            continue
        if bool(target.node.asynchronous) == bool(handler.node.asynchronous):
            continue
        right = "async def" if handler.node.asynchronous else "def"
        message = (
            "on_failure and its handler are both async or both not, or the SDK "
            f"refuses the function: make {target.name} a {right}"
        )
        work.report(failure, message)


def _handler_of(project: Project, found: Found, source: Source, call: cst.Call) -> Handler | None:
    parent = source.parent(call)
    if isinstance(parent, cst.Decorator):
        function = source.parent(parent)
        return found.at(function) if function is not None else None
    if isinstance(parent, cst.Call) and parent.args:
        for target in project.resolve(source, parent.args[0].value):
            if target.node is not None and found.at(target.node):
                return found.at(target.node)
    return None


class _Body:
    """One handler's code: what is run again at every step, and what runs in a step."""

    def __init__(
        self, project: Project, clients: Clients, handler: Handler, plan: Plan | None, work: Work
    ) -> None:
        self.project = project
        self.clients = clients
        self.handler = handler
        self.work = work
        self.source = handler.source
        self.contexts = {plan.context} if plan and plan.context else {"ctx"}
        self.steps = {"step", "inngest.step"}
        if plan and plan.step:
            self.steps.add(plan.step.name.value)

    def look(self) -> None:
        replayed, in_steps = self._reached()
        for function in replayed:
            self._look_at_replayed(function)
        for function in (*replayed, *in_steps):
            if getattr(function, "asynchronous", None):
                self._find(
                    function,
                    BLOCKING,
                    "blocks the event loop, and with it every other run: await an async "
                    "call, or asyncio.to_thread",
                )

    def _reached(self) -> tuple[list[Function], list[Function]]:
        """The functions of this file that the handler calls, and those that it hands to steps."""
        replayed: list[Function] = [self.handler.node]
        in_steps: list[Function] = []
        for function in replayed:
            for call in _own_calls(function):
                in_steps += [f for f in self._handed(call) if f not in in_steps]
                for target in self._functions(call.func):
                    if not any(target is each for each in replayed):
                        replayed.append(target)
        return replayed, [each for each in in_steps if not any(each is r for r in replayed)]

    def _functions(self, node: cst.CSTNode) -> list[cst.FunctionDef]:
        targets = self.project.resolve(self.source, node) if dotted_name(node) else []
        same = [t.node for t in targets if t.kind == "function" and t.source is self.source]
        return [each for each in same if isinstance(each, cst.FunctionDef)]

    def _handed(self, call: cst.Call) -> list[Function]:
        """The function of `step.run("id", f)`; of `lambda: f()` what it calls."""
        if not self._is_step(call.func) or len(call.args) < 2:
            return []
        value = call.args[1].value
        if isinstance(value, cst.Lambda):
            called = [each.func for each in walk(value.body) if isinstance(each, cst.Call)]
            return [f for func in called for f in self._functions(func)]
        return list(self._functions(value))

    def _is_step(self, func: cst.BaseExpression) -> bool:
        if not isinstance(func, cst.Attribute) or func.attr.value not in STEP_METHODS:
            return False
        base = dotted_name(func.value) or ""
        return base in self.steps or base.endswith((".step", ".group"))

    def _has_step(self, node: cst.CSTNode) -> bool:
        """Whether a step is in a piece of code, or in what it calls or hands the steps to."""
        for each in walk(node):
            if not isinstance(each, cst.Call):
                continue
            if self._is_step(each.func):
                return True
            given = {self.source.code(arg.value) for arg in each.args}
            if given & {*self.contexts, *self.steps, *(f"{c}.step" for c in self.contexts)}:
                return True
            for function in self._functions(each.func):
                if function is not self.handler.node and self._has_own_step(function):
                    return True
        return False

    def _has_own_step(self, function: cst.FunctionDef) -> bool:
        return any(isinstance(n, cst.Call) and self._is_step(n.func) for n in walk(function.body))

    def _look_at_replayed(self, function: Function) -> None:
        self._find(function, CLOCKS, "differs at every replay: call it in a step")
        for node in _own_nodes(function):
            if isinstance(node, cst.Try | cst.TryStar):
                self._look_at_try(node, is_handler=function is self.handler.node)
            elif isinstance(node, cst.With):
                self._look_at_with(node)
            elif isinstance(node, cst.Call):
                self._look_at_call(node)

    def _look_at_with(self, node: cst.With) -> None:
        """`with suppress(Exception)` is an except without raise."""
        for item in node.items:
            call = item.item
            if not isinstance(call, cst.Call) or not self._has_step(node.body):
                continue
            caught = {self.source.code(each.value) for each in call.args}
            if "contextlib.suppress" in self.source.qualified(call.func) and caught & {
                "Exception",
                "BaseException",
            }:
                self.work.report(
                    call,
                    f"{self.source.code(call)} around a step ends the retries: suppress "
                    "inngest.StepError",
                )

    def _find(self, function: Function, rule: re.Pattern[str], message: str) -> None:
        for call in _own_calls(function):
            for name in self.source.qualified(call.func):
                if rule.fullmatch(name):
                    self.work.report(call, f"{self.source.code(call.func)} {message}")
                    break

    def _look_at_call(self, call: cst.Call) -> None:
        source = self.source
        name = next(iter(source.qualified(call.func)), "")
        if GATHERS.fullmatch(name) and any(self._has_step(each) for each in call.args):
            self.work.report(
                call, f"{source.code(call.func)} around steps runs them twice: ctx.group.parallel"
            )
        func = call.func
        if not isinstance(func, cst.Attribute):
            return
        if func.attr.value in SENDS and not self._is_step(func) and self._is_send(func):
            message = (
                f"{source.code(func)} sends again at every replay, and silences "
                "ctx.logger: ctx.step.send_event with a step id of your choice"
            )
            self.work.report(call, message)
        if self._is_step(func):
            self._look_at_step(call, func)

    def _is_send(self, func: cst.Attribute) -> bool:
        verdict = self.clients.is_client(self.source, func.value)
        named = "inngest" in self.source.code(func.value).lower()
        return verdict is True or (verdict is None and named)

    def _look_at_step(self, call: cst.Call, func: cst.Attribute) -> None:
        source = self.source
        if func.attr.value != "run":
            return
        extra = [
            a
            for a in call.args
            if a.keyword and a.keyword.value not in ("output_type", "step_id", "handler")
        ]
        if extra:
            names = ", ".join(each.keyword.value for each in extra if each.keyword)
            message = (
                f"step.run takes no {names}=: give it by position, or functools.partial(f, "
                f"{names}=...)"
            )
            self.work.report(call, message)
        if self.handler.node.asynchronous or len(call.args) < 2:
            return
        value = call.args[1].value
        called = value.body if isinstance(value, cst.Lambda) else None
        func_node = called.func if isinstance(called, cst.Call) else value
        for target in self.project.resolve(source, func_node):
            if isinstance(target.node, cst.FunctionDef) and target.node.asynchronous:
                message = (
                    f"{target.name} is async and never awaited in a sync handler, so that its "
                    "output cannot be serialized: make the handler async"
                )
                self.work.report(call, message)

    def _look_at_try(self, node: cst.Try | cst.TryStar, is_handler: bool) -> None:
        has_step = self._has_step(node.body)
        for clause in node.handlers:
            caught = self.source.code(clause.type) if clause.type is not None else ""
            names = set(re.findall(r"[\w.]+", caught)) or {""}
            if _raises(clause):
                continue
            if has_step and names & {"", "BaseException"}:
                what = f"except {caught}" if caught else "a bare except"
                message = (
                    f"{what} around a step swallows the SDK's own interrupt, and loses what "
                    "the step returned: except inngest.StepError"
                )
                self.work.report(clause, message)
            elif names & {"", "BaseException", "Exception"} and (
                has_step or (is_handler and _returns(clause))
            ):
                what = f"except {caught}" if caught else "a bare except"
                message = (
                    f"{what} without raise ends the retries: the run counts as completed. Let "
                    "it raise, or catch inngest.StepError where the step's last try is over"
                )
                self.work.report(clause, message)


def swallows(source: Source, clause: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    """Whether a clause catches everything and raises nothing."""
    caught = source.code(clause.type) if clause.type is not None else ""
    names = set(re.findall(r"[\w.]+", caught)) or {""}
    return bool(names & {"", "BaseException", "Exception"}) and not _raises(clause)


def _raises(clause: cst.CSTNode) -> bool:
    """Whether a clause raises on some way through it, for instance what is no Exception."""
    return any(isinstance(each, cst.Raise) for each in walk(clause))


def _returns(clause: cst.CSTNode) -> bool:
    return any(isinstance(each, cst.Return) for each in walk(clause))


def _own_nodes(function: Function) -> Iterator[cst.CSTNode]:
    """What runs when a function runs: not the bodies of the functions that it defines."""
    todo: list[cst.CSTNode] = [function.body]
    while todo:
        node = todo.pop(0)
        yield node
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            continue
        if isinstance(node, cst.Lambda):
            continue
        todo = [*node.children, *todo]


def _own_calls(function: Function) -> Iterator[cst.Call]:
    for node in _own_nodes(function):
        if isinstance(node, cst.Call):
            yield node


def steps_of(
    found: Found, project: Project, clients: Clients, plans: dict[int, Plan]
) -> list[tuple[Source, cst.FunctionDef]]:
    """Handlers without a step: a retry of theirs repeats everything."""
    without = []
    for handler in found.handlers:
        if handler.on_failure:
            continue
        body = _Body(project, clients, handler, plans.get(id(handler.node)), Work(handler.source))
        if not body._has_step(handler.node.body):
            without.append((handler.source, handler.node))
    return without


__all__ = ["Target", "find_all", "find_in_file", "steps_of"]
