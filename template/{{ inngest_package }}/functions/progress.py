"""Work in parts that says how far it is; `progress_page.py` shows it in a browser."""

from typing import Any

import inngest

from ..client import inngest_client
from ..events import ExportRequested
from ..progress import publish_progress


async def export_part(part: int) -> int:
    """A part of the work, here one that takes no time: it returns how many rows it wrote."""
    return 100 * part


@inngest_client.create_function(
    fn_id="progress", name="Progress", trigger=ExportRequested.trigger()
)
async def progress(ctx: inngest.Context) -> dict[str, Any]:
    payload = ExportRequested.parse(ctx.event)
    rows = 0
    for part in range(1, payload.parts + 1):
        rows += await ctx.step.run(f"part-{part}", run_part, ctx.event.id, part, payload.parts)
        await ctx.step.sleep(f"pause-{part}", payload.pause)
    await ctx.step.run("finish", publish_progress, ctx.event.id, 100, f"{rows} rows exported")
    return {"success": True, "rows": rows}


async def run_part(event_id: str, part: int, parts: int) -> int:
    # Published within the step. Between steps it would be published again at every replay, and the
    # value would jump back to the first each time.
    rows = await export_part(part)
    await publish_progress(event_id, 99 * part // parts, f"Part {part} of {parts}")
    return rows
