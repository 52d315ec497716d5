import pytest
from inngest_devtools.testing import CountCalls, InngestServer

from core.inngest.events import WorkflowStart
from core.inngest.functions import multi_step_workflow

STEPS = ("fetch_data", "process_data", "save_result")


def fail_times(monkeypatch: pytest.MonkeyPatch, name: str, times: int) -> None:
    """Let a step's function fail at its first calls."""
    function = getattr(multi_step_workflow, name)
    failures = iter(range(times))

    async def fail(*args: object) -> object:
        if next(failures, None) is not None:
            raise RuntimeError(f"{name} failed")
        return await function(*args)

    monkeypatch.setattr(multi_step_workflow, name, fail)


def test_run_workflow_runs_each_step_once(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(multi_step_workflow, *STEPS)

    run = inngest_server.run(WorkflowStart(source="orders").to_event())

    assert run.status == "Completed"
    assert run.output == {"success": True, "result": "orders: 9"}
    assert calls == {"fetch_data": 1, "process_data": 1, "save_result": 1}


def test_run_workflow_retries_failed_step_alone(
    inngest_server: InngestServer, count_calls: CountCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_times(monkeypatch, "process_data", 2)
    calls = count_calls(multi_step_workflow, *STEPS)

    run = inngest_server.run(WorkflowStart(source="orders").to_event())

    assert run.status == "Completed"
    assert calls == {"fetch_data": 1, "process_data": 3, "save_result": 1}


def test_run_workflow_fails_after_five_attempts_of_a_step(
    inngest_server: InngestServer, count_calls: CountCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_times(monkeypatch, "save_result", 5)
    calls = count_calls(multi_step_workflow, *STEPS)

    run = inngest_server.run(WorkflowStart(source="orders").to_event())

    assert run.status == "Failed"
    assert run.output["message"] == "save_result failed"
    assert calls == {"fetch_data": 1, "process_data": 1, "save_result": 5}
