"""Event classes of a team's own making."""

from typing import Any

import inngest
import pytest

from core.inngest.typed_event import FunctionFailed, TypedEvent, find_event_classes


class CustomerEvent(TypedEvent):
    """A base: it names no event."""

    customer_id: str


class CustomerJoined(CustomerEvent):
    event_name = "customer/joined"


class CustomerLeft(CustomerEvent):
    event_name = "customer/left"

    reason: str = ""


def test_find_events_below_a_base_that_is_none() -> None:
    assert list(find_event_classes(CustomerEvent)) == [CustomerJoined, CustomerLeft]
    assert CustomerEvent not in find_event_classes()


def test_parse_payload_that_does_not_fit_fails_for_good() -> None:
    event = inngest.Event(name="customer/joined", data={"customer": "7"})

    with pytest.raises(inngest.NonRetriableError, match="customer/joined has an invalid payload"):
        CustomerJoined.parse(event)


def test_read_the_original_event_of_a_failed_run() -> None:
    data: Any = {
        "function_id": "app-fn",
        "run_id": "01J",
        "error": {"name": "Error", "message": "no"},
        "event": {"name": "customer/left", "data": {"customer_id": "7"}},
    }

    failed = FunctionFailed.parse(inngest.Event(name="inngest/function.failed", data=data))

    assert failed.original(CustomerLeft) == CustomerLeft(customer_id="7")
