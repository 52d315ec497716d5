import pytest
from inngest_devtools.testing import CountCalls, InngestServer

from core.inngest.events import ApprovalDecided, ApprovalRequested, ApprovalWithdrawn
from core.inngest.functions import approval

REQUEST = ApprovalRequested(request_id="request-1", title="A new laptop").to_event()
STEPS = ("notify_approver", "carry_out")


def test_run_approved_carries_out(inngest_server: InngestServer, count_calls: CountCalls) -> None:
    calls = count_calls(approval, *STEPS)
    inngest_server.send(REQUEST)

    inngest_server.send(ApprovalDecided(request_id="request-1", approved=True).to_event())

    (run,) = inngest_server.finish()
    assert run.output == {"success": True, "decision": "request-1 carried out"}
    assert calls == {"notify_approver": 1, "carry_out": 1}


def test_run_rejected_carries_nothing_out(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(approval, *STEPS)
    inngest_server.send(REQUEST)

    inngest_server.send(ApprovalDecided(request_id="request-1", approved=False).to_event())

    (run,) = inngest_server.finish()
    assert run.output == {"success": False, "decision": "rejected"}
    assert calls == {"notify_approver": 1}


def test_run_ignores_decision_on_another_request(inngest_server: InngestServer) -> None:
    inngest_server.send(REQUEST)
    inngest_server.send(ApprovalDecided(request_id="request-2", approved=True).to_event())

    inngest_server.send(ApprovalDecided(request_id="request-1", approved=False).to_event())

    (run,) = inngest_server.finish()
    assert run.output["decision"] == "rejected"


@pytest.mark.virtual_time
def test_run_without_decision_times_out(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(approval, *STEPS)

    run = inngest_server.run(REQUEST)

    assert run.output == {"success": False, "decision": "timed out"}
    assert calls == {"notify_approver": 1}


def test_withdraw_request_cancels_run(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(approval, *STEPS)
    inngest_server.send(REQUEST)

    inngest_server.send(ApprovalWithdrawn(request_id="request-1").to_event())

    (run,) = inngest_server.finish()
    assert run.status == "Cancelled"
    assert calls == {"notify_approver": 1}
