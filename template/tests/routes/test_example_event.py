import httpx
import pytest
from inngest_devtools.testing import InngestServer

from core.inngest.client import inngest_client


def test_post_test_event_returns_the_id_that_its_runs_name(
    client: httpx.Client, inngest_server: InngestServer
) -> None:
    response = client.post("/api/v1/test/inngest")

    assert response.status_code == 200
    assert response.json()["message"] == "Event sent"
    assert [run.event_ids for run in inngest_server.finish()] in ([], [response.json()["ids"]])


def test_post_test_event_answers_503_without_inngest(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send(*_: object) -> list[str]:
        raise httpx.ConnectError("connection refused")

    monkeypatch.setattr(inngest_client, "send", send)

    response = client.post("/api/v1/test/inngest")

    assert response.status_code == 503
    assert response.json() == {"detail": "Inngest does not take events now. Is its server running?"}
