"""Starts a workflow from a request: the answer is immediate, the work is durable."""

from fastapi import APIRouter, status

from core.inngest import send_event
from core.inngest.events import WorkflowStart
from core.inngest.sending import EventsSent

router = APIRouter(prefix="/api/v1/workflows", tags=["workflows"])


# Open to whoever reaches the app: this is the place for your own authentication.
@router.post("", status_code=status.HTTP_202_ACCEPTED)
async def start_workflow(payload: WorkflowStart) -> EventsSent:
    """Start `multi-step-workflow`."""
    return await send_event(payload)
