from uuid import uuid4

from inngest_devtools.testing import CountCalls, InngestServer

from core.inngest.events import ImportRequested
from core.inngest.functions import flow_control


def request_import() -> ImportRequested:
    return ImportRequested(import_id=uuid4().hex, customer_id="acme", rows=["a", "b", "c"])


def test_send_import_twice_runs_once(inngest_server: InngestServer) -> None:
    event = request_import()

    inngest_server.send(event.to_event(), event.to_event())

    imports = [run for run in inngest_server.finish() if run.function_id == "flow-control"]
    assert [run.output for run in imports] == [{"success": True, "sent": 3}]


def test_run_import_stores_its_rows_in_one_batch(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(flow_control, "store")

    inngest_server.run(request_import().to_event())

    batches = [run for run in inngest_server.finish() if run.function_id == "flow-control-batch"]
    assert [run.output for run in batches] == [{"success": True, "stored": 3}]
    assert calls == {"store": 1}


def test_run_imports_at_once_keeps_their_batches_apart(inngest_server: InngestServer) -> None:
    inngest_server.send(request_import().to_event(), request_import().to_event())

    batches = [run for run in inngest_server.finish() if run.function_id == "flow-control-batch"]
    assert [run.output["stored"] for run in batches] == [3, 3]
