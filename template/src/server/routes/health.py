"""Probes for whatever runs the app."""

import asyncio
import time
from typing import Literal

import httpx
from fastapi import APIRouter, Request
from pydantic import BaseModel

from core.inngest.network import create_http_client
from core.inngest.settings import get_settings

INNGEST_TIMEOUT = 1.0  # seconds
ANSWER_AGE = 2.0  # seconds for which Inngest is not asked again

Reachability = Literal["reachable", "unreachable"]

router = APIRouter(tags=["health"])


class Readiness(BaseModel):
    status: Literal["ready"] = "ready"
    functions: int
    inngest: Reachability


@router.get("/healthz")
async def get_liveness() -> dict[str, str]:
    """Whether the process answers at all."""
    return {"status": "ok"}


@router.get("/readyz")
async def get_readiness(request: Request) -> Readiness:
    """Whether the app can take requests; an outage of Inngest is reported, but is no reason to send
    none.
    """
    functions = request.app.state.inngest_functions
    return Readiness(functions=len(functions), inngest=await _question.ask())


class Question:
    """Asks Inngest once in a while, however often it is asked itself: each time takes a connection,
    and connections run out.
    """

    def __init__(self) -> None:
        self._answer: asyncio.Task[Reachability] | None = None
        self._asked_at = 0.0

    async def ask(self) -> Reachability:
        now = time.monotonic()
        if self._answer is None or now - self._asked_at >= ANSWER_AGE:
            self._answer = asyncio.create_task(_ping_inngest())
            self._asked_at = now
        # Others wait for the same answer: who hangs up must not take it away from them.
        return await asyncio.shield(self._answer)


_question = Question()


async def _ping_inngest() -> Reachability:
    settings = get_settings()
    client = create_http_client(
        settings.api_origin, timeout=INNGEST_TIMEOUT, only_direct=not settings.is_production
    )
    try:
        async with client:
            await client.get("/health")
    except httpx.HTTPError:
        return "unreachable"
    return "reachable"
