"""Attacks on the endpoint in production mode."""

import time
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from inngest._internal import net
from inngest_devtools.testing import free_port, serve, sign

from core.inngest import installation
from core.inngest.client import create_client
from core.inngest.guards import MAX_BODY_SIZE, Guard
from core.inngest.settings import Settings

KEY = "ab" * 32
OLD_KEY = "ef" * 32
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
            "inngest_signing_key_fallback": OLD_KEY,
        }
    )
    listener = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("INNGEST_SIGNING_KEY_FALLBACK", raising=False)
        patch.setattr(installation, "get_settings", lambda: settings)
        patch.setattr(installation, "inngest_client", create_client(settings))
        app = FastAPI()
        installation.install_inngest(app)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with serve(app, listener), httpx.Client(base_url=url) as client:
            yield client


@pytest.mark.parametrize("key", [KEY, OLD_KEY], ids=["current key", "key that is rotated out"])
def test_call_function_signed_by_inngest_is_answered(
    production_client: httpx.Client, key: str
) -> None:
    reply = production_client.post(PROBE, content=BODY, headers={HEADER: sign(BODY, key)})

    assert reply.status_code == 200


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
            [f"{DIGEST}&{TIME}&{sign(BODY, '')}"],
            id="replayed with a fresh one in the same header",
        ),
        pytest.param([sign(BODY, KEY).split("&")[1]], id="without a time"),
    ],
)
def test_call_function_without_fresh_signature_is_refused(
    production_client: httpx.Client, signatures: list[str]
) -> None:
    headers = [(HEADER, signature) for signature in signatures]

    reply = production_client.post(PROBE, content=BODY, headers=headers)

    assert reply.status_code == 401


def test_call_function_with_body_above_inngests_limit_is_refused(
    production_client: httpx.Client,
) -> None:
    body = b'"' + bytes(MAX_BODY_SIZE) + b'"'

    reply = production_client.post(PROBE, content=body, headers={HEADER: sign(body, KEY)})

    assert reply.status_code == 413


def test_refuse_a_forged_body_before_it_is_parsed(
    production_client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK parses and canonicalises first: two seconds, for a large list."""
    parsed: list[bytes] = []
    monkeypatch.setattr(
        net, "validate_request_sig", lambda **request: parsed.append(request["body"])
    )

    reply = production_client.post(PROBE, content=BODY, headers={HEADER: f"t={NOW}&s={'0' * 64}"})

    assert reply.status_code == 401
    assert parsed == []


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_sync_or_inspect_unsigned_is_refused_whatever_host_it_names(
    production_client: httpx.Client, method: str
) -> None:
    headers = {"host": "attacker.example.com"}

    assert production_client.request(method, "/api/inngest", headers=headers).status_code == 401


def test_print_guard_shows_no_key() -> None:
    """Tools that report errors print the locals of each frame."""
    assert KEY not in repr(Guard((KEY,), 300))
