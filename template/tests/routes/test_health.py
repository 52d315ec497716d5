import httpx
import pytest

from core.inngest.discovery import discover_functions
from core.inngest.settings import Settings


def test_get_liveness_answers(client: httpx.Client) -> None:
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_get_readiness_counts_functions_and_reports_inngest(client: httpx.Client) -> None:
    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "functions": len(discover_functions()),
        "inngest": "reachable",
    }


def test_get_readiness_stays_ready_without_inngest(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "api_origin", "http://127.0.0.1:1")

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["inngest"] == "unreachable"
