"""Probes for whatever runs the app."""

from functools import lru_cache
from typing import Literal

import httpx
from fastapi import APIRouter, Request
from pydantic import BaseModel

from core.inngest.settings import get_settings

INNGEST_TIMEOUT = 1.0  # seconds

get_tls_context = lru_cache(
    httpx.create_ssl_context
)  # 25 ms, in which nothing else is served: once is enough

router = APIRouter(tags=["health"])


class Readiness(BaseModel):
    status: Literal["ready"] = "ready"
    functions: int
    inngest: Literal["reachable", "unreachable"]


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
    return Readiness(functions=len(functions), inngest=await _ping_inngest())


async def _ping_inngest() -> Literal["reachable", "unreachable"]:
    try:
        async with httpx.AsyncClient(timeout=INNGEST_TIMEOUT, verify=get_tls_context()) as client:
            await client.get(f"{get_settings().api_origin}/health")
    except httpx.HTTPError:
        return "unreachable"
    return "reachable"
