"""HTTP to servers of this machine: no proxy is asked.

Not httpx, whose import takes a third of a second.
"""

import json
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from inngest_devtools.words import t

SHOWN = 100  # characters of an answer that is not JSON

_opener = build_opener(ProxyHandler({}))


def fetch(method: str, url: str, body: object = None, *, timeout: float) -> Any:
    """The JSON of the answer, whatever its status.

    Raises:
        OSError: There is no answer in time.
        ValueError: It is no JSON; the message is its status and its first words.
    """
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with _opener.open(request, timeout=timeout) as reply:
            return _read_json(reply.status, reply.read())
    except HTTPError as error:
        with error:
            return _read_json(error.code, error.read())
    except HTTPException as error:
        raise OSError(t("no HTTP: {error!r}", error=error)) from error


def _read_json(status: int, content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        words = " ".join(content.decode("utf-8", "replace").split())[:SHOWN]
        try:
            phrase = f"{status} {HTTPStatus(status).phrase}"
        except ValueError:
            phrase = str(status)
        raise ValueError(
            t("the answer was {phrase}: {words}", phrase=phrase, words=words or t("(nothing)"))
        ) from None


def is_up(url: str, *, timeout: float = 1) -> bool:
    """Whether that is answered with success."""
    try:
        with _opener.open(url, timeout=timeout):
            return True
    except (OSError, HTTPException):
        return False
