"""HTTP to servers of this machine: no proxy is asked.

Not httpx, whose import takes a third of a second.
"""

import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

_opener = build_opener(ProxyHandler({}))


def fetch(method: str, url: str, body: object = None, *, timeout: float) -> Any:
    """The JSON of the answer, whatever its status; OSError if there is none in time, ValueError if
    it is no JSON.
    """
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with _opener.open(request, timeout=timeout) as reply:
            return json.load(reply)
    except HTTPError as error:
        with error:
            return json.load(error)
    except HTTPException as error:
        raise OSError(f"no HTTP: {error!r}") from error


def is_up(url: str, *, timeout: float = 1) -> bool:
    """Whether that is answered with success."""
    try:
        with _opener.open(url, timeout=timeout):
            return True
    except (OSError, HTTPException):
        return False
