"""Has a running app register its functions with Inngest, after each deploy: `python -m server.sync --wait 60`.

Inngest calls what an app has registered, and no more: without this a new function of a new release never runs.
"""

import argparse
import hashlib
import hmac
import re
import sys
import time
from dataclasses import dataclass

import httpx

from core.config import Settings, get_settings
from core.inngest.functions import FUNCTIONS
from server.main import SERVE_PATH
from server.security import SIGNATURE_HEADER

TIMEOUT = 30  # seconds; the app itself waits for Inngest meanwhile
PAUSE = 1  # seconds between attempts


@dataclass(frozen=True)
class SyncResult:
    """What became of a sync; `error` is in the words of whoever refused it."""

    error: str | None = None
    may_pass: bool = False  # because the app, or Inngest, is still starting


def main() -> None:
    """Exit with 0 when Inngest has taken every function, 1 when it has not, 2 when the command line is wrong."""
    settings = get_settings()
    args = _parse_args(settings)
    result = sync_when_ready(args.url, settings, wait=args.wait)
    if result.error:
        sys.exit(f"ERROR:    {settings.inngest_app_id} was not synced: {result.error}")
    count = len(FUNCTIONS)
    print(f"Synced {settings.inngest_app_id}: {settings.api_origin} has taken {count} of {count} functions.")


def sync_when_ready(url: str, settings: Settings, *, wait: float) -> SyncResult:
    """Sync the app at a URL, and try again for up to `wait` seconds while it or Inngest starts."""
    deadline = time.monotonic() + wait
    while True:
        result = sync(url, settings)
        if not result.may_pass or time.monotonic() + PAUSE > deadline:
            return result
        time.sleep(PAUSE)


def sync(url: str, settings: Settings) -> SyncResult:
    """Have the app at a URL register its functions, once."""
    try:
        with httpx.Client(base_url=url, timeout=TIMEOUT, trust_env=not _is_loopback(url)) as client:
            result = _check_functions(client.get("/readyz"))
            return result or _check_sync(client.put(SERVE_PATH, headers=_signature(settings)), settings)
    except httpx.HTTPError as error:
        return SyncResult(f"{url} does not answer ({error or type(error).__name__}).", may_pass=True)


def _check_functions(reply: httpx.Response) -> SyncResult | None:
    """All of this release's functions have to be there: behind a balancer the old release may still answer."""
    served = _read(reply).get("functions")
    if served == len(FUNCTIONS):
        return None
    if served is None:
        return _unexpected(reply)
    return SyncResult(f"{reply.url} serves {served} functions, this release has {len(FUNCTIONS)}.", may_pass=True)


def _check_sync(reply: httpx.Response, settings: Settings) -> SyncResult:
    """Only the body tells: the SDK answers 200 to a failed sync, too."""
    body = _read(reply)
    if body.get("ok") is True:
        return SyncResult()
    problem = body.get("error") or body.get("message")
    if not problem or reply.status_code >= 500 or reply.status_code == 404:
        return _unexpected(reply)
    if reply.status_code == 401:
        return SyncResult(f"{problem} (the app has another INNGEST_SIGNING_KEY than this command, or another time)")
    return SyncResult(": ".join([str(problem), *_ask_reasons(settings)]))


def _ask_reasons(settings: Settings) -> list[str]:
    """What is wrong with a function: a server of your own says so to its dashboard only, Inngest Cloud not to us."""
    query = {"query": "{ apps { name error } }"}
    try:
        apps = httpx.post(f"{settings.api_origin}/v0/gql", json=query, timeout=5).json()["data"]["apps"]
        return [app["error"] for app in apps if app["name"] == settings.inngest_app_id and app["error"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return []


def _unexpected(reply: httpx.Response) -> SyncResult:
    body = _read(reply)
    problem = body.get("error") or body.get("message") or body.get("detail") or reply.text[:200]
    text = f"{reply.url} answered {reply.status_code}: {problem or reply.reason_phrase}"
    return SyncResult(text, may_pass=reply.status_code >= 500 or reply.status_code == 404)


def _read(reply: httpx.Response) -> dict[str, object]:
    try:
        body = reply.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _signature(settings: Settings) -> dict[str, str]:
    """The header that proves, by the signing key, that whoever asks for the sync may; its body is empty."""
    if not settings.is_production or not settings.inngest_signing_key:
        return {}
    key = re.sub(r"^signkey-\w+-", "", settings.inngest_signing_key.get_secret_value())
    timestamp = round(time.time())
    digest = hmac.new(key.encode(), str(timestamp).encode(), hashlib.sha256).hexdigest()
    return {SIGNATURE_HEADER: f"t={timestamp}&s={digest}"}


def _parse_args(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m server.sync", description="Register the app's functions.")
    url = f"http://127.0.0.1:{settings.port}"
    parser.add_argument("--url", type=_app_url, default=url, help="the running app; %(default)s by default")
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="how long to try while the app starts")
    args = parser.parse_args()
    if settings.is_production and _would_mislead(args.url, settings):
        parser.error(f"Inngest would be told to call {args.url}: set INNGEST_SERVE_ORIGIN, or give the app's own --url")
    return args


def _app_url(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or url.path != "/" or url.query:
        raise argparse.ArgumentTypeError(f"{text} is not an app's address: write it like http://127.0.0.1:8200")
    return text


def _would_mislead(url: str, settings: Settings) -> bool:
    """Whether the app would register at this machine's own address with an Inngest that is elsewhere."""
    is_elsewhere = not _is_loopback(settings.api_origin)
    return not settings.inngest_serve_origin and _is_loopback(url) and is_elsewhere


def _is_loopback(url: str) -> bool:
    host = httpx.URL(url).host
    return host in ("localhost", "::1") or host.startswith("127.")


if __name__ == "__main__":
    main()
