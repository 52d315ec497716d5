"""The endpoint in apps of every kind: nothing of theirs gets in its way, and it changes nothing of
theirs.
"""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse, PlainTextResponse
from inngest._internal import net
from starlette.middleware.base import BaseHTTPMiddleware

from core.inngest import client as client_module
from core.inngest import installation
from core.inngest.client import create_client
from core.inngest.errors import ConfigurationError
from core.inngest.events import ExampleEvent
from core.inngest.network import create_http_client
from core.inngest.settings import Settings


def call(
    app: FastAPI, method: str, path: str = "/api/inngest", *, root_path: str = "", json: Any = None
) -> httpx.Response:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app, root_path=root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.request(method, path, json=json)

    return asyncio.run(request())


@contextmanager
def off_mode() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("INNGEST_DEV")
        settings = Settings()
        patch.setattr(installation, "get_settings", lambda: settings)
        patch.setattr(installation, "inngest_client", create_client(settings))
        yield


def refuse() -> None:
    raise HTTPException(403)


def with_catch_all(app: FastAPI) -> None:
    @app.get("/{path:path}")
    def catch_all(path: str) -> str:
        return "caught"


def with_mount(app: FastAPI) -> None:
    async def page(scope: Any, receive: Any, send: Any) -> None:
        await HTMLResponse("page")(scope, receive, send)

    app.mount("/", page)


def with_middleware(app: FastAPI) -> None:
    """One that wants a summary and a tag of every route, as an audit log does."""

    async def audit(request: Any, call_next: Any) -> Any:
        for route in app.routes:
            if getattr(route, "path", "") == request.url.path:
                assert route.summary  # type: ignore[attr-defined]
                assert route.tags[0]  # type: ignore[attr-defined]
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=audit)


APPS = {
    "bare": lambda: FastAPI(),
    "ids from the first tag": lambda: FastAPI(
        generate_unique_id_function=lambda route: f"{route.tags[0]}-{route.name}"
    ),
    "dependencies of the whole app": lambda: FastAPI(dependencies=[Depends(refuse)]),
    "catch-all": lambda: add(FastAPI(), with_catch_all),
    "mount at /": lambda: add(FastAPI(), with_mount),
    "middleware": lambda: add(FastAPI(), with_middleware),
    "text as default": lambda: FastAPI(default_response_class=PlainTextResponse),
}


def add(app: FastAPI, trait: Any) -> FastAPI:
    trait(app)
    return app


@pytest.mark.parametrize("name", APPS)
def test_install_in_app_of_any_kind_leaves_its_docs_as_they_were(name: str) -> None:
    app, untouched = APPS[name](), APPS[name]()

    functions = installation.install_inngest(app)

    reply = call(app, "GET")
    assert reply.status_code == 200
    assert reply.json()["function_count"] >= len(functions) > 0
    assert json.dumps(app.openapi()) == json.dumps(untouched.openapi())


def test_install_with_no_mode_answers_404_and_says_how(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()

    with off_mode(), caplog.at_level(logging.WARNING):
        functions = installation.install_inngest(app)

    reply = call(app, "POST", "/api/inngest?fnId=app-fn&stepId=step", json={})
    assert functions == []
    assert reply.status_code == 404
    assert "INNGEST_DEV=1" in reply.json()["detail"]
    (record,) = caplog.records
    for name in ("inngest-dev", "INNGEST_DEV=1", "INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"):
        assert name in record.getMessage()


def test_send_with_no_mode_raises_before_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INNGEST_DEV")
    client = create_client(Settings())

    async def reach_network(*_: object, **__: object) -> None:
        raise AssertionError("reached the network")

    monkeypatch.setattr(client._http_client, "_http_client", reach_network)

    with pytest.raises(ConfigurationError, match="INNGEST_DEV=1"):
        asyncio.run(client.send(ExampleEvent().to_event()))
    with pytest.raises(ConfigurationError, match="INNGEST_DEV=1"):
        client.send_sync(ExampleEvent().to_event())


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs under which a sync would register an app."""
    urls: list[str] = []
    original = net.create_serve_url

    def create_serve_url(**options: Any) -> str:
        url: str = original(**options)
        urls.append(url)
        return url

    monkeypatch.setattr(net, "create_serve_url", create_serve_url)
    return urls


@pytest.mark.filterwarnings("ignore:The `root_path` parameter is deprecated")
@pytest.mark.parametrize(
    ("app_options", "client_options", "settings", "path"),
    [
        ({}, {}, {}, "/api/inngest"),
        ({"root_path": "/shop"}, {}, {}, "/shop/api/inngest"),
        ({}, {"root_path": "/shop"}, {}, "/shop/api/inngest"),
        ({}, {}, {"inngest_serve_path": "/shop/api/inngest"}, "/shop/api/inngest"),
    ],
    ids=["plain", "root_path of the app", "root_path of the server", "INNGEST_SERVE_PATH"],
)
def test_register_the_public_path(
    monkeypatch: pytest.MonkeyPatch,
    registered: list[str],
    app_options: dict[str, str],
    client_options: dict[str, str],
    settings: dict[str, str],
    path: str,
) -> None:
    values = Settings.model_validate(
        {"inngest_dev": "1", "inngest_base_url": "http://x:1"} | settings
    )
    monkeypatch.setattr(installation, "get_settings", lambda: values)
    app = FastAPI(**app_options)  # type: ignore[arg-type]
    installation.install_inngest(app)

    call(app, "PUT", **client_options)

    assert {url.removeprefix("http://app") for url in registered} == {path}


@pytest.mark.parametrize(
    "env",
    [
        {"NO_PROXY": "localhost,[::1]"},
        {"no_proxy": "localhost,fe80::/10"},
        {"ALL_PROXY": "socks://127.0.0.1:1080"},
        {"SSL_CERT_FILE": "/nonexistent"},
        {"SSL_CERT_FILE": __file__},
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", [{}, {"INNGEST_DEV": "1"}], ids=["off", "dev"])
def test_create_client_in_development_whatever_the_network_variables_say(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], mode: dict[str, str]
) -> None:
    monkeypatch.delenv("INNGEST_DEV")
    for name, value in (env | mode).items():
        monkeypatch.setenv(name, value)

    create_client(Settings())
    create_http_client("http://127.0.0.1:1", timeout=1, only_direct=True)

    assert {name: client_module.os.environ[name] for name in env} == env


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"NO_PROXY": "localhost,[::1],10.0.0.0/8"}, None),
        ({"HTTPS_PROXY": "proxy:3128"}, None),
        ({"ALL_PROXY": "socks://127.0.0.1:1080"}, "ALL_PROXY is no proxy that can be used (socks:"),
        ({"SSL_CERT_FILE": "/nonexistent"}, "SSL_CERT_FILE=/nonexistent does not exist"),
        ({"SSL_CERT_FILE": __file__}, "cannot be used ("),
        ({"SSLKEYLOGFILE": "/nonexistent/log"}, "SSLKEYLOGFILE cannot be used ("),
    ],
    ids=str,
)
def test_create_client_in_production_names_a_variable_that_it_cannot_use(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], message: str | None
) -> None:
    keys = {"INNGEST_EVENT_KEY": "k", "INNGEST_SIGNING_KEY": "ab" * 32}
    monkeypatch.delenv("INNGEST_DEV")
    for name, value in (env | keys).items():
        monkeypatch.setenv(name, value)

    if message is None:
        create_client(Settings())
        create_http_client("http://127.0.0.1:1", timeout=1, only_direct=False)
        return
    with pytest.raises(ConfigurationError) as error:
        create_client(Settings())
    assert message in str(error.value)
