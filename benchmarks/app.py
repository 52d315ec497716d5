"""An app's start, one call of a step, and a run of five steps: a project of the template against
the bare SDK.
"""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import inngest
import jcs  # type: ignore[import-untyped]
from inngest_devtools.project import SERVE_PATH
from inngest_devtools.testing import StandIn, sign

from benchmarks.measure import Comparison, Measure, MeasureError, seconds
from benchmarks.project import App, add_five_steps, create_apps

AGAINST = "bare FastAPI + SDK"
START_BOUND = 1.10
CALL_BOUND = 1.05
CALLS = 100  # for each pair that is asked for: a call takes a millisecond
RUNS = 10
SIGNING_KEY = "ab" * 32
MODES = {
    "development": {"INNGEST_DEV": "1"},
    "production": {
        "INNGEST_DEV": "0",
        "INNGEST_EVENT_KEY": "key",
        "INNGEST_SIGNING_KEY": SIGNING_KEY,
    },
}
EVENT = inngest.Event(name="benchmark/five-steps", data={"start": 1}, id="1", ts=1_750_000_000_000)
# What the server sends to find out a run's first step.
CALL = {
    "ctx": {
        "run_id": "1",
        "fn_id": "1",
        "env": "",
        "step_id": "step",
        "attempt": 0,
        "use_api": False,
        "disable_immediate_execution": False,
        "stack": {"stack": [], "current": 0},
    },
    "event": EVENT.model_dump(),
    "events": [EVENT.model_dump()],
    "steps": {},
    "use_api": False,
    "version": 2,
}


def compare(folder: Path, pairs: int) -> Iterator[Comparison]:
    apps = ours, bare = create_apps(folder)
    yield Comparison("app start to the first 200", AGAINST, START_BOUND).run(
        ours.start, bare.start, pairs=pairs
    )
    add_five_steps(ours)
    for mode, variables in MODES.items():
        with ExitStack() as stack:
            calls = [stack.enter_context(_step_call(app, variables)) for app in apps]
            yield Comparison(f"one step call in {mode}", AGAINST, CALL_BOUND).run(
                *calls, pairs=pairs * CALLS
            )
    with ExitStack() as stack:
        workflows = [stack.enter_context(_workflow(app)) for app in apps]
        yield Comparison("five steps, stand-in server", AGAINST).run(*workflows, pairs=pairs * RUNS)


@contextmanager
def _step_call(app: App, variables: dict[str, str]) -> Iterator[Measure]:
    """A call of the first step, over a connection that stays open."""
    body = jcs.canonicalize(CALL)
    path = f"{SERVE_PATH}?fnId={app.id}-five-steps&stepId=step"
    with app.running(**variables) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)

        def call() -> None:
            headers = (
                {"x-inngest-signature": sign(body, SIGNING_KEY)}
                if variables == MODES["production"]
                else {}
            )
            connection.request("POST", path, body, headers)
            reply = connection.getresponse()
            if reply.status != 206:
                raise MeasureError(f"{app.id} answered {reply.status}: {reply.read()!r}")
            reply.read()

        yield lambda: seconds(call)
        connection.close()


@contextmanager
def _workflow(app: App) -> Iterator[Measure]:
    with StandIn() as executor, app.running(INNGEST_DEV=executor.origin) as port:
        executor.sync(f"http://127.0.0.1:{port}")

        def run() -> None:
            executor.reset()
            output = executor.run(inngest.Event(name=EVENT.name, data=EVENT.data)).output
            if output != 11:
                raise MeasureError(f"{app.id}: the run's output is {output!r}")

        yield lambda: seconds(run)
