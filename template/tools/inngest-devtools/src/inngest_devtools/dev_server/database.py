"""The Dev Server's PostgreSQL, asked before the server is: the CLI says of it three lines of Go."""

import socket
from urllib.parse import parse_qs, unquote, urlsplit

from inngest_devtools.dev_server.config import CONFIG_FILE, ServerConfig
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.project import read_variable
from inngest_devtools.words import t

DEFAULT_PORT = 5432
TIMEOUT = 3.0  # seconds


def check_database(config: ServerConfig) -> str:
    """Where the Dev Server keeps its history, in words.

    Raises:
        DevtoolsError: Nothing listens there.
    """
    if not config.postgres_uri:
        return t("a file in .inngest") if config.persist else t("in memory")
    source, advice = _find_source(config)
    host, port = _split(config.postgres_uri)
    place = f"{host}:{port}"
    if host.startswith("/"):
        return t("PostgreSQL at {host}", host=host)  # a socket of this machine, or several hosts
    try:
        socket.create_connection((host, port), timeout=TIMEOUT).close()
    except OSError as error:
        reason = t("Nothing listens") if isinstance(error, ConnectionRefusedError) else str(error)
        raise DevtoolsError(
            t(
                "{reason} at {place}, where {source} has the Dev Server's database: start "
                "PostgreSQL there, or keep the history in a file: {advise}.",
                reason=reason,
                place=place,
                source=source,
                advise=advice,
            )
        ) from None
    return t("PostgreSQL at {place}", place=place)


def _split(uri: str) -> tuple[str, int]:
    """Host and port; a path where it is a socket."""
    url = urlsplit(uri)
    query = parse_qs(url.query)
    host = query.get("host", [unquote(url.hostname or "localhost")])[0]
    try:
        return host, int(query.get("port", [str(url.port or DEFAULT_PORT)])[0])
    except ValueError:
        return host, DEFAULT_PORT


def _find_source(config: ServerConfig) -> tuple[str, str]:
    """Where the address was written, and what to write there instead."""
    if read_variable("INNGEST_POSTGRES_URI"):
        return "INNGEST_POSTGRES_URI", t("remove INNGEST_POSTGRES_URI")
    keys = ", ".join(f'"{key}"' for key in config.options if key.startswith("postgres-"))
    return (
        t('"postgres-uri" in {file}', file=CONFIG_FILE),
        t('put "persist": true, "sqlite-dir": ".inngest" in the place of {keys}', keys=keys),
    )
