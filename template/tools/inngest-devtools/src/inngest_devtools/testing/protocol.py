"""What a server and an app say to each other: events, calls, replies, signatures."""

import hashlib
import hmac
import json
import re
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

Json = dict[str, Any]

SERVE_PATH = "/api/inngest"
MAX_OUTPUT = 4 * 1024 * 1024  # bytes of a step's output
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass
class Reply:
    status: int
    headers: httpx.Headers
    body: Any

    @property
    def may_be_retried(self) -> bool:
        return bool(self.headers.get("x-inngest-no-retry") != "true")

    @property
    def cause(self) -> str:
        return f"invalid status code: {self.status}" if self.may_be_retried else "NonRetriableError"


def sign(body: bytes, signing_key: str, timestamp: int | None = None) -> str:
    """The `x-inngest-signature` of a body; a request's is of its canonical form (RFC 8785), a
    response's of its bytes.

    Args:
        timestamp: Seconds since the epoch; now by default.
    """
    timestamp = round(time.time()) if timestamp is None else timestamp
    key = re.sub(r"^signkey-\w+-", "", signing_key).encode()
    digest = hmac.new(key, body + str(timestamp).encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp}&s={digest}"


def make_event(name: str, data: Json, *, id: str | None = None) -> Json:
    return {
        "name": name,
        "data": data,
        "id": id or uuid.uuid4().hex,
        "ts": round(time.time() * 1000),
    }


def error_memo(name: str, message: str) -> Json:
    """A step's failure, as its function gets it back."""
    return {"error": {"name": name, "message": message}}


def server_error(name: str, message: str) -> Json:
    """The output of a run that failed by the server's own decision."""
    return {"error": {"error": f"{name}: {message}", "name": name, "message": message}}


def reported_error(output: Any, cause: str) -> Json:
    """A run's failure as `inngest/function.failed` tells it: without the `code` that the SDK
    answered.
    """
    if not isinstance(output, dict) or "message" not in output:
        return {"error": cause, "name": "Error", "message": json.dumps(output)}
    return {"error": cause} | {
        key: output[key] for key in ("message", "name", "stack") if key in output
    }


def is_too_large(op: Json) -> bool:
    """By the size that the server keeps, where `<`, `>` and `&` have six bytes each, as all beyond
    ASCII has.
    """
    if op["op"] != "StepRun":
        return False
    output = json.dumps({"data": op.get("data")}, separators=(",", ":"))
    return len(output) + 5 * sum(map(output.count, "<>&")) > MAX_OUTPUT


def seconds(duration: str) -> int:
    """Seconds in the SDK's form of a duration: 30s, 5m, 1h, 2d, 1w."""
    return int(duration[:-1]) * UNITS[duration[-1]]


def seconds_until(timestamp: str) -> float:
    """From now, since the SDK computed it from its own clock a moment ago, until an ISO 8601 time."""
    return max(0.0, (datetime.fromisoformat(timestamp) - datetime.now(UTC)).total_seconds())
