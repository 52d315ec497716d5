import inngest
from inngest_devtools.testing import CountCalls, InngestServer

from core.inngest.functions import scheduled_task


def test_run_scheduled_task_reads_time_and_cleans_up_once(
    inngest_server: InngestServer, count_calls: CountCalls
) -> None:
    calls = count_calls(scheduled_task, "current_time", "clean_up")

    run = inngest_server.invoke("scheduled-task")

    assert run.status == "Completed"
    assert run.output["executed_at"].endswith("+00:00")
    assert calls == {"current_time": 1, "clean_up": 1}


def test_register_scheduled_task_every_six_hours() -> None:
    config = scheduled_task.scheduled_task_function.get_config("http://app").main

    assert config.triggers == [inngest.TriggerCron(cron="0 */6 * * *")]
