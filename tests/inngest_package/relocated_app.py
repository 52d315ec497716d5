"""A bare FastAPI app with the Inngest package inside: run by test_relocation.py, under each of two
import roots.
"""

import asyncio
import json
import sys

import fastapi
import httpx
from fastapi import FastAPI

name = sys.argv[1]
package = __import__(name, fromlist=["install_inngest"])
app = FastAPI()
functions = package.install_inngest(app)


async def call() -> list[httpx.Response]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        event = {"name": "example/event", "data": {"message": "Hi"}, "id": "1", "ts": 1}
        context = {
            "attempt": 0,
            "run_id": "run",
            "stack": {"stack": [], "current": 0},
            "disable_immediate_execution": False,
        }
        body = {"ctx": context, "event": event, "events": [event], "steps": {}, "use_api": False}
        app_id = package.inngest_client.app_id
        url = f"/api/inngest?fnId={app_id}-example-function&stepId=step"
        return [await client.get("/api/inngest"), await client.post(url, json=body)]


served, run = asyncio.run(call())
modules = {module.partition(".")[0] for module in sys.modules}
print(
    json.dumps(
        {
            "fastapi": fastapi.__version__,
            "functions": [function.local_id for function in functions],
            "served": served.json()["function_count"],
            "status": run.status_code,
            "output": run.json(),
            "foreign": sorted(modules & {"core", "server", "inngest_devtools", "psutil", "typer"}),
        }
    )
)
