"""Sends an event by hand; exists in dev mode only."""

from fastapi import APIRouter

from core.inngest import send_event
from core.inngest.events import ExampleEvent
from core.inngest.sending import EventsSent

MODES = ("dev",)

router = APIRouter(prefix="/api/v1/test", tags=["test"])


@router.post("/inngest")
async def send_example_event() -> EventsSent:
    """Send an `example/event`; its run shows in the Dev Server's dashboard."""
    return await send_event(ExampleEvent(message="Test event"))
