"""Attacks on the app in production mode."""

import time
from collections.abc import Iterator

import httpx
import pytest
from executor import free_port, serve, sign

from core.config import Settings
from core.inngest.client import create_client
from server import main
from server.security import MAX_BODY_SIZE

KEY = "ab" * 32
BODY = b'{"runs":1}'
PROBE = "/api/inngest?probe=trust"  # answers 200 to whoever signs as Inngest does
HEADER = "x-inngest-signature"

NOW = round(time.time())
OLD = sign(BODY, KEY, NOW - 400)
TIME, DIGEST = OLD.split("&")


@pytest.fixture(scope="module")
def production_client() -> Iterator[httpx.Client]:
    settings = Settings.model_validate(
        {
            "inngest_dev": "0",
            "inngest_base_url": "http://127.0.0.1:1",
            "inngest_event_key": "event-key",
            "inngest_signing_key": KEY,
        }
    )
    listener = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main, "get_settings", lambda: settings)
        patch.setattr(main, "inngest_client", create_client(settings))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with serve(main.create_app(), listener), httpx.Client(base_url=url) as client:
            yield client


def test_call_function_signed_by_inngest_is_answered(production_client: httpx.Client) -> None:
    assert (
        production_client.post(PROBE, content=BODY, headers={HEADER: sign(BODY, KEY)}).status_code
        == 200
    )


@pytest.mark.parametrize(
    "signatures",
    [
        pytest.param([], id="unsigned"),
        pytest.param([sign(BODY, "cd" * 32)], id="signed with another key"),
        pytest.param([sign(BODY, "")], id="signed with a blank key"),
        pytest.param([sign(b'{"runs":2}', KEY)], id="replayed under another body"),
        pytest.param([OLD], id="replayed later"),
        pytest.param([sign(BODY, KEY, NOW + 4000)], id="signed for later"),
        pytest.param([sign(BODY, ""), OLD], id="replayed behind a fresh one"),
        pytest.param(
            [f"{DIGEST}&{TIME}&{sign(BODY, '')}"], id="replayed with a fresh one in the same header"
        ),
        pytest.param([sign(BODY, KEY).split("&")[1]], id="without a time"),
    ],
)
def test_call_function_without_fresh_signature_is_refused(
    production_client: httpx.Client, signatures: list[str]
) -> None:
    reply = production_client.post(
        PROBE, content=BODY, headers=[(HEADER, signature) for signature in signatures]
    )

    assert reply.status_code == 401


def test_call_function_with_body_above_inngests_limit_is_refused(
    production_client: httpx.Client,
) -> None:
    body = b'"' + bytes(MAX_BODY_SIZE) + b'"'

    assert (
        production_client.post(PROBE, content=body, headers={HEADER: sign(body, KEY)}).status_code
        == 413
    )


def test_sync_unsigned_is_refused_whatever_host_it_names(production_client: httpx.Client) -> None:
    reply = production_client.put("/api/inngest", headers={"host": "attacker.example.com"})

    assert reply.status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/inngest", 401), ("/docs", 404), ("/redoc", 404), ("/openapi.json", 404)],
)
def test_inspect_app_from_outside_is_refused(
    production_client: httpx.Client, path: str, status: int
) -> None:
    assert production_client.get(path).status_code == status


def test_show_readiness_without_secrets(production_client: httpx.Client) -> None:
    text = production_client.get("/readyz").text

    assert KEY not in text
    assert "event-key" not in text
