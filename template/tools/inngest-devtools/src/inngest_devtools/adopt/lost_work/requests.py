"""What a request starts and leaves, does before it answers, or waits for."""

import ast
import re
from collections.abc import Iterator

from inngest_devtools.adopt.calls import AnyFunction, Function, name_of
from inngest_devtools.adopt.lost_work.place import LostWork, by_route, place_at
from inngest_devtools.adopt.lost_work.services import (
    calls_any_service,
    calls_model,
    calls_service,
    is_sleep,
)
from inngest_devtools.adopt.sources import Source
from inngest_devtools.words import t

LONG_PAUSE = 5  # seconds of a sleep that is worth a word
LONG_PAUSE_IN_REQUEST = 2  # the same, while somebody waits for an answer

# --- After the answer

BACKGROUND = re.compile(r"^_?(?:bg|background)_?tasks?$")


def find_background_tasks(function: Function) -> Iterator[LostWork]:
    source = function.source
    if not source.imported_packages & {"fastapi", "starlette"}:
        return
    for call in function.calls:
        if not isinstance(call.func, ast.Attribute) or call.func.attr != "add_task":
            continue
        owner = name_of(call.func.value).rpartition(".")[2]
        if BACKGROUND.search(owner.lower()) or owner in _annotated(source):
            work = name_of(call.args[0]) if call.args else "?"
            loss = t("runs after the answer, once: a restart loses it, an error is only logged")
            what = t("background task {work}", work=work)
            yield place_at(function, call, what, loss, "steps")


def _annotated(source: Source) -> set[str]:
    """Names that a file annotates as BackgroundTasks, as arguments or as attributes."""
    arguments = [node for node in source.nodes if isinstance(node, ast.arg) and node.annotation]
    attributes = [node for node in source.nodes if isinstance(node, ast.AnnAssign)]
    named = [(one.arg, one.annotation) for one in arguments]
    named += [(name_of(one.target).rpartition(".")[2], one.annotation) for one in attributes]
    return {name for name, hint in named if hint and "BackgroundTasks" in _names_in(hint)}


# --- Beside the answer

KINDS = {
    "create_task": ("asyncio", "task"),
    "ensure_future": ("asyncio", "task"),
    "Thread": ("threading", "thread"),
    "Timer": ("threading", "thread"),
    "Process": ("multiprocessing", "process"),
}
WAITS = {"join", "gather", "wait", "wait_for", "result", "as_completed", "shield", "cancel"}


def find_spawned(function: Function) -> Iterator[LostWork]:
    """Tasks, threads and processes that a request starts and leaves."""
    if not function.reached_from:
        return
    for call in function.calls:
        kind = _kind_of(function.source, call)
        if kind and not _is_awaited(function, call):
            loss = t("nobody waits for it: a restart loses it, nobody sees its error")
            what = t("{kind} started in a request{origin}", kind=kind, origin=by_route(function))
            yield place_at(function, call, what, loss, "steps")


def _kind_of(source: Source, call: ast.Call) -> str:
    """What a call starts, in words; nothing for one that only has such a name."""
    name = name_of(call.func)
    owner, _, last = name.rpartition(".")
    if last not in KINDS:
        return ""
    module, kind = KINDS[last]
    is_of_loop = module == "asyncio" and owner.endswith("loop")  # loop.create_task(...)
    is_imported = source.imported_names.get(name, ("", ""))[0] == module
    is_standard = owner == module or is_of_loop or is_imported
    words = {"task": t("task"), "thread": t("thread"), "process": t("process")}
    return words[kind] if is_standard else ""


def _is_awaited(function: Function, call: ast.Call) -> bool:
    """Whether the function waits for what it starts, hands it on, or ends it itself."""
    if any(_hands_on(node) and _holds(node, call) for node in function.nodes):
        return True
    names = _names_for(function, call)
    return any(_waits(node) and _names_any(node, names) for node in function.nodes)


def _hands_on(node: ast.AST) -> bool:
    return isinstance(node, ast.Await | ast.Return | ast.Yield)


def _waits(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return name_of(node.func).rpartition(".")[2] in WAITS
    return isinstance(node, ast.Await | ast.Return)


def _names_for(function: Function, call: ast.Call) -> set[str]:
    """What the function calls the task, or the list that it puts it into."""
    names = set()
    for node in function.nodes:
        if isinstance(node, ast.Assign) and _holds(node.value, call):
            names |= {name_of(target) for target in node.targets}
        if not isinstance(node, ast.Call) or node is call:
            continue
        if any(_holds(argument, call) for argument in node.args):
            names.add(name_of(node.func).rpartition(".")[0])  # tasks.append(create_task(...))
    return names - {""}


def _holds(node: ast.AST, call: ast.Call) -> bool:
    return any(part is call for part in ast.walk(node))


def _names_any(node: ast.AST, names: set[str]) -> bool:
    return any(name_of(part) in names for part in ast.walk(node) if part is not node)


# --- Webhooks

READS = ("body", "json", "stream", "form")


def find_webhooks(function: Function) -> Iterator[LostWork]:
    """Receivers, which read the raw request, that do more than take it."""
    if not function.route or not function.route.startswith("POST"):
        return
    named = f"{function.route} {function.node.name} {function.source.path}".lower()
    if "webhook" not in named or not _reads_request(function):
        return
    if any(_is_work(function, call) for call in function.calls):
        loss = t(
            "works before it answers: what fails half-way is sent again from the start, or never"
        )
        what = t("webhook {route}", route=function.route)
        yield place_at(function, function.node, what, loss, "event")


def _reads_request(function: Function) -> bool:
    names = {f"{name}.{read}" for name in _arguments(function.node, "Request") for read in READS}
    return any(name_of(call.func) in names for call in function.calls)


def _is_work(function: Function, call: ast.Call) -> bool:
    """A call that can fail for reasons of its own: it waits for something."""
    name = name_of(call.func)
    is_of_request = name.partition(".")[0] in _arguments(function.node, "Request")
    if is_of_request or "send_event" in name or ".send" in name:
        return False
    waits = any(isinstance(node, ast.Await) and node.value is call for node in function.nodes)
    return waits or calls_service(function, call) or name.endswith((".commit", ".add_task"))


def _arguments(function: AnyFunction, annotation: str) -> set[str]:
    """Names of the arguments whose annotation holds a name."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    hints = [(one.arg, one.annotation) for one in arguments]
    return {name for name, hint in hints if hint and annotation in _names_in(hint)}


def _names_in(node: ast.expr) -> set[str]:
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return names | {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}


# --- While somebody waits

CHECKS = re.compile(r"(?:^|_)(?:test|check|health|ping|validate|verify)(?:_|$)")


def find_sleeps(function: Function) -> Iterator[LostWork]:
    """Long waits while a request waits, or between calls of other services."""
    if not function.reached_from or not (function.route or calls_any_service(function)):
        return
    bound = LONG_PAUSE_IN_REQUEST if function.route else LONG_PAUSE
    for call in function.calls:
        seconds = _seconds(call.args[0]) if is_sleep(call) and call.args else 0
        if seconds >= bound:
            what = t("sleep of {seconds:g} s{origin}", seconds=seconds, origin=by_route(function))
            loss = t("a process waits, and a restart forgets what came before")
            yield place_at(function, call, what, loss, "steps")


def _seconds(node: ast.expr) -> float:
    """Of a number, or a product of numbers; else 0."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _seconds(node.left) * _seconds(node.right)
    return 0.0


def find_model_calls(function: Function) -> Iterator[LostWork]:
    """Wherever the app asks a model: what starts it is often out of sight."""
    if CHECKS.search(function.node.name.lower()):
        return
    for call in function.calls:
        if calls_model(function, call):
            name = name_of(call.func)
            what = t("model call {name}{origin}", name=name, origin=by_route(function))
            loss = t("slow, dear, often refused: what fails after it pays for it again")
            yield place_at(function, call, what, loss, "ai")
