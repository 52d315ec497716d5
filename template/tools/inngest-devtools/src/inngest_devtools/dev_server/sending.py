"""Sends events to the Dev Server, and invokes what no event starts."""

import json
from typing import Any

from inngest_devtools.errors import DevtoolsError
from inngest_devtools.loopback import fetch
from inngest_devtools.project import command, read_inngest_settings
from inngest_devtools.words import t

TIMEOUT = 5.0  # seconds


def send(event: str, data: dict[str, Any]) -> str:
    """The id of the event.

    Raises:
        DevtoolsError: The Dev Server does not take it.
    """
    origin = read_inngest_settings().event_api_origin
    reply = _post(f"{origin}/e/inngest-dev", {"name": event, "data": data})
    try:
        return str(reply["ids"][0])
    except (KeyError, IndexError, TypeError):
        raise DevtoolsError(
            t("{origin} did not take the event: {reply}", origin=origin, reply=json.dumps(reply))
        ) from None


def invoke(function: str) -> None:
    """Start a function by its id, whatever its triggers.

    Raises:
        DevtoolsError: The Dev Server does not start it.
    """
    settings = read_inngest_settings()
    slug = f"{settings.inngest_app_id}-{function}"
    reply = _post(f"{settings.api_origin}/invoke/{slug}", {"data": {}})
    if reply.get("error"):
        raise DevtoolsError(
            t("{function} was not started: {error}", function=function, error=reply["error"])
        )


def merge(example: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """An event's data: the example with what was typed as `name=value`.

    A value is JSON where it can be read as that, unless the example's own is a text.

    Raises:
        DevtoolsError: A field is not written like that.
    """
    data = dict(example)
    for field in fields:
        name, equals, value = field.partition("=")
        if not name or not equals:
            raise DevtoolsError(t("{field} is no field: write name=value.", field=field))
        data[name] = value if isinstance(example.get(name), str) else _parse(value)
    return data


def _parse(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _post(url: str, body: object) -> dict[str, Any]:
    try:
        return dict(fetch("POST", url, body, timeout=TIMEOUT))
    except OSError:
        origin = read_inngest_settings().api_origin
        raise DevtoolsError(
            t(
                "The Dev Server does not answer at {origin}: start it with `{start}`.",
                origin=origin,
                start=command("start"),
            )
        ) from None
    except (ValueError, TypeError) as error:
        raise DevtoolsError(t("{place}: {problem}", place=url, problem=error)) from None
