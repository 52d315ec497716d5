"""Who may see what became of a workflow: the one place where that is decided.

An event's id is no secret: it stands in log lines, in addresses and in the dashboard. Nor does
Inngest know whose a run is. So keep, where you send an event, its id beside the user who asked, and
compare here. Answer 404 to a stranger, as to an id that does not exist.
"""

import logging

from fastapi import HTTPException, Request, status

from core.inngest.settings import get_settings

logger = logging.getLogger(__name__)


async def check_access(request: Request, event_id: str) -> None:
    """A dependency of every route that shows something of a run.

    As it is: in development everybody may see everything, in production nobody anything.
    """
    if get_settings().is_production:
        problem = "server/access.py decides who may see what became of a workflow: nobody yet."
        logger.warning("%s: %s", request.url.path, problem)
        raise HTTPException(status.HTTP_403_FORBIDDEN, problem)
