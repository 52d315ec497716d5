"""`python -m core.inngest.sync`: what it says, and what it exits with."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from inngest_devtools.testing import free_port, serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.production.service import Service

pytestmark = pytest.mark.slow

APPS = [
    {"name": "other", "error": "theirs"},
    {"name": "my-app", "error": "more concurrency limits than 2"},
]
TOO_MANY_KEYS = """
import inngest

from core.inngest.client import inngest_client


@inngest_client.create_function(
    fn_id="greedy",
    trigger=inngest.TriggerEvent(event="test/greedy"),
    concurrency=[inngest.Concurrency(limit=1, key=f"event.data.{name}") for name in "abc"],
)
async def greedy(ctx: inngest.Context) -> None: ...
"""


@contextmanager
def serve_app(answer: Callable[[Request], Response], *, functions: int) -> Iterator[str]:
    """An app that is not ours, or not today's, and its Inngest server in one; yields their URL."""
    routes = [
        Route("/api/inngest", lambda _: JSONResponse({"function_count": functions})),
        Route("/api/inngest", answer, methods=["PUT"]),
        Route("/v0/gql", lambda _: JSONResponse({"data": {"apps": APPS}}), methods=["POST"]),
    ]
    listener = free_port()
    with serve(Starlette(routes=routes), listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_sync_registers_every_function(service: Service) -> None:
    result = service.run_module("core.inngest.sync", "--url", service.url)

    assert (result.returncode, result.stderr) == (0, "")
    count = service.count_functions()
    taken = f"{service.executor.origin} has taken {count} of {count} functions"
    assert result.stdout == f"Synced my-app: {taken}.\n"


def test_sync_waits_for_app_that_starts(make_service: Callable[..., Service]) -> None:
    service = make_service(start=False)
    starting = threading.Timer(1.5, service.start)
    starting.start()

    result = service.run_module("core.inngest.sync", "--url", service.url, "--wait", "20")
    starting.join()

    assert result.returncode == 0, result.stderr


def test_sync_of_app_that_does_not_answer_gives_up_in_time(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(start=False)
    started = time.monotonic()

    result = service.run_module("core.inngest.sync", "--url", service.url, "--wait", "2")

    assert result.returncode == 1
    assert f"ERROR:    my-app was not synced: {service.url} does not answer" in result.stderr
    assert time.monotonic() - started < 30


def test_sync_that_server_refuses_says_why_at_once(make_service: Callable[..., Service]) -> None:
    """The SDK answers it with 200."""
    service = make_service(greedy=TOO_MANY_KEYS)

    result = service.run_module("core.inngest.sync", "--url", service.url, "--wait", "30")

    assert result.returncode == 1
    assert result.stderr == "ERROR:    my-app was not synced: At least one function is invalid\n"


def test_sync_that_server_refuses_adds_what_its_dashboard_knows(
    service: Service,
) -> None:
    answer = JSONResponse({"error": "At least one function is invalid", "status": 400})

    with serve_app(lambda _: answer, functions=service.count_functions()) as url:
        result = service.run_module("core.inngest.sync", "--url", url, INNGEST_BASE_URL=url)

    assert result.returncode == 1
    assert (
        "not synced: At least one function is invalid: more concurrency limits than 2\n"
        in result.stderr
    )


def test_sync_with_another_key_is_refused(service: Service) -> None:
    result = service.run_module(
        "core.inngest.sync", "--url", service.url, INNGEST_SIGNING_KEY="ab" * 32
    )

    assert result.returncode == 1
    assert (
        "not Inngest's. (the app has another INNGEST_SIGNING_KEY than this command, or clock)"
        in result.stderr
    )
    assert "ab" * 32 not in result.stderr


def test_sync_while_server_is_down_names_the_app_s_trouble(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(env={"INNGEST_API_BASE_URL": "http://127.0.0.1:1"})

    result = service.run_module("core.inngest.sync", "--url", service.url)

    assert result.returncode == 1
    assert f"{service.url}/api/inngest answered 500" in result.stderr


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (
            lambda _: JSONResponse({"ok": False, "error": "app is archived"}),
            "not synced: app is archived",
        ),
        (lambda _: JSONResponse({"ok": "yes"}), "answered 200"),
        (lambda _: Response("<html>Welcome</html>"), "answered 200: <html>Welcome</html>"),
        (lambda _: Response(status_code=502), "answered 502: Bad Gateway"),
        (lambda _: JSONResponse(["ok"]), 'answered 200: ["ok"]'),
        (
            lambda _: JSONResponse({"message": "response is not valid JSON"}, 500),
            "answered 500: Inngest refused the app: it has another INNGEST_SIGNING_KEY",
        ),
    ],
)
def test_sync_believes_nothing_but_ok(service: Service, answer: Any, problem: str) -> None:
    with serve_app(answer, functions=service.count_functions()) as url:
        result = service.run_module("core.inngest.sync", "--url", url)

    assert result.returncode == 1
    assert problem in result.stderr


def test_sync_with_app_of_another_release_is_no_success(
    service: Service,
) -> None:
    with serve_app(lambda _: JSONResponse({"ok": True}), functions=2) as url:
        result = service.run_module("core.inngest.sync", "--url", url)

    assert result.returncode == 1
    count = service.count_functions()
    assert f"serves 2 functions, this release has {count}." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "env", "problem"),
    [
        (
            ["--url", "app:8200"],
            {},
            "app:8200 is not an app's address: write it like http://127.0.0.1:8200",
        ),
        (["--url", "http://[::1"], {}, "is not an app's address"),
        (["--wait", "long"], {}, "argument --wait: invalid float value: 'long'"),
        (
            [],
            {"INNGEST_BASE_URL": "http://inngest:8288"},
            "Inngest would be told to call http://127.0.0.1:8200",
        ),
    ],
)
def test_sync_with_wrong_command_line_exits_with_2(
    service: Service, arguments: list[str], env: dict[str, str], problem: str
) -> None:
    result = service.run_module("core.inngest.sync", *arguments, **env)

    assert result.returncode == 2
    assert problem in result.stderr
