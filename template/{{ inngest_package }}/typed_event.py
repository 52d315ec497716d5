"""What every event class of `events.py` is made of."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self, TypeVar

import inngest
from pydantic import BaseModel, ConfigDict, ValidationError

T = TypeVar("T", bound="TypedEvent")


class TypedEvent(BaseModel):
    """A payload with its event's name. Fields that a newer sender added are ignored.

    A class without an `event_name` is a base for others, and no event itself.
    """

    model_config = ConfigDict(frozen=True)

    event_name: ClassVar[str]

    @classmethod
    def trigger(cls) -> inngest.TriggerEvent:
        """What runs a function: `@inngest_client.create_function(trigger=ExampleEvent.trigger(),
        ...)`.
        """
        return inngest.TriggerEvent(event=cls.event_name)

    @classmethod
    def parse(cls, event: inngest.Event) -> Self:
        """The payload of a received event.

        Raises:
            inngest.NonRetriableError: The payload does not fit; it would not fit at the next
                attempt either.
        """
        try:
            return cls.model_validate(event.data)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in error.errors()
            )
            message = f"{event.name} has an invalid payload: {problems}"
            raise inngest.NonRetriableError(message) from error

    def to_event(self, *, id: str = "") -> inngest.Event:
        """The event to send.

        Args:
            id: Makes sending it again harmless: Inngest runs nothing for an id that it saw in the
                last 24 hours.
        """
        return inngest.Event(name=self.event_name, data=self.model_dump(mode="json"), id=id)


class FunctionFailed(TypedEvent):
    """What Inngest sends when a run has failed for good; `on_failure` handlers receive it."""

    event_name = "inngest/function.failed"

    class Error(BaseModel):
        name: str
        message: str

    function_id: str
    run_id: str
    error: Error
    event: dict[str, Any]  # the run's own

    def original(self, event_class: type[T]) -> T:
        """The payload of the run's own event.

        Raises:
            inngest.NonRetriableError: The payload does not fit.
        """
        name = self.event.get("name") or event_class.event_name
        return event_class.parse(inngest.Event(name=name, data=self.event.get("data") or {}))


def find_event_classes(base: type[TypedEvent] = TypedEvent) -> Iterator[type[TypedEvent]]:
    """Every class below a base that names an event, however deep."""
    for event_class in base.__subclasses__():
        if hasattr(event_class, "event_name"):
            yield event_class
        yield from find_event_classes(event_class)
