"""Sends a test event; exists in dev mode only."""

from fastapi import APIRouter

from core.inngest.events import ExampleEvent
from server.events import EventsSent, send_event

router = APIRouter(prefix="/api/v1/test", tags=["test"])


@router.post("/inngest")
async def test_inngest() -> EventsSent:
    """Send an `example/event`; its run shows in the Dev Server's dashboard."""
    return await send_event(ExampleEvent(message="Test event"))
