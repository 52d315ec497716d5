"""The requests that a server makes: to the app, and to a model for `step.ai.infer`."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import jcs  # type: ignore[import-untyped]
from inngest_devtools.testing.protocol import Json, Reply, failed_attempt, public_event, read_reply
from inngest_devtools.testing.runs import Call
from inngest_devtools.testing.signing import sign
from inngest_devtools.testing.unsupported import Unsupported

TIMEOUT = 60  # seconds
MAX_REQUEST = 4 * 1024 * 1024  # bytes


class AppClient:
    """Calls an app as a server does.

    Args:
        signing_key: With one, requests are signed and responses have to be, as in production.
    """

    def __init__(self, signing_key: str | None) -> None:
        self.signing_key = signing_key
        # Nothing of the machine's: no proxy of its, and no list of certificates for plain HTTP.
        self._http = httpx.Client(timeout=TIMEOUT, trust_env=False, verify=False)

    def close(self) -> None:
        self._http.close()

    def sync(self, serve_url: str) -> httpx.Response:
        """Ask the app to register its functions."""
        body = jcs.canonicalize({"url": serve_url})
        return self._http.put(serve_url, content=body, headers=self._headers(body))

    def call(self, call: Call) -> Reply:
        """Run a step of a function, or ask it what is next."""
        body = jcs.canonicalize(_request_body(call))
        if len(body) > MAX_REQUEST:  # the SDK has to ask for what is missing then
            missing = {"events": [], "steps": {}, "use_api": True}
            body = jcs.canonicalize(_request_body(call) | missing)
        try:
            response = self._http.post(
                _call_url(call),
                content=body,
                headers=self._headers(body) | {"x-run-id": call.run.id},
            )
        except httpx.TransportError as error:  # the app is down: one more failed attempt
            return failed_attempt({"name": "TransportError", "message": str(error)})
        if self.signing_key and "x-inngest-sdk" in response.headers:
            _check_signature(response, self.signing_key)
        return read_reply(response)

    def infer(self, options: Json) -> Any:
        """Make the request of a `step.ai.infer`: the memo of its step.

        Raises:
            InferenceFailed: The model's service could not be reached, or answered with an error.
        """
        url, headers = _model_address(options)
        body = json.dumps(options["body"]).encode()
        try:
            response = httpx.post(url, content=body, headers=headers, timeout=TIMEOUT)
        except httpx.TransportError as error:
            raise InferenceFailed(str(error), '{"error":"Error making AI request"}') from error
        if response.status_code > 299:
            problem = f"unsuccessful status code: {response.status_code}"
            raise InferenceFailed(problem, response.text)
        try:
            return {"data": response.json()}
        except ValueError:
            raise Unsupported("a model's answer that is no JSON") from None

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"content-type": "application/json"}
        if not self.signing_key:
            return headers | {"x-inngest-server-kind": "dev"}
        signature = sign(body, self.signing_key)
        return headers | {"x-inngest-server-kind": "cloud", "x-inngest-signature": signature}


class InferenceFailed(Exception):
    """A request to a model that failed; `memo` is what the step comes to without a retry."""

    def __init__(self, problem: str, body: str) -> None:
        super().__init__(problem)
        message = f"Error making AI request: {problem}"
        self.memo = {"error": {"name": "AIGatewayError", "message": message, "stack": body}}


def _call_url(call: Call) -> str:
    """The address with which the function was registered, for this step."""
    url = urlsplit(call.run.function.url)
    query = dict(parse_qsl(url.query)) | {"stepId": call.step_id}
    return urlunsplit(url._replace(query=urlencode(query)))


def _request_body(call: Call) -> Json:
    run = call.run
    events = [public_event(event) for event in run.events]
    return {
        "ctx": {
            "run_id": run.id,
            "attempt": call.attempt,
            "max_attempts": run.function.max_attempts,
            "disable_immediate_execution": run.plans_only,
            "use_api": False,
            "stack": {"stack": run.stack, "current": len(run.stack)},
            "fn_id": run.function.id,
            "env": "",
            "step_id": call.step_id,
            "qi_id": "",
        },
        "event": events[0],
        "events": events,
        "steps": run.memos,
        "use_api": False,
        "version": 2,
    }


def _check_signature(response: httpx.Response, signing_key: str) -> None:
    signature = response.headers.get("x-inngest-signature", "")
    timestamp = re.fullmatch(r"t=(\d+)&s=[0-9a-f]{64}", signature)
    if not timestamp or signature != sign(response.content, signing_key, int(timestamp[1])):
        raise AssertionError(f"the app's response is not signed with the signing key: {signature}")


def _model_address(options: Json) -> tuple[str, dict[str, str]]:
    """Where a request to a model goes, and its headers: each service takes its key elsewhere."""
    url, key = options["url"], options.get("auth_key", "")
    headers = {"content-type": "application/json"}
    match options.get("format"):
        case "gemini":
            url = str(httpx.URL(url).copy_add_param("key", key))
        case "bedrock":
            headers["authorization"] = key
        case "anthropic":
            headers["x-api-key"] = key
        case _:
            headers["authorization"] = f"Bearer {key}"
    headers |= options.get("headers") or {}
    # In the spelling that the server's HTTP library gives them.
    return url, {name.title(): value for name, value in headers.items()}
