"""What the app refuses, whichever route is asked."""

import asyncio
from collections.abc import Iterator, MutableMapping
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Body, FastAPI, WebSocket
from inngest_devtools.testing import free_port, serve

from server import bounds
from server.main import create_app

JSON = {"content-type": "application/json"}


@pytest.fixture
def bounded_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """The app with a small limit and two routes of a test."""
    monkeypatch.setattr("server.main.MAX_BODY_SIZE", 1000)
    app = create_app()
    add_routes(app)
    listener = free_port()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with serve(app, listener), httpx.Client(base_url=url, verify=False) as client:
        yield client


def add_routes(app: FastAPI) -> None:
    @app.post("/any")
    async def take_anything(body: Annotated[Any, Body()]) -> str:
        return "taken"

    @app.post("/numbers")
    async def take_numbers(body: dict[str, list[int]]) -> str:
        return "taken"


@pytest.mark.parametrize("path", ["/any", "/numbers", "/api/inngest"])
def test_post_more_than_the_limit_is_refused(bounded_client: httpx.Client, path: str) -> None:
    response = bounded_client.post(path, content=b'"' + b"x" * 1000 + b'"', headers=JSON)

    assert response.status_code == 413


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", r'"\ud800"', r'{"\udfff": 1}', "{"])
def test_post_what_json_does_not_allow_is_refused(bounded_client: httpx.Client, text: str) -> None:
    response = bounded_client.post("/any", content=f'{{"field": {text}}}', headers=JSON)

    assert response.status_code == 422
    assert response.json()["detail"][0]["msg"] == "JSON decode error"


def test_post_json_with_pairs_and_zero_is_taken(bounded_client: httpx.Client) -> None:
    response = bounded_client.post("/any", content=r'{"a": "\ud83d\ude00", "b": -0}', headers=JSON)

    assert response.status_code == 200


def test_post_wrong_input_is_explained_without_it(bounded_client: httpx.Client) -> None:
    response = bounded_client.post("/numbers", json={"secret" * 50: ["hunter2"] * 50})

    assert response.status_code == 422
    assert "hunter2" not in response.text
    problems = response.json()["detail"]
    assert len(problems) == bounds.MAX_PROBLEMS
    assert problems[0]["loc"] == ["body", ("secret" * 50)[: bounds.MAX_NAME_LENGTH], 0]


def test_connect_to_a_websocket_is_let_through() -> None:
    app = create_app()
    sent: list[str] = []

    @app.websocket("/socket")
    async def accept(socket: WebSocket) -> None:
        await socket.accept()

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/socket", "query_string": b"", "headers": []}
    asyncio.run(app(scope, receive, send))

    assert sent == ["websocket.accept"]
