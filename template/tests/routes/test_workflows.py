import httpx
import pytest
from inngest_devtools.testing import InngestServer

from core.inngest.functions import multi_step_workflow
from core.inngest.settings import Settings


def test_post_workflow_starts_run_and_answers_at_once(
    client: httpx.Client, inngest_server: InngestServer
) -> None:
    response = client.post("/api/v1/workflows", json={"source": "orders"})

    assert response.status_code == 202
    (run,) = inngest_server.finish()
    assert run.event_ids == response.json()["ids"]
    assert run.output == {"success": True, "result": "orders: 9"}


def test_post_workflow_without_source_is_refused(client: httpx.Client) -> None:
    response = client.post("/api/v1/workflows", json={})

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "source"]


def test_get_workflow_that_has_ended_shows_its_output(
    client: httpx.Client, inngest_server: InngestServer
) -> None:
    started = client.post("/api/v1/workflows", json={"source": "orders"})
    inngest_server.finish()

    response = client.get(started.headers["Location"], params={"wait": 5})

    assert response.status_code == 200
    assert response.json()["status"] == "completed"
    (run,) = response.json()["runs"]
    assert run["function_id"] == "multi-step-workflow"
    assert run["output"] == {"success": True, "result": "orders: 9"}


def test_get_workflow_that_has_failed_shows_a_short_reason(
    client: httpx.Client, inngest_server: InngestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(source: str) -> list[int]:
        raise RuntimeError(f"no {source}\nhere")

    monkeypatch.setattr(multi_step_workflow, "fetch_data", fail)
    started = client.post("/api/v1/workflows", json={"source": "orders"})
    inngest_server.finish()

    response = client.get(started.headers["Location"], params={"wait": 5})

    assert response.json()["status"] == "failed"
    assert response.json()["runs"][0]["reason"] == "no orders"
    assert "Traceback" not in response.text


def test_get_workflow_under_way_is_asked_again(
    client: httpx.Client, inngest_server: InngestServer
) -> None:
    started = client.post("/api/v1/workflows", json={"source": "orders"})

    response = client.get(started.headers["Location"])

    assert response.status_code == 202
    assert response.json()["status"] in ("pending", "running")
    assert response.headers["Retry-After"] == "2"


def test_get_workflow_in_production_is_refused_until_someone_may(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "is_production", True)

    response = client.get("/api/v1/workflows/01M89ZNZAW6YP2Z7KXNKWB1DWP")

    assert response.status_code == 403
    assert "server/access.py" in response.json()["detail"]
