"""FastAPI with the Inngest SDK, as the SDK's quick start has it: what a project of the template is
measured against.
"""

import logging

import fastapi
import inngest
import inngest.fast_api

client = inngest.Inngest(app_id="bare", logger=logging.getLogger("uvicorn"))


async def add(total: int, number: int) -> int:
    return total + number


@client.create_function(
    fn_id="five-steps", trigger=inngest.TriggerEvent(event="benchmark/five-steps")
)
async def five_steps(ctx: inngest.Context) -> int:
    total = int(str(ctx.event.data["start"]))
    for number in range(5):
        total = await ctx.step.run(f"add-{number}", add, total, number)
    return total


app = fastapi.FastAPI()


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


inngest.fast_api.serve(app, client, [five_steps])
