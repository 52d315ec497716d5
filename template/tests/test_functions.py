"""What holds for every function, those to come included."""

import re

import inngest
import pytest

from core.inngest.discovery import Function
from core.inngest.events import TypedEvent
from core.inngest.functions import FUNCTIONS

by_id = pytest.mark.parametrize("function", FUNCTIONS, ids=[function.local_id for function in FUNCTIONS])


@by_id
def test_define_function_with_async_handler(function: Function) -> None:
    assert function.is_handler_async, "a `def` handler logs again at every replay"


@by_id
def test_define_function_with_keys_that_its_event_has(function: Function) -> None:
    """A key that names no field is no error to the server: all events then share one bucket."""
    config = function.get_config("http://app").main
    models = {model.event_name: model for model in TypedEvent.__subclasses__()}
    events = [trigger.event for trigger in config.triggers if isinstance(trigger, inngest.TriggerEvent)]

    keys = set(re.findall(r"(?<!async\.)\bevent\.data\.(\w+)", str(config.to_dict())))
    assert all(keys <= set(models[event].model_fields) for event in events if event in models)
