"""What can be sent: the app's functions with their triggers, and its events with an example each.

Read in the app's process, where the Inngest package is imported already.
"""

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from inngest_devtools.landing.example_data import make_example
from inngest_devtools.project import get_project

RESERVED = "inngest/"  # how the names of Inngest's own events begin, which nobody else sends


@dataclass(frozen=True)
class FunctionEntry:
    """A function; `event` is the first that starts it, None where only a schedule does."""

    id: str
    name: str
    triggers: list[str]
    event: str | None


@dataclass(frozen=True)
class Catalog:
    """`examples` are data of events by name; the Inngest package's classes say what they need."""

    functions: list[FunctionEntry]
    examples: dict[str, dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def example_of(self, event: str) -> dict[str, Any]:
        return self.examples.get(event, {})


def read_catalog() -> Catalog:
    """What the app that runs in this process has; empty where Inngest is off in it."""
    module = get_project().module
    client = sys.modules.get(f"{module}.client")
    typed_event = sys.modules.get(f"{module}.typed_event")
    functions = [one.function for one in client.inngest_client.definitions] if client else []
    classes = typed_event.find_event_classes() if typed_event else []
    classes = [one for one in classes if not one.event_name.startswith(RESERVED)]
    return Catalog(
        sorted(
            {function.local_id: _read(function) for function in functions}.values(),
            key=_by_id,
        ),
        {one.event_name: make_example(one.model_json_schema()) for one in classes},
    )


def _by_id(entry: FunctionEntry) -> str:
    return entry.id


def _read(function: Any) -> FunctionEntry:
    config = function.get_config("http://127.0.0.1").main.to_dict()
    triggers = [] if isinstance(config, Exception) else config["triggers"]
    events = [trigger["event"] for trigger in triggers if trigger.get("event")]
    return FunctionEntry(
        function.local_id,
        function.name,
        list(_describe(triggers)),
        events[0] if events else None,
    )


def _describe(triggers: list[dict[str, Any]]) -> Iterator[str]:
    for trigger in triggers:
        if trigger.get("event"):
            condition = trigger.get("expression")
            yield trigger["event"] + (f" if {condition}" if condition else "")
        else:
            yield f"cron {trigger.get('cron')}"
