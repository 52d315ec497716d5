"""What a request may bring, whichever route it asks for."""

import json

from fastapi import Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse

# Bytes; Inngest's own requests have 4 MiB at most. A route for uploads may have a limit of its own:
# `@router.post("/files", max_body_size=50 * 1024 * 1024)`.
MAX_BODY_SIZE = 5 * 1024 * 1024

MAX_PROBLEMS = 20  # that an answer names
MAX_NAME_LENGTH = 100  # of a field, for the sender may have made it up

NOT_JSON = {"type": "json_invalid", "loc": ["body"], "msg": "JSON decode error"}


async def refuse_invalid_json(request: HTTPConnection) -> None:
    """Python reads NaN, 1e999 and half a surrogate pair, which nobody can be sent or answered."""
    if not isinstance(request, Request):  # but a WebSocket
        return
    if not hasattr(request, "_json"):  # no body, or none that FastAPI has parsed
        return
    try:
        json.dumps(await request.json(), allow_nan=False, ensure_ascii=False).encode()
    except ValueError as error:
        raise RequestValidationError([NOT_JSON]) from error


async def explain_invalid_request(request: Request, error: Exception) -> JSONResponse:
    """The answer 422, without the input: FastAPI's own repeats it, however large or secret."""
    assert isinstance(error, RequestValidationError)
    problems = [
        {
            "type": problem["type"],
            "loc": [_shorten(part) for part in problem["loc"]],
            "msg": problem["msg"],
        }
        for problem in error.errors()[:MAX_PROBLEMS]
    ]
    return JSONResponse({"detail": problems}, status.HTTP_422_UNPROCESSABLE_CONTENT)


def _shorten(part: str | int) -> str | int:
    return part[:MAX_NAME_LENGTH] if isinstance(part, str) else part
