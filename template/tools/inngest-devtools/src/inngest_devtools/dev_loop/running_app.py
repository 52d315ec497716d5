"""The app as a process, found again at the next start: what kill -9 of `dev` left is ended then."""

import json
import os

import psutil
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.processes import end_family, find_again, identify
from inngest_devtools.project import STATE
from inngest_devtools.words import t

PID_FILE = STATE / "app.json"


def note(app: psutil.Process) -> None:
    """Write down which app runs, and whose it is."""
    own = psutil.Process(os.getpid())
    PID_FILE.write_text(json.dumps({"app": identify(app), "dev": identify(own)}), "utf-8")


def end_leftover() -> int | None:
    """The pid of an app whose `dev` was killed, once it has been ended; None if there is none.

    Raises:
        DevtoolsError: Its `dev` runs.
    """
    app, dev = _find("app"), _find("dev")
    if dev and dev.pid != os.getpid():
        raise DevtoolsError(
            t(
                "This project's `dev` runs already (pid {pid}): end it there with Ctrl-C.",
                pid=dev.pid,
            )
        )
    if not app:
        return None
    end_family(app)
    return app.pid


def _find(part: str) -> psutil.Process | None:
    try:
        return find_again(json.loads(PID_FILE.read_text("utf-8"))[part])
    except (OSError, ValueError, KeyError, TypeError):
        return None
