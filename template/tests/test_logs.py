import contextvars
import json
import logging
import sys
from types import SimpleNamespace
from typing import Any

from core.inngest.client import inngest_client
from core.inngest.current_run import CurrentRunMiddleware
from server.logs import JsonFormatter, TextFormatter


def record(message: str, **fields: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"name": "core", "levelname": "INFO", "msg": message, **fields})


def log_inside_of_run(formatter: logging.Formatter) -> str:
    def log() -> str:
        ctx: Any = SimpleNamespace(run_id="01JD")
        function: Any = SimpleNamespace(local_id="my-function")
        CurrentRunMiddleware(inngest_client, None).transform_input(ctx, function, None)  # type: ignore[arg-type]
        return formatter.format(record("paid"))

    return contextvars.copy_context().run(log)


def test_format_log_in_production_is_one_line_of_json() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        line = JsonFormatter().format(
            record("Order %s\nfailed", args=(7,), exc_info=sys.exc_info(), order_id=7)
        )

    fields = json.loads(line)
    assert "\n" not in line
    assert (fields["message"], fields["level"], fields["logger"]) == (
        "Order 7\nfailed",
        "INFO",
        "core",
    )
    assert fields["order_id"] == 7
    assert "ValueError: two" in fields["exception"]


def test_format_log_inside_of_run_names_function_and_run() -> None:
    fields = json.loads(log_inside_of_run(JsonFormatter()))

    assert (fields["function_id"], fields["run_id"]) == ("my-function", "01JD")
    assert log_inside_of_run(TextFormatter()) == "INFO:     core - paid  [my-function 01JD]"


def test_format_log_outside_of_run_names_none() -> None:
    assert "run_id" not in json.loads(JsonFormatter().format(record("started")))
    assert TextFormatter().format(record("started")) == "INFO:     core - started"
