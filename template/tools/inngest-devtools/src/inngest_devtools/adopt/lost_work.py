"""Where work gets lost today: to a restart, a crash, another service's bad minute.

Only what the code itself shows: a missed place is no harm, a wrong one costs trust.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from inngest_devtools.adopt.calls import AnyFunction, Function, find_functions, name_of
from inngest_devtools.adopt.sources import Source
from inngest_devtools.words import later, t

LONG_PAUSE = 5  # seconds of a sleep that is worth a word
LONG_PAUSE_IN_REQUEST = 2  # the same, while somebody waits for an answer

SERVICES = {"httpx", "requests", "aiohttp", "urllib3", "boto3", "aioboto3", "aiobotocore"}
SERVICES |= {"stripe", "twilio", "sendgrid", "smtplib", "aiosmtplib", "slack_sdk", "paypalrestsdk"}
MODELS = {"openai", "anthropic", "litellm", "cohere", "mistralai", "ollama", "groq", "google"}
MODELS |= {"vertexai", "langchain", "langchain_core", "langchain_openai", "langchain_anthropic"}
MODELS |= {"langgraph", "llama_index", "zhipuai", "dashscope", "together", "replicate"}
MODEL_CALLS = re.compile(
    r"(?:chat\.completions\.(?:create|parse)|responses\.(?:create|parse)|messages\.create"
    r"|embeddings\.create|images\.generate|audio\.transcriptions\.create"
    r"|generate_content(?:_async)?"
    r"|litellm\.a?completion|dashscope\.Generation\.call|replicate\.run"
    r"|(?:^|[._])(?:llm|chain|chat_model|agent|graph)\.a?(?:invoke|predict|run))$"
)


@dataclass(frozen=True, order=True)
class LostWork:
    """A place, what can get lost there, and the function skeleton that is made for it.

    Args:
        example: Its name among the answers to `examples`.
    """

    path: str
    line: int
    what: str
    loss: str
    example: str


Rule = Callable[[Function], Iterator[LostWork]]


def find_lost_work(sources: list[Source]) -> list[LostWork]:
    """Every place, by path and line."""
    functions = find_functions(sources)
    found = {one for function in functions for rule in RULES for one in rule(function)}
    found |= {one for source in sources for one in _find_scheduled(source)}
    return sorted(found)


def _at(function: Function, node: ast.AST, what: str, loss: str, example: str) -> LostWork:
    line: int = getattr(node, "lineno", function.node.lineno)
    return LostWork(function.source.path, line, what, loss, example)


# --- After the answer, or beside it


def _find_background_tasks(function: Function) -> Iterator[LostWork]:
    for call in function.calls:
        if not isinstance(call.func, ast.Attribute) or call.func.attr != "add_task":
            continue
        if "fastapi" not in _roots(function) and "starlette" not in _roots(function):
            continue
        owner = name_of(call.func.value).rpartition(".")[2]
        if BACKGROUND.search(owner.lower()) or owner in _annotated(function.source):
            work = name_of(call.args[0]) if call.args else "?"
            loss = t("runs after the answer, once: a restart loses it, an error is only logged")
            yield _at(function, call, t("background task {work}", work=work), loss, "steps")


BACKGROUND = re.compile(r"^_?(?:bg|background)_?tasks?$")


def _annotated(source: Source) -> set[str]:
    """Names that a file annotates as BackgroundTasks, as arguments or as attributes."""
    arguments = [node for node in source.nodes if isinstance(node, ast.arg) and node.annotation]
    attributes = [node for node in source.nodes if isinstance(node, ast.AnnAssign)]
    named = [(one.arg, one.annotation) for one in arguments]
    named += [(name_of(one.target).rpartition(".")[2], one.annotation) for one in attributes]
    return {name for name, hint in named if hint and "BackgroundTasks" in _names_in(hint)}


SPAWNS = {"asyncio.create_task", "asyncio.ensure_future", "threading.Thread", "create_task"}
SPAWNS |= {"Thread", "ensure_future", "threading.Timer", "Timer", "multiprocessing.Process"}


def _find_spawned(function: Function) -> Iterator[LostWork]:
    """Tasks and threads that a request starts and leaves, and tasks that nobody keeps."""
    source = function.source
    for call in function.calls:
        name = name_of(call.func)
        if name not in SPAWNS or not _is_standard(source, name) or _is_awaited(function, call):
            continue
        if not function.reached_from and not _is_dropped(function, call):
            continue
        kind = t("thread") if "Thread" in name or "Timer" in name else t("task")
        kind = t("process") if "Process" in name else kind
        loss = t("nobody waits for it: a restart loses it, nobody sees its error")
        place = t("in a request") if function.reached_from else t("and forgotten")
        what = t("{kind} started {place}{origin}", kind=kind, place=place, origin=_origin(function))
        yield _at(function, call, what, loss, "steps")


START = re.compile(
    r"(?:^|_)(?:start|startup|lifespan|main|run|init|setup|serve|loop|listen|poll|watch)(?:_|$)"
)


def _is_dropped(function: Function, call: ast.Call) -> bool:
    """A task that a function makes and forgets, where it is not what starts the app's own loops."""
    is_statement = any(isinstance(one, ast.Expr) and one.value is call for one in function.nodes)
    is_task = name_of(call.func).endswith(("create_task", "ensure_future"))
    work = name_of(call.args[0]).rpartition(".")[2] if call.args else ""
    names = f"{function.node.name} {work}".lower().split()
    return is_statement and is_task and not any(START.search(name) for name in names)


def _is_standard(source: Source, name: str) -> bool:
    """Whether a bare name is that of asyncio, threading or multiprocessing."""
    if "." in name:
        return True
    module = source.imported_names.get(name, ("", ""))[0]
    return module in ("asyncio", "threading", "multiprocessing")


def _is_awaited(function: Function, call: ast.Call) -> bool:
    """Whether the function itself waits for what it starts."""
    names = set()
    for node in function.nodes:
        if isinstance(node, ast.Assign) and any(part is call for part in ast.walk(node.value)):
            names |= {name_of(target) for target in node.targets}
        is_handed_on = isinstance(node, ast.Await | ast.Return | ast.Yield)
        if is_handed_on and any(part is call for part in ast.walk(node)):
            return True
        if isinstance(node, ast.Call) and node is not call and _takes(node, call):
            names.add(name_of(node.func).rpartition(".")[0])  # tasks.append(create_task(...))
    waits = {"join", "gather", "wait", "wait_for", "result", "as_completed", "shield", "cancel"}
    for node in function.nodes:
        is_handed_on = isinstance(node, ast.Await | ast.Return)
        if is_handed_on and _names_any(list(ast.iter_child_nodes(node)), names):
            return True
        waits_for = isinstance(node, ast.Call) and name_of(node.func).rpartition(".")[2] in waits
        if waits_for and _names_any(list(ast.iter_child_nodes(node)), names):
            return True
    return False


def _names_any(nodes: Sequence[ast.AST], names: set[str]) -> bool:
    found = {name_of(part) for node in nodes for part in ast.walk(node)}
    return bool((found - {""}) & names)


def _takes(node: ast.Call, call: ast.Call) -> bool:
    return any(part is call for argument in node.args for part in ast.walk(argument))


# --- Webhooks


def _find_webhooks(function: Function) -> Iterator[LostWork]:
    """Receivers, which read the raw request, that do more than take it."""
    if not function.route or not function.route.startswith("POST"):
        return
    named = f"{function.route} {function.node.name} {function.source.path}".lower()
    if "webhook" not in named or not _reads_request(function):
        return
    work = [call for call in function.calls if _is_work(function, call)]
    if work:
        loss = t(
            "works before it answers: what fails half-way is sent again from the start, or never"
        )
        yield _at(
            function, function.node, t("webhook {route}", route=function.route), loss, "event"
        )


def _reads_request(function: Function) -> bool:
    names = {f"{name}.{read}" for name in _arguments(function.node, "Request") for read in READS}
    return any(name_of(call.func) in names for call in function.calls)


READS = ("body", "json", "stream", "form")


def _is_work(function: Function, call: ast.Call) -> bool:
    """A call that can fail for reasons of its own: it waits for something."""
    name = name_of(call.func)
    requests = _arguments(function.node, "Request")
    if name.partition(".")[0] in requests or "send_event" in name or ".send" in name:
        return False
    waits = any(isinstance(node, ast.Await) and node.value is call for node in function.nodes)
    return waits or _calls_service(function, call) or name.endswith((".commit", ".add_task"))


# --- On a schedule


def _find_loops(function: Function) -> Iterator[LostWork]:
    """`@repeat_every`, `@scheduler.scheduled_job`, `scheduler.add_job`."""
    for decorator in function.node.decorator_list:
        name = name_of(decorator)
        is_repeated = name.rpartition(".")[2] == "repeat_every"
        is_job = name.endswith(".scheduled_job") and "apscheduler" in _roots(function)
        if is_repeated or is_job:
            yield _at(function, decorator, f"@{name} {function.node.name}", SCHEDULE, "scheduled")


SCHEDULE = "runs in each process, or in none while it restarts; a failed run is not tried again"


def _find_scheduled(source: Source) -> Iterator[LostWork]:
    """Jobs of APScheduler and `schedule`, wherever they are added."""
    for node in source.nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        owner, name = name_of(node.func.value), node.func.attr
        is_job = name == "add_job" and (
            "apscheduler" in source.imported_packages or "scheduler" in owner.lower()
        )
        is_every = "schedule" in source.imported_packages and owner.startswith("schedule.every")
        is_schedule = name == "do" and is_every
        if is_job or is_schedule:
            work = name_of(node.args[0]) if node.args else "?"
            what = t("scheduled job {work}", work=work)
            yield LostWork(source.path, node.lineno, what, SCHEDULE, "scheduled")


# --- Other queues

QUEUES = {
    "celery": (
        ("shared_task", "task", "periodic_task"),
        later(
            "a worker that dies loses it (acks_late is off by default); retried as a whole, "
            "if at all"
        ),
    ),
    "dramatiq": (("actor",), later("retried as a whole: what it had done is done again")),
    "taskiq": (("task",), later("retried as a whole, if asked; in memory a restart loses it")),
    "rq": (("job",), later("a worker that dies leaves it failed; retried as a whole, if asked")),
    "huey": (
        ("task", "periodic_task"),
        later("a worker that dies loses it; retried as a whole, if asked"),
    ),
}


def _find_queued(function: Function) -> Iterator[LostWork]:
    for decorator in function.node.decorator_list:
        name = name_of(decorator)
        for library, (names, loss) in QUEUES.items():
            module = function.source.imported_names.get(name.partition(".")[0], ("", ""))[0]
            is_known = library in _roots(function) or library in module or library in name.lower()
            if is_known and name.rpartition(".")[2] in names:
                what = t("{library} task {name}", library=library, name=function.node.name)
                yield _at(function, function.node, what, t(loss), "steps")


def _find_enqueued(function: Function) -> Iterator[LostWork]:
    """Jobs of RQ and arq where they are enqueued: their functions look like any other."""
    for call in function.calls:
        name = name_of(call.func).rpartition(".")[2]
        if name == "enqueue_job":
            work = _text_of(call.args[0]) if call.args else "?"
            loss = t("the job is retried as a whole: what it had done is done again")
            yield _at(function, call, t("arq job {work}", work=work), loss, "steps")
        elif name in ("enqueue", "enqueue_in", "enqueue_at") and "rq" in _roots(function):
            work = name_of(call.args[-1]) if call.args else "?"
            yield _at(function, call, t("RQ job {work}", work=work), t(QUEUES["rq"][1]), "steps")


# --- Other services


def _find_retries(function: Function) -> Iterator[LostWork]:
    """Loops and decorators that try a call of another service again, in the process's memory."""
    loss = t("the process waits meanwhile, and a restart forgets the attempts")
    for node in function.nodes:
        if isinstance(node, ast.For | ast.While | ast.AsyncFor) and _is_retry(function, node):
            yield _at(function, node, t("retry loop around another service"), loss, "errors")
    for decorator in function.node.decorator_list:
        name = name_of(decorator)
        is_retry = name in ("retry", "tenacity.retry") and "tenacity" in _roots(function)
        is_backoff = name.startswith("backoff.on_")
        if (is_retry or is_backoff) and any(
            _calls_service(function, call) for call in function.calls
        ):
            yield _at(
                function, decorator, t("@{name} around another service", name=name), loss, "errors"
            )


def _is_retry(function: Function, loop: ast.For | ast.While | ast.AsyncFor) -> bool:
    parts = list(ast.walk(loop))
    tries = [part for part in parts if isinstance(part, ast.Try)]
    sleeps = [part for part in parts if isinstance(part, ast.Call) and _is_sleep(part)]
    if not sleeps or not isinstance(loop, ast.For | ast.While):
        return False
    is_counted = isinstance(loop, ast.While) or name_of(loop.iter) == "range"
    return is_counted and any(
        isinstance(part, ast.Call) and _calls_service(function, part)
        for one in tries
        for statement in one.body
        for part in ast.walk(statement)
    )


def _find_sleeps(function: Function) -> Iterator[LostWork]:
    """Long waits while a request waits, or between calls of other services."""
    bound = LONG_PAUSE_IN_REQUEST if function.route else LONG_PAUSE
    calls_service = any(_calls_service(function, call) for call in function.calls)
    if not function.route and not (calls_service and function.reached_from):
        return
    for call in function.calls:
        if not _is_sleep(call) or not call.args:
            continue
        seconds = _seconds(call.args[0])
        if seconds >= bound:
            what = t("sleep of {seconds:g} s{origin}", seconds=seconds, origin=_origin(function))
            loss = t("a process waits, and a restart forgets what came before")
            yield _at(function, call, what, loss, "steps")


def _find_model_calls(function: Function) -> Iterator[LostWork]:
    if not MODELS & _roots(function) or CHECKS.search(function.node.name.lower()):
        return
    for call in function.calls:
        name = name_of(call.func)
        if MODEL_CALLS.search(name) and not _streams(call):
            what = t("model call {name}{origin}", name=name, origin=_origin(function))
            loss = t("slow, dear, often refused: what fails after it pays for it again")
            yield _at(function, call, what, loss, "ai")


CHECKS = re.compile(r"(?:^|_)(?:test|check|health|ping|validate|verify)(?:_|$)")


def _streams(call: ast.Call) -> bool:
    return any(
        keyword.arg == "stream" and getattr(keyword.value, "value", True) is not False
        for keyword in call.keywords
    )


# --- What names mean


def _roots(function: Function) -> set[str]:
    return function.source.imported_packages


def _origin(function: Function) -> str:
    origin = function.reached_from
    return t(", by {route}", route=origin.route) if origin and origin.route else ""


def _calls_service(function: Function, call: ast.Call) -> bool:
    """Whether a call goes to another service: by a library for that, or a client made of one."""
    services = (SERVICES | MODELS) & _roots(function)
    if not services:
        return False
    name = name_of(call.func)
    first, _, rest = name.partition(".")
    if not rest:
        return False
    if first in services:
        return rest.rpartition(".")[2] not in ("AsyncClient", "Client", "Session", "ClientSession")
    method = name.rpartition(".")[2]
    owner = name.rpartition(".")[0].rpartition(".")[2].lower()
    is_client = owner.endswith(("client", "session", "http"))
    return is_client and method in ("get", "post", "put", "patch", "delete", "request", "send")


def _is_sleep(call: ast.Call) -> bool:
    return name_of(call.func) in ("asyncio.sleep", "time.sleep", "anyio.sleep", "sleep")


def _seconds(node: ast.expr) -> float:
    """Of a number, or a product of numbers; else 0."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _seconds(node.left) * _seconds(node.right)
    return 0.0


def _arguments(function: AnyFunction, annotation: str) -> set[str]:
    """Names of the arguments whose annotation ends in a name."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    hints = [(one.arg, one.annotation) for one in arguments]
    return {name for name, hint in hints if hint and annotation in _names_in(hint)}


def _is_annotated(function: AnyFunction, name: str, annotation: str) -> bool:
    return name in _arguments(function, annotation)


def _names_in(node: ast.expr) -> set[str]:
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return names | {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}


def _text_of(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return name_of(node) or "?"


RULES: tuple[Rule, ...] = (
    _find_background_tasks,
    _find_spawned,
    _find_webhooks,
    _find_loops,
    _find_queued,
    _find_enqueued,
    _find_retries,
    _find_sleeps,
    _find_model_calls,
)
