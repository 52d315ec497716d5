"""Inngest in this app: functions in `functions/`, events in `events.py`; all else is the
template's.

from core.inngest import inngest_client, install_inngest
"""

from .client import inngest_client
from .installation import install_inngest
from .sending import send_event

__all__ = ["inngest_client", "install_inngest", "send_event"]
