"""The model that `ai_agent.py` asks: how to reach it, and one call of its API."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any

import httpx
import inngest
from pydantic import AfterValidator, SecretStr
from pydantic_settings import BaseSettings

from ..settings import READ_ENV_FILE, load_settings

TIMEOUT = 120  # seconds
BUSY = (429, 503, 529)  # statuses of a provider that is overloaded
BUSY_PAUSE = 10  # seconds, where the provider does not say how long

Tools = dict[str, Callable[[str], Awaitable[str]]]


def _check_key(key: SecretStr) -> SecretStr:
    bare = key.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]*", bare):  # httpx would refuse the header, and quote it
        raise ValueError("AI_API_KEY has characters that no key has: copy it again.")
    return SecretStr(bare)


class AiSettings(BaseSettings):
    """AI_BASE_URL, AI_API_KEY, AI_MODEL. The key is in no event and in no step."""

    model_config = READ_ENV_FILE

    ai_base_url: str = "https://api.openai.com/v1"  # any that speaks the chat completions API
    ai_api_key: Annotated[SecretStr, AfterValidator(_check_key)] = SecretStr("")
    ai_model: str = "gpt-5-mini"


@lru_cache
def get_ai_settings() -> AiSettings:
    return load_settings(AiSettings)


get_ai_settings()  # a wrong value ends the start of the app, not a step of a run


async def ask_model(messages: list[dict[str, Any]], tools: Tools) -> dict[str, Any]:
    """The model's next message, and how many tokens the call took."""
    settings = get_ai_settings()
    key = settings.ai_api_key.get_secret_value()
    async with httpx.AsyncClient(timeout=TIMEOUT) as http:
        reply = await http.post(
            f"{settings.ai_base_url}/chat/completions",
            json={"model": settings.ai_model, "messages": messages, "tools": _describe(tools)},
            headers={"authorization": f"Bearer {key}"} if key else {},
        )
    if reply.status_code in BUSY:  # asked again when the provider says, not before
        seconds = reply.headers.get("retry-after", "")
        pause = timedelta(seconds=int(seconds) if seconds.isdigit() else BUSY_PAUSE)
        raise inngest.RetryAfterError(f"the model answered {reply.status_code}", pause)
    if reply.is_client_error:  # it would be refused again
        raise inngest.NonRetriableError(f"the model answered {reply.status_code}")
    reply.raise_for_status()
    body = reply.json()
    return {"message": body["choices"][0]["message"], "tokens": body["usage"]["total_tokens"]}


def _describe(tools: Tools) -> list[dict[str, Any]]:
    """What the model is told of the tools: a name, a docstring, and that each takes an order."""
    parameters = {
        "type": "object",
        "properties": {"order_id": {"type": "string"}},
        "required": ["order_id"],
    }
    return [
        {
            "type": "function",
            "function": {"name": name, "description": tool.__doc__, "parameters": parameters},
        }
        for name, tool in tools.items()
    ]
