"""A stand-in for a language model, so that the example agent runs without a key and without costs.

    uv run python -m inngest_devtools.model

It speaks the part of the chat completions API that the agent uses, and knows one conversation: it
looks an order up, refunds it if that is asked for, and says so.
"""

import argparse
import json
import re
from collections import deque
from typing import Any

import uvicorn
from inngest_devtools.words import t
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]

PORT = 8295


class ModelStandIn:
    """An ASGI app, `app`, that answers as a model would.

    Args:
        replies: What to answer instead, in this order, before it goes on by itself.
        requests: The bodies that were sent.
        keys: The keys that were sent.
    """

    def __init__(self) -> None:
        self.replies: deque[Response] = deque()
        self.requests: list[Json] = []
        self.keys: list[str] = []
        self.app = Starlette(
            routes=[Route("/v1/chat/completions", self._complete, methods=["POST"])]
        )

    async def _complete(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.keys.append(request.headers.get("authorization", "").removeprefix("Bearer "))
        if self.replies:
            return self.replies.popleft()
        return completion(_go_on(body["messages"]), tokens=len(json.dumps(body)) // 4)


def completion(message: Json, *, tokens: int = 100) -> Response:
    """A reply of the API with one message."""
    message = {"role": "assistant", "content": None} | message
    return JSONResponse(
        {
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message}],
            "usage": {"total_tokens": tokens},
        }
    )


def tool_call(name: str, arguments: str) -> Json:
    """A message that asks for a tool; `arguments` are JSON, or what the model takes for it."""
    call = {"id": f"call_{name}", "type": "function"}
    return {"tool_calls": [call | {"function": {"name": name, "arguments": arguments}}]}


def _go_on(messages: list[Json]) -> Json:
    question = next(message["content"] for message in messages if message["role"] == "user")
    results = [message["content"] for message in messages if message["role"] == "tool"]
    order = re.search(r"\d+", question)
    arguments = json.dumps({"order_id": order[0] if order else "1"})
    if not results:
        return tool_call("look_up_order", arguments)
    if len(results) == 1 and "refund" in question.lower():
        return tool_call("refund_order", arguments)
    return {"content": " ".join(results)}


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for a model, for the example agent.")
    parser.add_argument("--port", type=int, default=PORT)
    port = parser.parse_args().port
    url = f"http://127.0.0.1:{port}/v1"
    print(t("A stand-in for a model at {url}, which AI_BASE_URL has to name.", url=url), flush=True)
    uvicorn.run(ModelStandIn().app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
