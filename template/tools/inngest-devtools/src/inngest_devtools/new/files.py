"""What `inngest-dev new` writes: a function, its event, its test, and a route that starts it."""

from dataclasses import dataclass

WIDTH = 100  # columns


@dataclass(frozen=True)
class Names:
    """How one function is called in each place, from its id, as in "order-placed"."""

    id: str
    module: str  # the Inngest package's import name

    @property
    def python(self) -> str:
        return self.id.replace("-", "_")

    @property
    def words(self) -> str:
        return self.id.replace("-", " ").capitalize()

    @property
    def event_class(self) -> str:
        return "".join(part.capitalize() for part in self.id.split("-"))

    @property
    def event(self) -> str:
        """As in "order/placed"; a single word gets a verb."""
        subject, _, verb = self.id.rpartition("-")
        return f"{subject}/{verb}" if subject else f"{verb}/requested"

    @property
    def field(self) -> str:
        return f"{self.id.partition('-')[0]}_id"


def render_event(names: Names) -> str:
    return f'''

class {names.event_class}(TypedEvent):
    event_name = "{names.event}"

    {names.field}: str
'''


def render_function(names: Names) -> str:
    return f'''"""Runs for each `{names.event}`."""

from typing import Any

import inngest

from ..client import inngest_client
from ..events import {names.event_class}


async def do_work({names.field}: str) -> str:
    """The work itself: what calls others, writes, or reads the clock belongs into a step."""
    return f"{{{names.field}}} is done"


@inngest_client.create_function(
    fn_id="{names.id}",
    name="{names.words}",
    trigger={names.event_class}.trigger(),
)
async def {names.python}(ctx: inngest.Context) -> dict[str, Any]:
    payload = {names.event_class}.parse(ctx.event)
    result = await ctx.step.run("do-work", do_work, payload.{names.field})
    return {{"success": True, "result": result}}
'''


def render_cron_function(names: Names, cron: str) -> str:
    return f'''"""Runs on a schedule."""

from typing import Any

import inngest

from ..client import inngest_client


async def do_work() -> str:
    """The work itself: what calls others, writes, or reads the clock belongs into a step."""
    return "done"


@inngest_client.create_function(
    fn_id="{names.id}",
    name="{names.words}",
    trigger=inngest.TriggerCron(cron="{cron}"),  # in UTC, unless TZ=... stands before it
)
async def {names.python}(ctx: inngest.Context) -> dict[str, Any]:
    result = await ctx.step.run("do-work", do_work)
    return {{"success": True, "result": result}}
'''


def render_test(names: Names, *, has_event: bool) -> str:
    imports = f"from {names.module}.functions import {names.python}\n"
    run, result = f'inngest_server.invoke("{names.id}")', "done"
    if has_event:
        imports = f"from {names.module}.events import {names.event_class}\n{imports}"
        run = f'inngest_server.run({names.event_class}({names.field}="7").to_event())'
        result = "7 is done"
    return f'''from inngest_devtools.testing import CountCalls, InngestServer

{imports}

{_render_signature(f"test_run_{names.python}_does_its_work_once")}
    calls = count_calls({names.python}, "do_work")

    run = {run}

    assert run.output == {{"success": True, "result": "{result}"}}
    assert calls == {{"do_work": 1}}
'''


def _render_signature(name: str) -> str:
    arguments = "inngest_server: InngestServer, count_calls: CountCalls"
    line = f"def {name}({arguments}) -> None:"
    return line if len(line) <= WIDTH else f"def {name}(\n    {arguments}\n) -> None:"


def render_route(names: Names) -> str:
    return f'''"""Starts `{names.id}` from a request."""

from fastapi import APIRouter, status

from {names.module} import send_event
from {names.module}.events import {names.event_class}
from {names.module}.sending import EventsSent

router = APIRouter(prefix="/api/v1/{names.id}", tags=["{names.id}"])


# Open to whoever reaches the app: this is the place for your own authentication.
@router.post("", status_code=status.HTTP_202_ACCEPTED)
async def send_{names.python}(payload: {names.event_class}) -> EventsSent:
    """Start the function: the answer is immediate, the work is durable."""
    return await send_event(payload)
'''


def render_route_test(names: Names) -> str:
    return f'''import httpx
from inngest_devtools.testing import InngestServer


def test_post_{names.python}_starts_run(
    client: httpx.Client, inngest_server: InngestServer
) -> None:
    response = client.post("/api/v1/{names.id}", json={{"{names.field}": "7"}})

    assert response.status_code == 202
    (run,) = inngest_server.finish()
    assert run.event_ids == response.json()["ids"]
'''
