import httpx
from inngest_devtools.testing import InngestServer


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
