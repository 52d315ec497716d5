"""Tasks and jobs of other queues."""

import ast
from collections.abc import Iterator

from inngest_devtools.adopt.calls import Function, name_of
from inngest_devtools.adopt.lost_work.place import LostWork, place_at
from inngest_devtools.adopt.sources import Source
from inngest_devtools.words import later, t

ACTORS = later("retried as a whole: what it had done is done again")
RQ_JOBS = later("a worker that dies leaves it failed; retried as a whole, if asked")

# The decorators of each library that make a task, and what its tasks lose.
DECORATORS = {
    "celery": (
        {"shared_task", "task", "periodic_task"},
        later(
            "a worker that dies loses it (acks_late is off by default); retried as a whole, "
            "if at all"
        ),
    ),
    "dramatiq": ({"actor"}, ACTORS),
    "taskiq": ({"task"}, later("retried as a whole, if asked; in memory a restart loses it")),
    "rq": ({"job"}, RQ_JOBS),
    "huey": (
        {"task", "periodic_task"},
        later("a worker that dies loses it; retried as a whole, if asked"),
    ),
}
ENQUEUES = {"enqueue", "enqueue_in", "enqueue_at"}


def find_queued(function: Function) -> Iterator[LostWork]:
    """Functions that a decorator makes a task."""
    for decorator in function.node.decorator_list:
        name = name_of(decorator)
        for library, (decorators, loss) in DECORATORS.items():
            is_task = name.rpartition(".")[2] in decorators
            if is_task and _is_of(library, name, function.source):
                what = t("{library} task {name}", library=library, name=function.node.name)
                yield place_at(function, function.node, what, t(loss), "steps")


def _is_of(library: str, decorator: str, source: Source) -> bool:
    """Whether a decorator is the library's, also where its app or broker is made elsewhere."""
    module = source.imported_names.get(decorator.partition(".")[0], ("", ""))[0]
    is_named = library in module or library in decorator.lower()
    return is_named or library in source.imported_packages


def find_actors(source: Source) -> Iterator[LostWork]:
    """`export = dramatiq.actor(Export())`."""
    if "dramatiq" not in source.imported_packages:
        return
    for node in source.tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        if name_of(node.value.func) in ("dramatiq.actor", "actor"):
            name = name_of(node.targets[0])
            what = t("{library} task {name}", library="dramatiq", name=name)
            yield LostWork(source.path, node.lineno, what, t(ACTORS), "steps")


def find_enqueued(function: Function) -> Iterator[LostWork]:
    """Jobs of RQ and arq where they are enqueued: their functions look like any other."""
    for call in function.calls:
        method = name_of(call.func).rpartition(".")[2]
        if method == "enqueue_job":
            what = t("arq job {work}", work=_name_or_text(call.args[:1]))
            loss = t("the job is retried as a whole: what it had done is done again")
            yield place_at(function, call, what, loss, "steps")
        elif method in ENQUEUES and "rq" in function.source.imported_packages:
            what = t("RQ job {work}", work=_name_or_text(_job_of(method, call)))
            yield place_at(function, call, what, t(RQ_JOBS), "steps")


def _job_of(method: str, call: ast.Call) -> list[ast.expr]:
    """`enqueue(work, ...)`, but `enqueue_in(when, work, ...)`."""
    return call.args[:1] if method == "enqueue" else call.args[1:2]


def _name_or_text(argument: list[ast.expr]) -> str:
    if not argument:
        return "?"
    if isinstance(argument[0], ast.Constant):
        return str(argument[0].value)
    return name_of(argument[0]) or "?"
