"""What strangers can do to the app in production: little."""

import json

import httpx
import psutil
import pytest
from inngest_devtools.testing import sign

from tests.production.service import SIGNING_KEY, Service

pytestmark = pytest.mark.slow

JSON = {"content-type": "application/json"}
MEGABYTE = 2**20


def test_post_large_body_to_any_route_is_refused_and_not_kept(
    service: Service,
) -> None:
    before = service.memory
    body = b'{"source": "' + bytes(60 * MEGABYTE) + b'"}'

    for path in ("/api/v1/workflows", "/api/inngest"):
        assert httpx.post(service.url + path, content=body, headers=JSON).status_code == 413

    assert service.memory - before < 20 * MEGABYTE


def test_post_wrong_input_is_not_repeated(service: Service) -> None:

    reply = httpx.post(f"{service.url}/api/v1/workflows", json={"source": "hunter2" * 100_000})

    assert reply.status_code == 422
    assert len(reply.content) < 1000
    assert "hunter2" not in reply.text


@pytest.mark.parametrize("source", ["NaN", r'"\ud800"', "1e999"])
def test_post_what_json_does_not_allow_is_refused(service: Service, source: str) -> None:
    reply = httpx.post(
        f"{service.url}/api/v1/workflows", content=f'{{"source": {source}}}', headers=JSON
    )

    assert reply.status_code == 422


def test_ask_readiness_often_opens_few_connections(service: Service) -> None:
    assert service.process is not None
    process = psutil.Process(service.process.pid)
    port = int(service.executor.origin.rpartition(":")[2])

    with httpx.Client(base_url=service.url) as client:
        for _ in range(300):
            assert client.get("/readyz").json()["inngest"] == "reachable"

    waiting = [each for each in psutil.net_connections("tcp") if each.status == "TIME_WAIT"]
    opened = [each for each in waiting if each.raddr and each.raddr.port == port]
    assert len(opened) < 20
    assert len(process.net_connections("tcp")) < 20


def test_post_forged_signature_costs_no_parsing(service: Service) -> None:
    """The SDK alone took 1.9 seconds, in which nothing else was served, for 5 MB of numbers."""
    assert service.process is not None
    body = json.dumps([0.5] * 1_000_000).encode()[: 5 * MEGABYTE - 10]
    signature = {"x-inngest-signature": sign(body, "ab" * 32)}

    process = psutil.Process(service.process.pid)
    before = process.cpu_times().user

    reply = httpx.post(f"{service.url}/api/inngest", content=body, headers=signature, timeout=60)

    assert reply.status_code == 401
    assert process.cpu_times().user - before < 0.7


@pytest.mark.parametrize("address", ["http://app:8200/api/inngest", "http://app/x?a=1&b=<2>"])
def test_sync_is_taken_as_inngest_signs_it(service: Service, address: str) -> None:
    """It signs the canonical form and sends what Go's encoder writes (pkg/deploy/deploy.go)."""
    canonical = json.dumps({"url": address}, separators=(",", ":")).encode()
    sent = canonical.replace(b"&", b"\\u0026").replace(b"<", b"\\u003c").replace(b">", b"\\u003e")
    headers = {
        "x-inngest-signature": sign(canonical, SIGNING_KEY),
        "x-inngest-server-kind": "cloud",
    }

    reply = httpx.put(f"{service.url}/api/inngest", content=sent, headers=headers)
    spaced = httpx.put(f"{service.url}/api/inngest", content=sent[:-1] + b" }", headers=headers)
    call = httpx.post(f"{service.url}/api/inngest", content=b" " + sent, headers=headers)

    assert (reply.status_code, reply.json().get("ok")) == (200, True)
    assert spaced.status_code == 200, "the same document, written otherwise"
    assert call.status_code == 401, "of a call only the very bytes hold"
