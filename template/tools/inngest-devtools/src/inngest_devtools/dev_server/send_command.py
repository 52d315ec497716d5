"""`inngest-dev send`: try a function, by hand and on every shell."""

from typing import Annotated, Any

import typer
from inngest_devtools.dev_server import sending
from inngest_devtools.dev_server.config import app_url
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.logs import console
from inngest_devtools.loopback import fetch
from inngest_devtools.project import command, read_inngest_settings, set_dev_mode
from inngest_devtools.words import t

TIMEOUT = 5.0  # seconds


def send(
    name: Annotated[str, typer.Argument(help="An event's name, or a function's id.")],
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="FIELD=VALUE", help="Other data.")
    ] = None,
) -> None:
    """Send an event, with example data where you give none.

    Named by a function that it starts, or by its own name. A function that no event
    starts is invoked. The app has to run: it knows what its events hold.
    """
    set_dev_mode()
    catalog = _read_catalog()
    functions = {entry["id"]: entry for entry in catalog["functions"]}
    event = functions[name]["event"] if name in functions else name
    if event is None:
        sending.invoke(name)
        console.print(t("Started {name}. {where}", name=name, where=_point_to_runs()))
        return
    if name not in functions and name not in catalog["examples"] and not fields:
        known = ", ".join(sorted([*functions, *catalog["examples"]]))
        raise DevtoolsError(
            t("There is no function or event {name!r}. There are: {known}.", name=name, known=known)
        )
    data = sending.merge(catalog["examples"].get(event, {}), fields or [])
    id = sending.send(event, data)
    console.print(
        t(
            "Sent {event} {data} as {id}. {where}",
            event=event,
            data=data,
            id=id,
            where=_point_to_runs(),
        )
    )


def _read_catalog() -> dict[str, Any]:
    url = f"{app_url()}/_inngest-dev/catalog"
    try:
        return dict(fetch("GET", url, timeout=TIMEOUT))
    except (OSError, ValueError, TypeError):
        raise DevtoolsError(
            t(
                "No app that `dev` has started answers at {url}: start it with `{dev}`, and send "
                "from a second terminal.",
                url=app_url(),
                dev=command("dev"),
            )
        ) from None


def _point_to_runs() -> str:
    return t("Its run: {api_origin}/runs", api_origin=read_inngest_settings().api_origin)
