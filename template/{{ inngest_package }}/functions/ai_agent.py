"""An agent: a model that is called durably, tools as steps, a budget, a person who approves."""

import json
import logging
from datetime import timedelta
from typing import Any

import inngest

from ..client import inngest_client
from ..events import AgentAsked, AgentDecided
from ._ai_model import Tools, ask_model

MAX_TURNS = 6
MAX_TOKENS = 20_000  # of all turns together
APPROVAL_TIMEOUT = timedelta(days=1)

INSTRUCTIONS = "You help with orders. Use the tools; do not guess."

logger = logging.getLogger(__name__)


async def look_up_order(order_id: str) -> str:
    """Say what state an order is in, and what it cost."""
    return f"Order {order_id} was lost by the carrier. It cost 49 EUR."


async def refund_order(order_id: str) -> str:
    """Give the customer the money back."""
    return f"Order {order_id} is refunded."


TOOLS: Tools = {"look_up_order": look_up_order, "refund_order": refund_order}
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
        reply = await ctx.step.run(f"ask-model-{turn}", ask_model, messages, TOOLS)
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


async def ask_person(run_id: str, call: str, what: str) -> None:
    """Write to whoever decides; the answer is an event `agent/decided` with this run and call."""
    logger.info("May I %s? agent/decided run_id=%s call=%s approved=true", what, run_id, call)
