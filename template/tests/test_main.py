from collections.abc import Iterator

import httpx
import pytest
from inngest_devtools.testing import free_port, serve

from core.inngest.settings import get_settings
from server.main import create_app

KEYS = {"INNGEST_EVENT_KEY": "event-key", "INNGEST_SIGNING_KEY": "ab" * 16}


@pytest.fixture
def production_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("INNGEST_DEV", "0")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    listener = free_port()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with serve(create_app(), listener), httpx.Client(base_url=url, verify=False) as client:
        yield client
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
def test_get_from_app_in_production(
    production_client: httpx.Client, path: str, status: int
) -> None:
    assert production_client.get(path).status_code == status
