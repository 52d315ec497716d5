"""What a test can ask of an Inngest server, be it the stand-in or a real Dev Server."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

import inngest
from inngest_devtools.testing.protocol import Json

Status = Literal["Running", "Completed", "Failed", "Cancelled"]


class SyncError(Exception):
    """The app, or the server, refused the app's functions."""


@dataclass(kw_only=True)
class Run:
    """One run of a function; `output` is what the function returned or, if it failed, its error."""

    id: str
    function_id: str
    event_ids: list[str]
    status: Status = "Running"
    output: Any = None


class InngestServer(ABC):
    """What a test can ask of a server, be it the stand-in or a real Dev Server."""

    @abstractmethod
    def send(self, *events: inngest.Event) -> list[str]:
        """Send events and return their ids, once the runs that they start have gone as far as they
        can for now.
        """

    @abstractmethod
    def invoke(self, function_id: str, data: Json | None = None) -> Run:
        """Run a function whatever its trigger is, and return its run when every run has ended."""

    @abstractmethod
    def finish(self) -> list[Run]:
        """Wait for the end of every run, and return all of this test in the order of their start."""

    def run(self, event: inngest.Event) -> Run:
        """Send an event, wait for the end of every run, and return the one run that the event
        started.
        """
        (event_id,) = self.send(event)
        runs = [run for run in self.finish() if event_id in run.event_ids]
        if len(runs) != 1:
            raise AssertionError(
                f"{event.name} started {len(runs)} runs: {[run.function_id for run in runs]}"
            )
        return runs[0]
