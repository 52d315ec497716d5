"""The page at `/` while the app is developed: what can be started, what ran, where to go next."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from inngest_devtools import doctor
from inngest_devtools.dev_server import sending
from inngest_devtools.dev_server.runs import Run, read_runs
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.landing import page
from inngest_devtools.landing.catalog import read_catalog
from inngest_devtools.project import command, read_inngest_settings
from inngest_devtools.words import t

PREFIX = "/_inngest-dev"
SHOWN_RUNS = 10
MAX_BODY = 10_000  # bytes
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
HEADERS = {
    "Cache-Control": "no-store",
    # Nothing from elsewhere, and in no other site's frame.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

Headers = dict[str, str]
Scope = Any
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


def is_ours(scope: Scope) -> bool:
    """Whether a request is for a path of ours."""
    return str(scope["path"]).startswith(f"{PREFIX}/") and is_local(scope)


def is_local(scope: Scope) -> bool:
    """Whether a request comes from this machine's own pages or programs.

    A page of another site could otherwise send events by a form, or read what runs here by a name
    of its own that it lets point to 127.0.0.1.
    """
    headers = _headers_of(scope)
    host = headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in LOCAL_HOSTS:
        return False
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return False
    if headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return True
    # A link from elsewhere may lead here: what it shows, that other site cannot read.
    return scope["method"] in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"


async def answer_root(scope: Scope, send: Send, docs_url: str | None) -> None:
    """The page itself, for an app that has nothing at `/`."""
    sent = parse_qs(scope["query_string"].decode()).get("sent", [""])[0]
    html = await asyncio.to_thread(_render, docs_url, sent)
    await _reply(send, 200, html, is_head=scope["method"] == "HEAD")


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Everything below PREFIX."""
    route = (scope["method"], scope["path"].removeprefix(PREFIX))
    match route:
        case ("POST", "/send"):
            await _answer_send(receive, send)
        case ("GET", "/runs"):
            runs, _ = await asyncio.to_thread(_read_runs)
            await _reply(send, 200, page.render_runs(runs))
        case ("GET", "/functions"):
            await _reply(send, 200, page.render_functions(read_catalog()))
        case ("GET", "/catalog"):
            content = json.dumps(read_catalog().to_json())
            await _reply(send, 200, content, content_type="application/json")
        case ("GET", "/doctor"):
            checks = await asyncio.to_thread(lambda: list(doctor.examine()))
            await _reply(send, 200, page.render_checks(checks))
        case ("GET", "/page.js"):
            await _reply(send, 200, page.SCRIPT, content_type="text/javascript")
        case _:
            await _reply(send, 404, "Not found", content_type="text/plain")


async def _answer_send(receive: Receive, send: Send) -> None:
    """Start what a button was pressed for, and go back to the page."""
    form = parse_qs((await _read_body(receive)).decode("utf-8", "replace"))
    id = form.get("function", [""])[0]
    try:
        await asyncio.to_thread(_start, id)
    except DevtoolsError as error:
        await _reply(send, 502, page.render_error(str(error)))
        return
    location = f"/?{urlencode({'sent': id})}#runs"
    await _reply(send, 303, "", headers={"Location": location})


def _start(id: str) -> None:
    catalog = read_catalog()
    entries = [entry for entry in catalog.functions if entry.id == id]
    if not entries:
        raise DevtoolsError(
            t("There is no function {id!r} any more: go back and reload the page.", id=id)
        )
    event = entries[0].event
    if event:
        sending.send(event, catalog.example_of(event))
    else:
        sending.invoke(id)


def _render(docs_url: str | None, sent: str) -> str:
    settings = read_inngest_settings()
    runs, problem = _read_runs()
    return page.render_page(
        title=settings.inngest_app_id,
        catalog=read_catalog(),
        runs=runs,
        problem=problem,
        sent=sent,
        dashboard=settings.api_origin,
        docs_url=docs_url,
    )


def _read_runs() -> tuple[list[Run], str | None]:
    """The last runs, and what is wrong if they cannot be read."""
    origin = read_inngest_settings().api_origin
    try:
        return read_runs(origin, first=SHOWN_RUNS), None
    except (OSError, ValueError, KeyError, TypeError):
        return (
            [],
            t(
                "The Dev Server does not answer at {origin}: start it with `{start}`.",
                origin=origin,
                start=command("start"),
            ),
        )


async def _read_body(receive: Receive) -> bytes:
    body = b""
    while len(body) <= MAX_BODY:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body


def _headers_of(scope: Scope) -> Headers:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def _reply(
    send: Send,
    status: int,
    content: str,
    *,
    content_type: str = "text/html",
    headers: Headers | None = None,
    is_head: bool = False,
) -> None:
    body = content.encode()
    values = HEADERS | {
        "Content-Type": f"{content_type}; charset=utf-8",
        "Content-Length": str(len(body)),
        **(headers or {}),
    }
    pairs = [(name.lower().encode(), value.encode()) for name, value in values.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": b"" if is_head else body})
