"""Starts a workflow from a request, and tells what became of it: the answer is immediate, the work
is durable.
"""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response, status

from core.inngest import get_runs, send_event
from core.inngest.errors import ConfigurationError
from core.inngest.events import WorkflowStart
from core.inngest.runs import EventRuns, RunsUnavailable
from core.inngest.sending import EventsSent
from server.access import check_access

MAX_WAIT = 25  # seconds: proxies end a request after 30 or 60
RETRY_AFTER = "2"  # seconds

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1/workflows", tags=["workflows"])


# Open to whoever reaches the app: this is the place for your own authentication.
@router.post("", status_code=status.HTTP_202_ACCEPTED)
async def start_workflow(
    payload: WorkflowStart, request: Request, response: Response
) -> EventsSent:
    """Start `multi-step-workflow`. `Location` is where to ask what became of it."""
    sent = await send_event(payload)
    response.headers["Location"] = request.url_for("get_workflow", event_id=sent.ids[0]).path
    return sent


@router.get("/{event_id}", dependencies=[Depends(check_access)])
async def get_workflow(
    event_id: str, response: Response, wait: Annotated[float, Query(ge=0, le=MAX_WAIT)] = 0
) -> EventRuns:
    """What became of a workflow; waits up to `wait` seconds for its end. 202 until then."""
    try:
        runs = await get_runs(event_id, wait=wait)
    except ValueError:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such workflow.") from None
    except (ConfigurationError, RunsUnavailable) as error:
        logger.error("%s", error)
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, str(error)) from error
    response.headers["Cache-Control"] = "no-store"
    if not runs.is_over:
        response.status_code = status.HTTP_202_ACCEPTED
        response.headers["Retry-After"] = RETRY_AFTER
    return runs
