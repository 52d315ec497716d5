"""Which address the app registers, for every way in which a prefix can come before its paths."""

import json
import sys
from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.slow

OLDEST = ["fastapi==0.110.0", "starlette==0.36.3", "uvicorn==0.25.0", "inngest==0.5.19"]

# Prints the address that each app registered, or the status of its answer.
SCRIPT = """
import json
import os
import socket
import threading
import time
import warnings
from contextlib import contextmanager

import httpx
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

warnings.simplefilter("ignore")
registered = []
found = {}


@contextmanager
def serving(app, **options):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", **options))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


async def register(request):
    registered.append((await request.json())["url"])
    return JSONResponse({"ok": True})


def sync(name, app, path, **options):
    registered.clear()
    with serving(app, **options) as url:
        status = httpx.put(url + path, json={}).status_code
    found[name] = registered[0].replace(url, "") if registered else status


def make(**options):
    app = FastAPI(**options)
    install_inngest(app)
    return app


def mount(path):
    app = FastAPI()
    app.mount(path, make())
    return app


with serving(Starlette(routes=[Route("/fn/register", register, methods=["POST"])])) as inngest_url:
    os.environ["INNGEST_BASE_URL"] = inngest_url
    from core.inngest import install_inngest

    sync("plain", make(), "/api/inngest")
    for root_path in ("/shop", "/shop/", "shop"):
        sync(f"server {root_path}", make(), "/api/inngest", root_path=root_path)
        sync(f"app {root_path}", make(root_path=root_path), "/api/inngest")
    sync("app, prefix not taken away", make(root_path="/shop"), "/shop/api/inngest")
    sync("mounted", mount("/shop"), "/shop/api/inngest")
    sync("mounted at /api", mount("/api"), "/api/api/inngest")
print(json.dumps(found))
"""


@pytest.fixture(params=["newest", "oldest"])
def python(request: pytest.FixtureRequest) -> list[str]:
    """Python with FastAPI as the SDK knows it at least, or as it is today."""
    if request.param == "newest":
        return [sys.executable]
    packages = [part for name in [*OLDEST, "pydantic-settings"] for part in ("--with", name)]
    return ["uv", "run", "--no-project", "--isolated", "-p", sys.executable, *packages, "python"]


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "/shop/api/inngest"),
        ({"INNGEST_SERVE_ORIGIN": "https://example.com"}, "https://example.com/shop/api/inngest"),
        (
            {"INNGEST_SERVE_ORIGIN": "https://x.com", "INNGEST_SERVE_PATH": "/shop/api/inngest"},
            "https://x.com/shop/api/inngest",
        ),
    ],
)
def test_register_public_address_below_every_prefix(
    deployment: Path, run: Run, python: list[str], settings: dict[str, str], address: str
) -> None:
    env = {"INNGEST_DEV": "1", "PYTHONPATH": str(deployment / "src")} | settings

    found = json.loads(run(*python, "-c", SCRIPT, cwd=deployment, env=env).stdout)

    if "INNGEST_SERVE_PATH" not in settings:
        assert found.pop("plain") == address.replace("/shop", "")
        assert found.pop("mounted at /api") == address.replace("/shop", "/api")
    assert found == dict.fromkeys(found, address)
    assert len(found) >= 8
