"""Run in a project's own environment: what its app answers, in one mode, as JSON."""

import asyncio
import importlib
import json
import re
import sys
from contextlib import nullcontext
from typing import Any

import httpx


async def probe(target: str, *, lifespan: bool) -> dict[str, Any]:
    module_name, _, name = target.partition(":")
    app = getattr(importlib.import_module(module_name), name.removesuffix("()"))
    if name.endswith("()"):
        app = app()
    async with app.router.lifespan_context(app) if lifespan else nullcontext():
        return await ask(app)


async def ask(app: Any) -> dict[str, Any]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        # One project's document names the time at which it started.
        schema = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", json.dumps(app.openapi()))
        reply = await client.get("/api/inngest")
        posted = await client.post("/api/inngest?fnId=x&stepId=step", json={})
    functions = getattr(app.state, "inngest_functions", [])
    return {
        "schema": schema,
        "get": reply.status_code,
        "post": posted.status_code,
        "text": reply.text[:300],
        "functions": len(functions),
    }


if __name__ == "__main__":
    print("\n" + json.dumps(asyncio.run(probe(sys.argv[1], lifespan="lifespan" in sys.argv))))
