import httpx
import pytest

from core.inngest.discovery import discover_functions
from core.inngest.settings import Settings
from server.routes import health


@pytest.fixture(autouse=True)
def ask_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees what Inngest answered in another."""
    monkeypatch.setattr(health, "_question", health.Question())


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


def test_get_readiness_often_asks_inngest_once(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    pings = []

    async def ping() -> health.Reachability:
        pings.append(1)
        return "reachable"

    monkeypatch.setattr(health, "_ping_inngest", ping)

    assert {client.get("/readyz").json()["inngest"] for _ in range(20)} == {"reachable"}
    assert len(pings) == 1
    monkeypatch.setattr(health, "ANSWER_AGE", 0)
    client.get("/readyz")
    assert len(pings) == 2
