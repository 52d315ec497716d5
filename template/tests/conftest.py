"""Tests run the functions over HTTP, against a stand-in for the Inngest server or, with --dev-server, the real one."""

import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import httpx
import pytest
from dev_server import DevServer
from executor import Executor, InngestServer, free_port, serve

SERVER = pytest.StashKey[Executor | DevServer]()


class CountCalls(Protocol):
    def __call__(self, module: ModuleType, *names: str) -> Counter[str]: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--dev-server", action="store_true", help="run against a real Inngest Dev Server")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the server and point the settings at it, before any test module imports the app."""
    server = DevServer(_find_inngest()) if config.getoption("--dev-server") else Executor()
    config.stash[SERVER] = server
    for name in list(os.environ):
        if name.startswith("INNGEST_") or name.upper().endswith("_PROXY"):
            del os.environ[name]
    os.environ |= {"INNGEST_DEV": "1", "INNGEST_BASE_URL": server.origin}

    from core.config import Settings

    Settings.model_config["env_file"] = None  # nor does a developer's .env change what the tests say


@pytest.fixture(scope="session")
def app_url() -> Iterator[str]:
    """The app, served over HTTP from a thread of this process: a test can patch what the app calls."""
    from server.main import app

    listener = free_port()
    with serve(app, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="session")
def synced_server(request: pytest.FixtureRequest, app_url: str) -> Iterator[Executor | DevServer]:
    from core.config import get_settings

    with request.config.stash[SERVER] as server:
        core.inngest.sync(app_url, app_id=get_settings().inngest_app_id)
        yield server


@pytest.fixture
def inngest_server(synced_server: Executor | DevServer, request: pytest.FixtureRequest) -> InngestServer:
    """The server that a test sends events to; it shows no run of an earlier test."""
    if isinstance(synced_server, DevServer) and request.node.get_closest_marker("virtual_time"):
        pytest.skip("waits longer than a test can")
    synced_server.reset()
    return synced_server


@pytest.fixture
def client(inngest_server: InngestServer, app_url: str) -> Iterator[httpx.Client]:
    """An HTTP client of the app."""
    with httpx.Client(base_url=app_url) as client:
        yield client


@pytest.fixture
def count_calls(monkeypatch: pytest.MonkeyPatch) -> CountCalls:
    """Count how often a module's functions run: `calls = count_calls(module, "fetch_data", "save_result")`."""
    calls: Counter[str] = Counter()

    def count(module: ModuleType, *names: str) -> Counter[str]:
        for name in names:
            monkeypatch.setattr(module, name, _counted(getattr(module, name), name, calls))
        return calls

    return count


def _counted(function: Callable[..., Awaitable[Any]], name: str, calls: Counter[str]) -> Callable[..., Awaitable[Any]]:
    @wraps(function)
    async def counted(*args: Any) -> Any:
        calls[name] += 1
        return await function(*args)

    return counted


def _find_inngest() -> Path:
    from core.errors import StartupError
    from devtools.binary import find_cli

    try:
        path = find_cli()
    except StartupError as error:
        raise pytest.UsageError(f"--dev-server: {error}") from None
    if path is None:
        raise pytest.UsageError("--dev-server needs the Inngest CLI: run `uv run dev-server install` first")
    return path
