from inngest_devtools.testing import CountCalls, InngestServer

from core.inngest.events import BatchRequested
from core.inngest.functions import fan_out


def test_run_fan_out_gathers_parallel_steps_that_ran_once(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(fan_out, "measure")

    run = inngest_server.run(BatchRequested(items=["a", "bb", "ccc"]).to_event())

    assert run.output == {"success": True, "sent": 3, "total_size": 6}
    assert calls == {"measure": 3}


def test_run_fan_out_starts_a_run_for_each_item(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(fan_out, "handle")

    inngest_server.send(BatchRequested(items=["a", "bb", "ccc"]).to_event())

    results = [
        run.output["result"] for run in inngest_server.finish() if run.function_id == "fan-out-item"
    ]
    assert sorted(results) == ["A", "BB", "CCC"]
    assert calls == {"handle": 3}
