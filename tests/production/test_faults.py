"""What the app's own end, at any moment, does to a run: nothing."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import inngest
import pytest

from tests.production.service import Service, signals_end_processes_politely

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not signals_end_processes_politely(), reason="needs POSIX signals"),
]

# Each step notes its start and its end; the second takes as long as the file `hold` is there.
LEDGER = """
import asyncio
from pathlib import Path

import inngest

from core.inngest.client import inngest_client

FOLDER = Path.cwd()


async def work(name: str) -> str:
    note(f"{name} begins")
    while name == "two" and (FOLDER / "hold").exists():
        await asyncio.sleep(0.02)
    note(f"{name} ends")
    return name


def note(line: str) -> None:
    with (FOLDER / "ledger").open("a") as ledger:
        ledger.write(f"{line}\\n")


@inngest_client.create_function(fn_id="ledger", trigger=inngest.TriggerEvent(event="test/ledger"))
async def ledger(ctx: inngest.Context) -> list[str]:
    return [await ctx.step.run(name, work, name) for name in ("one", "two", "three")]
"""


def read_ledger(path: Path) -> list[str]:
    return (path / "ledger").read_text().splitlines() if (path / "ledger").exists() else []


class RunUntilStepTwo:
    """A run that is in the middle of its second step; its first has ended."""

    def __init__(self, service: Service) -> None:
        self._service = service
        (service.path / "hold").touch()
        service.sync()
        event = inngest.Event(name="test/ledger")
        self._sending = threading.Thread(target=service.executor.send, args=[event], daemon=True)
        self._sending.start()
        deadline = time.monotonic() + 20
        while "two begins" not in read_ledger(service.path):
            assert time.monotonic() < deadline, service.log
            time.sleep(0.02)

    def let_go(self) -> None:
        (self._service.path / "hold").unlink()

    def wait(self) -> None:
        """Until the executor has nothing more to do before a retry is due."""
        self._sending.join(timeout=30)
        assert not self._sending.is_alive()


def test_kill_app_in_middle_of_run_runs_each_completed_step_once(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(ledger=LEDGER)
    run = RunUntilStepTwo(service)

    service.end(by_force=True)
    run.let_go()
    run.wait()
    assert read_ledger(service.path) == ["one begins", "one ends", "two begins"]
    service.start()
    (finished,) = service.executor.finish()

    assert (finished.status, finished.output) == ("Completed", ["one", "two", "three"])
    assert read_ledger(service.path)[3:] == ["two begins", "two ends", "three begins", "three ends"]


def test_stop_app_during_step_lets_it_end_and_answers_it(
    make_service: Callable[..., Service],
) -> None:
    service = make_service(ledger=LEDGER)
    run = RunUntilStepTwo(service)

    assert service.process is not None
    service.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert service.process.poll() is None, "it did not wait for the step"
    run.let_go()
    # uvicorn, done, ends by the signal that it got
    assert service.process.wait(timeout=30) == -signal.SIGTERM
    run.wait()
    assert read_ledger(service.path) == ["one begins", "one ends", "two begins", "two ends"]
    service.start()
    (finished,) = service.executor.finish()

    assert (finished.status, finished.output) == ("Completed", ["one", "two", "three"])
    assert read_ledger(service.path)[4:] == ["three begins", "three ends"]
