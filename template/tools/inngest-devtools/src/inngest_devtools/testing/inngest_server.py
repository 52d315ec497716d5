"""What a test can ask of an Inngest server, be it the stand-in or a real Dev Server."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import inngest
from inngest_devtools.testing.protocol import Json
from inngest_devtools.testing.unsupported import OnlyInVirtualTime
from inngest_devtools.words import t

Status = Literal["Running", "Completed", "Failed", "Cancelled"]


class SyncError(Exception):
    """The app, or the server, refused the app's functions."""


@dataclass(kw_only=True, eq=False)
class Run:
    """One run of a function.

    Args:
        function_id: As in `create_function(fn_id=...)`.
        event_ids: What `send` returned for the events that started the run.
        output: What the function returned or, if it failed, its error.
        started: When the function was first called, in seconds of the server's clock; None until
            then.
        ended: When the run ended, likewise.
    """

    id: str
    function_id: str
    event_ids: list[str]
    status: Status = "Running"
    output: Any = None
    started: float | None = None
    ended: float | None = None


class InngestServer(ABC):
    """What a test can ask of a server; each test sees its own events and runs only."""

    @property
    @abstractmethod
    def now(self) -> float:
        """Seconds since the test began: virtual ones on the stand-in, where time passes at once."""

    @abstractmethod
    def send(self, *events: inngest.Event | Json) -> list[str]:
        """Send events and return their ids, once all runs have gone as far as they can for now.

        Args:
            events: The SDK's or, for what those have no place for (`user`, `v`), as JSON.
        """

    @abstractmethod
    def invoke(self, function_id: str, data: Json | None = None) -> Run:
        """Run a function whatever its trigger is, and return its run when every run has ended.

        That is how a function with a cron is run on both servers.
        """

    @abstractmethod
    def settle(self) -> list[Run]:
        """Let every run go as far as it can for now: to its end, or to where it sleeps or waits.

        For what happens after the app itself has sent an event, as in a route.
        """

    @abstractmethod
    def wait_until(self, predicate: Callable[[], bool], timeout: float = 60) -> None:
        """Let time pass until something is true, say `lambda: store.orders["1"] == "paid"`.

        Args:
            timeout: Seconds until that is an error; on the stand-in, real ones.

        Raises:
            AssertionError: It did not become true.
        """

    @abstractmethod
    def finish(self) -> list[Run]:
        """Wait for the end of every run; all of this test, in the order of their start.

        A real server does not tell what a debounce or a batch has still to start: what takes more
        than two seconds there is to be waited for with `wait_until`.
        """

    @abstractmethod
    def list_runs(self) -> list[Run]:
        """The runs as they are now, in the order of their start."""

    @abstractmethod
    def events(self, name: str | None = None) -> list[inngest.Event]:
        """The events that have reached the server in this test, in that order; only those of a
        name.
        """

    def most_at_once(self, *runs: Run) -> int:
        """How many calls of these runs, of all by default, were under way at one moment, at most.

        Raises:
            OnlyInVirtualTime: On a real server, which does not tell.
        """
        raise OnlyInVirtualTime("most_at_once()")

    def pass_time(self, seconds: float) -> None:
        """Let a time pass, with all that is due in it: a day fires each daily cron once.

        Crons fire in this alone. `finish` and `wait_until` hurry through the time that the test's
        own runs take. A schedule without a time zone is in UTC, as in production.

        Raises:
            OnlyInVirtualTime: On a real server, whose time no one can hurry.
        """
        raise OnlyInVirtualTime("pass_time()")

    def runs_of(self, function_id: str) -> list[Run]:
        """The runs of one function as they are now, in the order of their start."""
        return [run for run in self.list_runs() if run.function_id == function_id]

    def run(self, event: inngest.Event | Json) -> Run:
        """Send an event, wait for the end of every run, and return the one run that it started."""
        (event_id,) = self.send(event)
        runs = [run for run in self.finish() if event_id in run.event_ids]
        if len(runs) != 1:
            functions = [run.function_id for run in runs]
            name = event["name"] if isinstance(event, dict) else event.name
            raise AssertionError(
                t(
                    "{name} started {count} runs: {functions}",
                    name=name,
                    count=len(runs),
                    functions=functions,
                )
            )
        return runs[0]
