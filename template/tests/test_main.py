import asyncio
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from core.inngest.settings import get_settings
from server.main import create_app

KEYS = {"INNGEST_EVENT_KEY": "event-key", "INNGEST_SIGNING_KEY": "ab" * 16}


@pytest.fixture
def production_app(monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    monkeypatch.setenv("INNGEST_DEV", "0")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    yield create_app()
    get_settings.cache_clear()


def test_create_app_in_dev_mode_has_test_endpoint_and_hides_inngest() -> None:
    paths = create_app().openapi()["paths"]

    assert "/api/v1/test/inngest" in paths
    assert "/api/inngest" not in paths


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/api/inngest", 401),  # unsigned
        ("/api/v1/test/inngest", 404),
        ("/docs", 404),
        ("/openapi.json", 404),
    ],
)
def test_get_from_app_in_production(production_app: FastAPI, path: str, status: int) -> None:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(production_app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            return await client.get(path)

    assert asyncio.run(get()).status_code == status
