"""Log lines of the app and of its functions: JSON in production, in the form of uvicorn's own in
development.
"""

import json
import logging
from datetime import UTC, datetime

from core.inngest.current_run import get_current_run

STANDARD_FIELDS = {
    *vars(logging.makeLogRecord({})),
    "message",
    "asctime",
    "taskName",
    "color_message",
}


def configure_logging(level: str, *, as_json: bool) -> None:
    """Show a level and above, but neither every outgoing request nor what asks every few seconds.

    Args:
        level: As logging knows it: "INFO".
        as_json: One JSON object a line, for programs.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").addFilter(_is_no_routine)
    if as_json:
        # uvicorn prints for itself: one stream has one format.
        for name in ("uvicorn", "uvicorn.access"):
            logging.getLogger(name).handlers.clear()
            logging.getLogger(name).propagate = True


class TextFormatter(logging.Formatter):
    """`INFO:     core.orders - Order 7 paid  [my-function 01JD...]`"""

    def __init__(self) -> None:
        super().__init__("%(levelname)s:     %(name)s - %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        run = get_current_run()
        return f"{line}  [{run.function_id} {run.run_id}]" if run else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line; `logger.info(..., extra={"order_id": 7})` adds fields of your own."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        run = get_current_run()
        if run:
            fields |= run._asdict()
        fields |= {
            name: value for name, value in vars(record).items() if name not in STANDARD_FIELDS
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str, ensure_ascii=False)


def _is_no_routine(record: logging.LogRecord) -> bool:
    """Whether an access is neither the Dev Server's poll nor a health check."""
    match record.args:  # client address, method, path, HTTP version, status
        case (_, "PUT", "/api/inngest", _, 200):
            return False
        case (_, "GET", "/healthz" | "/readyz", _, 200):
            return False
    return True
