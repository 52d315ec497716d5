"""The variables from which httpx, inside of the SDK's client, takes proxies and certificates while
it is built.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from .errors import ConfigurationError

# In capitals here; httpx reads proxies in small letters, too.
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
CERTIFICATES = {"SSL_CERT_FILE": Path.is_file, "SSL_CERT_DIR": Path.is_dir}
NAMES = {*PROXIES, "NO_PROXY", *CERTIFICATES}


@contextmanager
def clean_network_variables(*, only_direct: bool) -> Iterator[None]:
    """While a client is built, hide what httpx cannot use or should not.

    Args:
        only_direct: The client talks to a Dev Server, which no proxy can reach: hide every
            variable.

    Raises:
        ConfigurationError: A proxy or a file of certificates cannot be used; the message names the
            variable.
    """
    found = {name: value for name, value in os.environ.items() if name.upper() in NAMES and value}
    changed = dict.fromkeys(found) if only_direct else _correct(found)
    try:
        _set(changed)
        yield
    finally:
        _set({name: found[name] for name in changed})


def _correct(found: dict[str, str]) -> dict[str, str | None]:
    """What has to be set instead: of NO_PROXY, the parts that httpx can read."""
    changed: dict[str, str | None] = {}
    for name, value in found.items():
        if name.upper() == "NO_PROXY":
            readable = [part for part in value.split(",") if _is_readable(part.strip())]
            changed[name] = ",".join(readable)
        elif name.upper() in PROXIES:
            _check_proxy(name, value)
        elif not CERTIFICATES[name.upper()](Path(value)):
            raise ConfigurationError(f"{name}={value} does not exist: correct it, or remove it.")
    return changed


def _is_readable(host: str) -> bool:
    """Whether httpx makes a pattern of it: addresses in brackets and networks of IPv6 it cannot
    parse.
    """
    try:
        httpx.URL(host if "://" in host else f"all://*{host}")
    except httpx.InvalidURL:
        return ":" in host and "[" not in host and "/" not in host
    return True


def _check_proxy(name: str, value: str) -> None:
    url = value if "://" in value else f"http://{value}"
    try:
        httpx.Client(proxy=url).close()
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        advice = "install httpx[socks]" if isinstance(error, ImportError) else "correct it"
        scheme = url.partition("://")[0]
        raise ConfigurationError(
            f"{name} is no proxy that can be used ({scheme}://...): {advice}, or remove it."
        ) from None


def _set(variables: dict[str, str | None] | dict[str, str]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
