"""Attacks on the app as it runs in production, and what it must not tell; the project's own tests
have more of them.
"""

import itertools
import re
import time
from collections.abc import Callable

import httpx
import inngest
import pytest
from inngest_devtools.testing import StandIn, sign

from tests.production.service import EVENT_KEY, SIGNING_KEY, Service

pytestmark = pytest.mark.slow

PAID = """
from pathlib import Path

import inngest

from core.inngest.client import inngest_client


async def pay() -> None:
    with Path("paid").open("a") as file:
        file.write("paid ")


@inngest_client.create_function(fn_id="pay", trigger=inngest.TriggerEvent(event="test/pay"))
async def pay_function(ctx: inngest.Context) -> None:
    await ctx.step.run("pay", pay)


@inngest_client.create_function(
    fn_id="broken", trigger=inngest.TriggerEvent(event="test/broken"), retries=0
)
async def broken(ctx: inngest.Context) -> None:
    raise RuntimeError("no such account")
"""


def record_requests(executor: StandIn) -> list[httpx.Request]:
    """The requests that the server sends from now on, as somebody on their way would read them."""
    recorded: list[httpx.Request] = []
    executor._app._http.event_hooks = {"request": [recorded.append]}
    return recorded


def resend(
    request: httpx.Request, *, content: bytes | None = None, signature: str | None = None
) -> int:
    headers = {"x-inngest-signature": signature or request.headers["x-inngest-signature"]}
    return httpx.post(request.url, content=content or request.content, headers=headers).status_code


def test_resend_recorded_request_later_or_changed_runs_nothing(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(pay=PAID)
    service.sync()
    recorded = record_requests(service.executor)
    service.executor.run(inngest.Event(name="test/pay", data={"amount": 1}))
    request = recorded[0]
    hour_ago = sign(request.content, SIGNING_KEY, round(time.time()) - 3600)

    assert (service.path / "paid").read_text() == "paid "
    assert resend(request, content=request.content.replace(b'"amount":1', b'"amount":9')) == 401
    assert resend(request, signature=hour_ago) == 401
    assert (service.path / "paid").read_text() == "paid "
    assert re.search(r"The request's signature is 36\d\d s old, 300 s are allowed", service.log)


def test_set_signature_window_decides_how_old_a_request_may_be(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(env={"INNGEST_SIGNATURE_WINDOW": "4000"})
    hour_ago = sign(b"{}", SIGNING_KEY, round(time.time()) - 3600)

    reply = httpx.post(
        f"{service.url}/api/inngest?probe=trust",
        content="{}",
        headers={"x-inngest-signature": hour_ago},
    )

    assert reply.status_code == 200


def test_rotate_signing_key_accepts_old_and_new(make_service: Callable[..., Service]) -> None:
    service = make_service(pay=PAID, start=False)
    service.env |= {"INNGEST_SIGNING_KEY": "ab" * 32, "INNGEST_SIGNING_KEY_FALLBACK": SIGNING_KEY}
    service.start()
    service.sync()

    assert service.executor.run(inngest.Event(name="test/pay")).status == "Completed"


def test_send_endless_body_is_refused_and_not_kept(service: Service) -> None:
    before = service.memory
    chunks = itertools.repeat(bytes(2**16), 3200)  # 200 MiB

    reply = httpx.post(f"{service.url}/api/inngest", content=chunks, timeout=30)

    assert reply.status_code == 413
    assert service.memory - before < 20 * 2**20


def test_run_with_state_at_inngests_limit_is_let_through(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(pay=PAID)
    service.sync()
    # it is sent twice: 4 MiB in all
    event = inngest.Event(name="test/pay", data={"text": "x" * (2 * 2**20 - 2000)})

    assert service.executor.run(event).status == "Completed"


def test_tell_no_secret_in_logs_errors_and_replies(make_service: Callable[..., Service]) -> None:
    service = make_service(pay=PAID)
    service.sync()
    replies = [
        httpx.get(f"{service.url}/readyz"),
        httpx.get(f"{service.url}/api/inngest"),
        httpx.get(
            f"{service.url}/api/inngest", headers={"x-inngest-signature": sign(b"", SIGNING_KEY)}
        ),
        httpx.put(f"{service.url}/api/inngest"),
        httpx.post(f"{service.url}/api/inngest", content=b"not JSON"),
    ]
    service.executor.run(inngest.Event(name="test/broken"))
    service.executor.__exit__()
    replies.append(httpx.post(f"{service.url}/api/v1/workflows", json={"source": "x"}, timeout=30))

    assert "no such account" in service.log
    assert replies[-1].status_code == 503
    for text in [service.log, *(reply.text for reply in replies)]:
        assert SIGNING_KEY not in text
        assert EVENT_KEY not in text


def test_answer_in_production_has_no_page_for_developers(service: Service) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"):
        assert httpx.get(service.url + path).status_code == 404, path
    assert httpx.post(f"{service.url}/api/v1/test/inngest").status_code == 404
