"""Has a running app register its functions with Inngest, after each deploy.

Inngest calls what an app has registered, and no more: without this a new function of a new release
never runs.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass

import httpx

from .client import OFF
from .discovery import discover_functions
from .errors import ConfigurationError
from .guards import SIGNATURE_HEADER, sign
from .network import clean_network_variables
from .settings import APP_PORT, SERVE_PATH, Settings, get_settings

TIMEOUT = 30  # seconds; the app itself waits for Inngest meanwhile
PAUSE = 1  # seconds between attempts

# What Inngest answers to a wrong signing key is no JSON, and this is all that the SDK says of it.
REFUSED = "response is not valid JSON"


@dataclass(frozen=True)
class SyncResult:
    """What became of a sync; `error` is in the words of whoever refused it."""

    error: str | None = None
    may_pass: bool = False  # because the app, or Inngest, is still starting


def main() -> None:
    """Exit with 0 when Inngest has taken every function, 1 when it has not, 2 when the command line
    is wrong.
    """
    try:
        _run()
    except ConfigurationError as error:
        sys.exit(f"ERROR:    {error}")


def _run() -> None:
    settings = get_settings()
    args = _parse_args(settings)
    if settings.mode == "off":
        raise ConfigurationError(OFF)
    count = len(discover_functions(*args.package))
    result = sync_when_ready(args.url, settings, count, wait=args.wait)
    if result.error:
        sys.exit(f"ERROR:    {settings.inngest_app_id} was not synced: {result.error}")
    taken = f"{settings.api_origin} has taken {count} of {count} functions"
    print(f"Synced {settings.inngest_app_id}: {taken}.")


def sync_when_ready(url: str, settings: Settings, count: int, *, wait: float) -> SyncResult:
    """Sync the app at a URL, and try again for up to `wait` seconds while it or Inngest starts.

    Args:
        count: How many functions this release has; behind a balancer, the old one may still answer.
    """
    deadline = time.monotonic() + wait
    while True:
        result = sync(url, settings, count)
        if not result.may_pass or time.monotonic() + PAUSE > deadline:
            return result
        time.sleep(PAUSE)


def sync(url: str, settings: Settings, count: int) -> SyncResult:
    """Have the app at a URL register its functions, once."""
    with clean_network_variables(only_direct=_is_loopback(url)):
        client = httpx.Client(base_url=url, timeout=TIMEOUT)
    try:
        with client:
            served = client.get(SERVE_PATH, headers=_signature(settings))
            problem = _check_functions(served, count)
            if problem:
                return problem
            return _check_sync(client.put(SERVE_PATH, headers=_signature(settings)), settings)
    except httpx.HTTPError as error:
        return SyncResult(
            f"{url} does not answer ({error or type(error).__name__}).", may_pass=True
        )


def _check_functions(reply: httpx.Response, count: int) -> SyncResult | None:
    """All of this release's functions have to be there."""
    served = _read(reply).get("function_count")
    if served == count:
        return None
    if not isinstance(served, int):
        return _explain(reply)
    return SyncResult(
        f"{reply.url} serves {served} functions, this release has {count}.", may_pass=True
    )


def _check_sync(reply: httpx.Response, settings: Settings) -> SyncResult:
    """Only the body tells: the SDK answers 200 to a failed sync, too."""
    body = _read(reply)
    if body.get("ok") is True:
        return SyncResult()
    problem = body.get("error") or body.get("message")
    if not problem or reply.status_code >= 400:
        return _explain(reply)
    return SyncResult(": ".join([str(problem), *_ask_reasons(settings)]))


def _explain(reply: httpx.Response) -> SyncResult:
    """What an answer says that is none of a sync."""
    body = _read(reply)
    problem = body.get("error") or body.get("message") or body.get("detail") or reply.text[:200]
    if reply.status_code == 401:
        return SyncResult(
            f"{problem} (the app has another INNGEST_SIGNING_KEY than this command, or clock)"
        )
    if problem == REFUSED:
        problem = "Inngest refused the app: it has another INNGEST_SIGNING_KEY, or is no Inngest"
    text = f"{reply.url} answered {reply.status_code}: {problem or reply.reason_phrase}"
    return SyncResult(text, may_pass=reply.status_code >= 500 or reply.status_code == 404)


def _ask_reasons(settings: Settings) -> list[str]:
    """What is wrong with a function: a server of your own says so to its dashboard only, Inngest
    Cloud not to us.
    """
    query = {"query": "{ apps { name error } }"}
    try:
        with clean_network_variables(only_direct=_is_loopback(settings.api_origin)):
            reply = httpx.post(f"{settings.api_origin}/v0/gql", json=query, timeout=5)
        apps = reply.json()["data"]["apps"]
        return [
            app["error"] for app in apps if app["name"] == settings.inngest_app_id and app["error"]
        ]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return []


def _read(reply: httpx.Response) -> dict[str, object]:
    try:
        body = reply.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _signature(settings: Settings) -> dict[str, str]:
    """The header that proves, by the signing key, that whoever asks for the sync may; its body is
    empty.
    """
    key = settings.inngest_signing_key
    if not settings.is_production or not key:
        return {}
    timestamp = str(round(time.time()))
    digest = sign(b"", key.get_secret_value(), timestamp)
    return {SIGNATURE_HEADER: f"t={timestamp}&s={digest}"}


def _parse_args(settings: Settings) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m {__spec__.name if __spec__ else __name__}",
        description="Register the app's functions with Inngest.",
    )
    parser.add_argument(
        "--url",
        type=_app_url,
        default=f"http://127.0.0.1:{os.environ.get('PORT') or APP_PORT}",
        help="the running app; %(default)s by default",
    )
    parser.add_argument(
        "--wait",
        type=float,
        default=0,
        metavar="SECONDS",
        help="how long to try while the app starts",
    )
    parser.add_argument(
        "--package",
        action="append",
        default=[],
        metavar="NAME",
        help="a package that `install_inngest` was given; may stand several times",
    )
    args = parser.parse_args()
    if settings.is_production and _would_mislead(args.url, settings):
        parser.error(
            f"Inngest would be told to call {args.url}: set INNGEST_SERVE_ORIGIN, "
            "or give the app's own --url"
        )
    return args


def _app_url(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or url.query:
        raise argparse.ArgumentTypeError(
            f"{text} is not an app's address: write it like http://127.0.0.1:8200"
        )
    return text


def _would_mislead(url: str, settings: Settings) -> bool:
    """Whether the app would register at this machine's own address with an Inngest that is
    elsewhere.
    """
    is_elsewhere = not _is_loopback(settings.api_origin)
    return not settings.inngest_serve_origin and _is_loopback(url) and is_elsewhere


def _is_loopback(url: str) -> bool:
    host = httpx.URL(url).host
    return host in ("localhost", "::1") or host.startswith("127.")


if __name__ == "__main__":
    main()
