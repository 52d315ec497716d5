"""Inngest in this app: functions in `functions/`, events in `events.py`; all else is the
template's. The app imports the names below, and nothing else of it has to be known.
"""

from .client import inngest_client
from .installation import install_inngest
from .runs import get_runs
from .sending import send_event

__all__ = ["get_runs", "inngest_client", "install_inngest", "send_event"]
