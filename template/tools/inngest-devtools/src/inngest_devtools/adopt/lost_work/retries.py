"""Calls of other services that are tried again in the process's memory."""

import ast
from collections.abc import Iterator

from inngest_devtools.adopt.calls import Function, name_of
from inngest_devtools.adopt.lost_work.place import LostWork, place_at
from inngest_devtools.adopt.lost_work.services import calls_any_service, calls_service, is_sleep
from inngest_devtools.words import t


def find_retries(function: Function) -> Iterator[LostWork]:
    """Loops, and decorators of tenacity and backoff."""
    loss = t("the process waits meanwhile, and a restart forgets the attempts")
    for node in function.nodes:
        if isinstance(node, ast.For | ast.While) and _is_retry(function, node):
            yield place_at(function, node, t("retry loop around another service"), loss, "errors")
    for decorator in function.node.decorator_list:
        if _is_retry_decorator(function, decorator) and calls_any_service(function):
            what = t("@{name} around another service", name=name_of(decorator))
            yield place_at(function, decorator, what, loss, "errors")


def _is_retry_decorator(function: Function, decorator: ast.expr) -> bool:
    name = name_of(decorator)
    is_tenacity = "tenacity" in function.source.imported_packages
    return name.startswith("backoff.on_") or (is_tenacity and name in ("retry", "tenacity.retry"))


def _is_retry(function: Function, loop: ast.For | ast.While) -> bool:
    """A counted loop, or one without an end, that tries a call and sleeps."""
    if isinstance(loop, ast.For) and name_of(loop.iter) != "range":
        return False
    calls = [part for part in ast.walk(loop) if isinstance(part, ast.Call)]
    return any(is_sleep(call) for call in calls) and any(
        calls_service(function, call) for call in _tried_calls(loop)
    )


def _tried_calls(loop: ast.For | ast.While) -> Iterator[ast.Call]:
    for part in ast.walk(loop):
        if isinstance(part, ast.Try):
            for statement in part.body:
                yield from (one for one in ast.walk(statement) if isinstance(one, ast.Call))
