"""What the app refuses, whichever route is asked."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI
from fastapi.testclient import TestClient

from server import bounds
from server.main import create_app

JSON = {"content-type": "application/json"}


@pytest.fixture
def bounded_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The app with a small limit and two routes of a test."""
    monkeypatch.setattr("server.main.MAX_BODY_SIZE", 1000)
    app = create_app()
    add_routes(app)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def add_routes(app: FastAPI) -> None:
    @app.post("/any")
    async def take_anything(body: Annotated[Any, Body()]) -> str:
        return "taken"

    @app.post("/numbers")
    async def take_numbers(body: dict[str, list[int]]) -> str:
        return "taken"


@pytest.mark.parametrize("path", ["/any", "/numbers", "/api/inngest"])
def test_post_more_than_the_limit_is_refused(bounded_client: TestClient, path: str) -> None:
    response = bounded_client.post(path, content=b'"' + b"x" * 1000 + b'"', headers=JSON)

    assert response.status_code == 413


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", r'"\ud800"', r'{"\udfff": 1}', "{"])
def test_post_what_json_does_not_allow_is_refused(bounded_client: TestClient, text: str) -> None:
    response = bounded_client.post("/any", content=f'{{"field": {text}}}', headers=JSON)

    assert response.status_code == 422
    assert response.json()["detail"][0]["msg"] == "JSON decode error"


def test_post_json_with_pairs_and_zero_is_taken(bounded_client: TestClient) -> None:
    response = bounded_client.post("/any", content=r'{"a": "\ud83d\ude00", "b": -0}', headers=JSON)

    assert response.status_code == 200


def test_post_wrong_input_is_explained_without_it(bounded_client: TestClient) -> None:
    response = bounded_client.post("/numbers", json={"secret" * 50: ["hunter2"] * 50})

    assert response.status_code == 422
    assert "hunter2" not in response.text
    problems = response.json()["detail"]
    assert len(problems) == bounds.MAX_PROBLEMS
    assert problems[0]["loc"] == ["body", ("secret" * 50)[: bounds.MAX_NAME_LENGTH], 0]
