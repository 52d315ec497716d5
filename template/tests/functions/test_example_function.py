import httpx
import inngest
from inngest_devtools.testing import InngestServer

from core.inngest.events import ExampleEvent


def test_run_example_function_returns_message_and_event_id(inngest_server: InngestServer) -> None:
    run = inngest_server.run(ExampleEvent(message="Hi").to_event(id="event-1"))

    assert run.status == "Completed"
    assert run.output == {"success": True, "message": "Hi", "event_id": "event-1"}


def test_run_example_function_without_message_uses_default(inngest_server: InngestServer) -> None:
    run = inngest_server.run(inngest.Event(name="example/event"))

    assert run.output["message"] == "Hello from Inngest!"


def test_run_example_function_with_invalid_payload_fails_at_once(
    inngest_server: InngestServer,
) -> None:
    run = inngest_server.run(inngest.Event(name="example/event", data={"message": 1}))

    assert run.status == "Failed"
    assert (
        run.output["message"]
        == "example/event has an invalid payload: message: Input should be a valid string"
    )


def test_post_test_endpoint_runs_example_function(
    client: httpx.Client, inngest_server: InngestServer
) -> None:
    response = client.post("/api/v1/test/inngest")

    (run,) = inngest_server.finish()
    assert run.function_id == "example-function"
    assert run.event_ids == response.json()["ids"]
