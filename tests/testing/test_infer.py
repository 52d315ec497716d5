"""`step.ai.infer`: the server makes the request to the model's service, not the app."""

from collections.abc import Iterator
from typing import Any

import inngest
import pytest
from inngest.experimental.ai import anthropic, gemini, openai
from inngest_devtools.testing import free_port, serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.testing.inngest_app import App

EVENT = inngest.Event(name="test/event")


class Model:
    """A local stand-in of a model's service."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.statuses: list[int] = []  # of the next answers; then 200

    async def answer(self, request: Request) -> Response:
        known = {**request.headers, "query": request.url.query}
        self.requests.append((known, await request.json()))
        status = self.statuses.pop(0) if self.statuses else 200
        return JSONResponse({"said": "hello"}, status)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def model_url(model: Model) -> Iterator[str]:
    listener = free_port()
    routes = [Route("/{path:path}", model.answer, methods=["POST"])]
    with serve(Starlette(routes=routes), listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def define_asking_function(app: App, adapter: Any, **options: Any) -> None:
    @app.function(**options)
    async def handler(ctx: inngest.Context) -> Any:
        try:
            answer = await ctx.step.ai.infer("ask", adapter=adapter, body={"messages": ["hi"]})
        except inngest.StepError as error:
            return [error.name, error.message]
        return [answer, await ctx.step.run("after", app.step("after", "after"))]


def test_infer_asks_the_model_once_and_remembers(app: App, model: Model, model_url: str) -> None:
    adapter = openai.Adapter(auth_key="key", base_url=model_url, model="gpt")
    define_asking_function(app, adapter)

    run = app.serve().run(EVENT)

    assert run.output == [{"said": "hello"}, "after"]
    ((headers, body),) = model.requests
    assert headers["authorization"] == "Bearer key"
    assert body == {"messages": ["hi"], "model": "gpt"}


def test_infer_gives_each_service_its_key_where_it_looks(
    app: App, model: Model, model_url: str
) -> None:
    define_asking_function(
        app, anthropic.Adapter(auth_key="key", base_url=model_url, model="claude"), id="claude"
    )
    define_asking_function(
        app, gemini.Adapter(auth_key="key", base_url=model_url, model="gemini"), id="gemini"
    )

    executor = app.serve()
    executor.send(EVENT)
    executor.finish()

    keys = {(headers.get("x-api-key"), headers["query"]) for headers, _ in model.requests}
    # Gemini's adapter has the key in its URL already, and the server adds it.
    assert keys == {("key", ""), (None, "key=key&key=key")}


def test_infer_tries_again_when_the_model_is_overloaded(
    app: App, model: Model, model_url: str
) -> None:
    model.statuses = [529, 500]
    define_asking_function(app, openai.Adapter(auth_key="key", base_url=model_url, model="gpt"))

    run = app.serve().run(EVENT)

    assert run.output == [{"said": "hello"}, "after"]
    assert len(model.requests) == 3


def test_infer_is_a_step_error_when_its_attempts_are_spent(
    app: App, model: Model, model_url: str
) -> None:
    model.statuses = [500, 500]
    adapter = openai.Adapter(auth_key="key", base_url=model_url, model="gpt")
    define_asking_function(app, adapter, retries=1)

    run = app.serve().run(EVENT)

    message = "Error making AI request: unsuccessful status code: 500"
    assert run.output == ["AIGatewayError", message]
    assert len(model.requests) == 2
