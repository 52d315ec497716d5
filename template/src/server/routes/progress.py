"""Starts an export, and shows how far it is on a page that follows it."""

from fastapi import APIRouter, Depends, Request, Response, status

from core.inngest import send_event
from core.inngest.events import ExportRequested
from core.inngest.progress_page import progress_router
from core.inngest.sending import EventsSent
from server.access import check_access

router = APIRouter()


# Open to whoever reaches the app: this is the place for your own authentication.
@router.post("/progress", tags=["progress"], status_code=status.HTTP_202_ACCEPTED)
async def start_export(
    request: Request, response: Response, payload: ExportRequested | None = None
) -> EventsSent:
    """Start the function `progress`. `Location` is the page that shows how far it is."""
    sent = await send_event(payload or ExportRequested())
    response.headers["Location"] = request.url_for("show_progress", event_id=sent.ids[0]).path
    return sent


router.include_router(progress_router, dependencies=[Depends(check_access)])
