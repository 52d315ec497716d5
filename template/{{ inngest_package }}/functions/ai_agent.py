"""An agent: a model that is called durably, tools as steps, a budget, a person who approves."""

import json
import logging
import re
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any

import httpx
import inngest
from pydantic import AfterValidator, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from ..client import inngest_client
from ..events import AgentAsked, AgentDecided
from ..settings import ENV_FILE, load_settings

MAX_TURNS = 6
MAX_TOKENS = 20_000  # of all turns together
MODEL_TIMEOUT = 120  # seconds
APPROVAL_TIMEOUT = timedelta(days=1)

INSTRUCTIONS = "You help with orders. Use the tools; do not guess."

logger = logging.getLogger(__name__)


def _check_key(key: SecretStr) -> SecretStr:
    bare = key.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]*", bare):  # httpx would refuse the header, and quote it
        raise ValueError("AI_API_KEY has characters that no key has: copy it again.")
    return SecretStr(bare)


class AiSettings(BaseSettings):
    """Variables like Inngest's own: AI_API_KEY, ... The key is in no event and in no step."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    ai_base_url: str = "https://api.openai.com/v1"  # any that speaks the chat completions API
    ai_api_key: Annotated[SecretStr, AfterValidator(_check_key)] = SecretStr("")
    ai_model: str = "gpt-5-mini"


@lru_cache
def get_ai_settings() -> AiSettings:
    return load_settings(AiSettings)


async def look_up_order(order_id: str) -> str:
    """Say what state an order is in, and what it cost."""
    return f"Order {order_id} was lost by the carrier. It cost 49 EUR."


async def refund_order(order_id: str) -> str:
    """Give the customer the money back."""
    return f"Order {order_id} is refunded."


TOOLS = {"look_up_order": look_up_order, "refund_order": refund_order}
COSTLY = {"refund_order"}


@inngest_client.create_function(fn_id="ai-agent", name="AI agent", trigger=AgentAsked.trigger())
async def ai_agent(ctx: inngest.Context) -> dict[str, Any]:
    payload = AgentAsked.parse(ctx.event)
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": payload.question},
    ]
    tokens = 0
    for turn in range(MAX_TURNS):
        # A step for each call: what the model has answered it is neither asked nor paid for again.
        reply = await ctx.step.run(f"ask-model-{turn}", ask_model, messages)
        tokens += reply["tokens"]
        calls = reply["message"].get("tool_calls") or []
        if not calls:
            return {"success": True, "answer": reply["message"]["content"], "tokens": tokens}
        if tokens > MAX_TOKENS:
            return {"success": False, "answer": "The token budget is spent.", "tokens": tokens}
        messages.append(reply["message"])
        for index, call in enumerate(calls):
            result = await _use_tool(ctx, f"{turn}-{index}", call["function"])
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    return {"success": False, "answer": "This takes too many turns.", "tokens": tokens}


async def _use_tool(ctx: inngest.Context, call: str, function: dict[str, str]) -> str:
    """The result of a tool, or in words why there is none: the model can go on with either."""
    name = function["name"]
    if name not in TOOLS:
        return f"There is no tool {name}."
    try:
        order_id = str(json.loads(function["arguments"])["order_id"])
    except (ValueError, KeyError, TypeError):
        return "The arguments are no JSON with an order_id."
    if name in COSTLY and not await _is_approved(ctx, call, f"{name} {order_id}"):
        return "A person refused this."
    return await ctx.step.run(f"tool-{call}", TOOLS[name], order_id)


async def ask_person(run_id: str, call: str, what: str) -> None:
    """Write to whoever decides; the answer is an event `agent/decided` with this run and call."""
    logger.info("May I %s? agent/decided run_id=%s call=%s approved=true", what, run_id, call)


async def _is_approved(ctx: inngest.Context, call: str, what: str) -> bool:
    await ctx.step.run(f"ask-person-{call}", ask_person, ctx.run_id, call, what)
    # Both values are our own. What a model says never belongs into an expression.
    answer = await ctx.step.wait_for_event(
        f"wait-for-decision-{call}",
        event=AgentDecided.event_name,
        if_exp=f"async.data.run_id == '{ctx.run_id}' && async.data.call == '{call}'",
        timeout=APPROVAL_TIMEOUT,
    )
    return answer is not None and AgentDecided.parse(answer).approved


async def ask_model(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The model's next message, and how many tokens the call took."""
    settings = get_ai_settings()
    request = {"model": settings.ai_model, "messages": messages, "tools": _describe_tools()}
    key = settings.ai_api_key.get_secret_value()
    headers = {"authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(timeout=MODEL_TIMEOUT) as http:
        url = f"{settings.ai_base_url}/chat/completions"
        reply = await http.post(url, json=request, headers=headers)
    if reply.status_code in (429, 503, 529):  # overloaded: when the provider says, not before
        seconds = reply.headers.get("retry-after", "")
        wait = timedelta(seconds=int(seconds) if seconds.isdigit() else 10)
        raise inngest.RetryAfterError(f"the model answered {reply.status_code}", wait)
    if reply.is_client_error:  # it would be refused again
        raise inngest.NonRetriableError(f"the model answered {reply.status_code}")
    reply.raise_for_status()
    body = reply.json()
    return {"message": body["choices"][0]["message"], "tokens": body["usage"]["total_tokens"]}


def _describe_tools() -> list[dict[str, Any]]:
    order_id = {"type": "object", "properties": {"order_id": {"type": "string"}}}
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": tool.__doc__,
                "parameters": order_id | {"required": ["order_id"]},
            },
        }
        for name, tool in TOOLS.items()
    ]
