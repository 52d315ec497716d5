"""Sends events from routes."""

import logging

from fastapi import HTTPException, status
from pydantic import BaseModel

from .client import inngest_client
from .errors import ConfigurationError
from .settings import get_settings
from .typed_event import TypedEvent

logger = logging.getLogger(__name__)


class EventsSent(BaseModel):
    message: str = "Event sent"
    ids: list[str]


async def send_event(event: TypedEvent, *, id: str = "") -> EventsSent:
    """Send an event to Inngest.

    Args:
        id: See `TypedEvent.to_event`.

    Raises:
        HTTPException: 503 when Inngest does not take the event (the SDK has then tried for about
            four seconds), or is off.
    """
    try:
        ids = await inngest_client.send(event.to_event(id=id))
    except ConfigurationError as error:
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, str(error)) from error
    except Exception as error:  # the SDK also lets the JSON decoder's errors through
        logger.error(
            "%s was not sent to %s: %s", event.event_name, get_settings().event_api_origin, error
        )
        raise HTTPException(
            status.HTTP_503_SERVICE_UNAVAILABLE,
            "Inngest does not take events now. Is its server running?",
        ) from error
    return EventsSent(ids=ids)
