"""What a server and an app say to each other: events, replies, errors.

Read in the server's source (inngest 1.43.0) and held to what it does.
"""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx
import inngest

Json = dict[str, Any]

# Where an event has the id that the server gave it; `id` is the sender's own, where it named one.
INTERNAL_ID = " internal id"
# What an event's `ts` may be, in milliseconds: 1980 to 2100.
EARLIEST_TS, LATEST_TS = 315_532_800_000, 4_102_444_800_000

FAILED_ATTEMPT = 599  # a status of ours: nothing came that the server can use
MAX_OUTPUT = 4 * 1024 * 1024  # bytes of a step's output
TOO_LARGE = "step output size is greater than the limit"


# --- Events


class EventRefused(Exception):
    """An event that no server takes; the text is the server's."""


def make_event(name: str, data: Json, *, id: str | None = None) -> Json:
    """An event of the server's own, as `inngest/function.failed`."""
    id = id or uuid.uuid4().hex
    return {"name": name, "data": data, "id": id, "ts": _now_ms(), "user": {}, INTERNAL_ID: id}


def sent_event(event: inngest.Event | Json) -> Json:
    """An event as a client sends it: what is not set is left out, as the SDK does."""
    body = event if isinstance(event, dict) else event.model_dump()
    return {key: value for key, value in body.items() if value not in ("", 0)}


def take_event(sent: Json, internal_id: str) -> Json:
    """An event as the server keeps it.

    Raises:
        EventRefused: Its name or time is none that the server takes.
    """
    name = sent.get("name") or ""
    if name.lower().startswith("inngest/"):
        raise EventRefused(f"event name is reserved for internal use: {name}")
    if not name:
        raise EventRefused("event name is empty")
    ts = sent.get("ts") or _now_ms()
    if ts < EARLIEST_TS:
        raise EventRefused("timestamp is before Jan 1, 1980")
    if ts > LATEST_TS:
        raise EventRefused("timestamp is after Jan 1, 2100")
    data = {key: value for key, value in (sent.get("data") or {}).items() if key != "_inngest"}
    event = {"name": name, "data": data, "id": sent.get("id") or internal_id, "ts": ts}
    event["user"] = sent.get("user") or {}
    if sent.get("v"):
        event["v"] = sent["v"]
    return event | {INTERNAL_ID: internal_id}


def public_event(event: Json) -> Json:
    """An event without what only the server knows of it."""
    return {key: value for key, value in event.items() if key != INTERNAL_ID}


def _now_ms() -> int:
    return int(time.time() * 1000)


# --- Replies


@dataclass
class Reply:
    """What an app answered to a call: 206 brings ops, 200 ends the run, others are errors."""

    status: int
    headers: httpx.Headers
    body: Any

    @property
    def may_be_retried(self) -> bool:
        return bool(self.headers.get("x-inngest-no-retry") != "true")

    @property
    def cause(self) -> str:
        """How the server words a failure."""
        if not self.may_be_retried:
            return "NonRetriableError"
        return f"invalid status code: {self.status}"


def failed_attempt(output: Any) -> Reply:
    return Reply(FAILED_ATTEMPT, httpx.Headers(), output)


def unusable_reply(problem: str) -> Reply:
    """An app's answer that the server cannot read."""
    return failed_attempt({"error": {"error": problem, "name": "Error", "message": problem}})


def read_reply(response: httpx.Response) -> Reply:
    """A reply out of its envelope, or the failed attempt that the server makes of it."""
    status, headers, text = response.status_code, response.headers, response.text
    if status == 201:
        try:
            status, headers, text = _open_envelope(response)
        except (ValueError, KeyError, TypeError) as error:
            return unusable_reply(f"error parsing stream: {error}")
    is_sdk = "x-inngest-sdk" in headers
    try:
        body = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        if status == 206:
            return unusable_reply(f"error reading generator opcode response: {error}")
        body = text if is_sdk and status == 200 else {"name": "Error", "message": text}
    if not is_sdk and 200 <= status < 300:  # a proxy's page, say: the function has not run
        return Reply(FAILED_ATTEMPT, headers, body)
    if status == 206:
        for op in body:
            if is_too_large(op):
                return unusable_reply(f"error validating generator opcode {op['id']}: {TOO_LARGE}")
    return Reply(status, headers, body)


def _open_envelope(response: httpx.Response) -> tuple[int, httpx.Headers, str]:
    """What a streamed response holds: after 201 and spaces comes the real answer."""
    envelope = json.loads(response.text)
    headers = httpx.Headers(response.headers)
    headers.update(envelope["headers"])
    body = envelope["body"]
    return envelope["status"], headers, body if isinstance(body, str) else json.dumps(body)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"invalid character {name[0]!r} looking for beginning of value")


def is_too_large(op: Json) -> bool:
    """Whether a step's output is beyond the limit.

    By the size that the server keeps, where `<`, `>` and `&` have six bytes each, as all beyond
    ASCII has.
    """
    if op["op"] != "StepRun":
        return False
    output = json.dumps({"data": op.get("data")}, separators=(",", ":"))
    escaped = sum(output.count(character) for character in "<>&")
    return len(output) + 5 * escaped > MAX_OUTPUT


# --- Errors


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
    known = {key: output[key] for key in ("message", "name", "stack") if key in output}
    return {"error": cause} | known
