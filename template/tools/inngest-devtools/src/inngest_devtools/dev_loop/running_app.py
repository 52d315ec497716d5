"""The app as a process, found again at the next start: what kill -9 of `dev` left is ended then."""

import json
import os

import psutil
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.processes import end_family, is_alive
from inngest_devtools.project import STATE
from inngest_devtools.words import t

PID_FILE = STATE / "app.json"
CLOCK_TOLERANCE = 2.0  # seconds: clocks get set


def note(app: psutil.Process) -> None:
    """Write down which app runs, and whose it is."""
    own = psutil.Process(os.getpid())
    PID_FILE.write_text(json.dumps({"app": _identity(app), "dev": _identity(own)}), "utf-8")


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


def _identity(process: psutil.Process) -> dict[str, float]:
    return {"pid": process.pid, "started": process.create_time()}


def _find(part: str) -> psutil.Process | None:
    """The process that was noted; a pid that meanwhile belongs to a stranger is none."""
    try:
        saved = json.loads(PID_FILE.read_text("utf-8"))[part]
        process = psutil.Process(saved["pid"])
        is_same = abs(process.create_time() - saved["started"]) < CLOCK_TOLERANCE
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return process if is_same and is_alive(process) else None
