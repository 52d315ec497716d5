from inngest_devtools.testing import CountCalls, InngestServer

from core.inngest.events import ExampleError
from core.inngest.functions import error_handling

STEPS = ("reserve", "risky_operation", "release", "alert")


def test_run_with_success_needs_no_compensation(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(error_handling, *STEPS)

    run = inngest_server.run(ExampleError(outcome="success").to_event())

    assert run.output == {"success": True, "result": "done"}
    assert calls == {"reserve": 1, "risky_operation": 1}


def test_run_with_failure_compensates_after_three_attempts(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(error_handling, *STEPS)

    run = inngest_server.run(ExampleError(outcome="failure").to_event())

    assert run.status == "Completed"
    assert run.output == {"success": False, "error": "the other service is down"}
    assert calls == {"reserve": 1, "risky_operation": 3, "release": 1}


def test_run_with_invalid_request_fails_at_once_compensates_and_alerts(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(error_handling, *STEPS)

    run = inngest_server.run(ExampleError(outcome="invalid").to_event())

    assert run.status == "Failed"
    assert run.output["message"] == "the request makes no sense"
    assert calls == {"reserve": 1, "risky_operation": 1, "release": 1, "alert": 1}


def test_run_with_busy_service_succeeds_at_second_attempt(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(error_handling, *STEPS)

    run = inngest_server.run(ExampleError(outcome="busy").to_event())

    assert run.output == {"success": True, "result": "done"}
    assert calls == {"reserve": 1, "risky_operation": 2}
