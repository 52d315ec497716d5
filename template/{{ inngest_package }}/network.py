"""HTTP clients for Inngest: httpx, inside of the SDK's too, takes proxies and certificates from
variables of the environment while a client is built, and fails on what it cannot read there.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path

import httpx

from .errors import ConfigurationError

# In capitals here; httpx reads proxies in small letters, too.
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
CERTIFICATES = {"SSL_CERT_FILE": Path.is_file, "SSL_CERT_DIR": Path.is_dir}
NAMES = {*PROXIES, "NO_PROXY", *CERTIFICATES}

# Once each is enough: it takes 25 ms, in which nothing else is served.
get_tls_context = lru_cache(httpx.create_ssl_context)


def create_http_client(origin: str, *, timeout: float, only_direct: bool) -> httpx.AsyncClient:
    """A client for Inngest at an origin.

    Args:
        timeout: Seconds for one answer.
        only_direct: See `clean_network_variables`.
    """
    tls_context = get_tls_context(trust_env=not only_direct)
    create = partial(httpx.AsyncClient, base_url=origin, timeout=timeout, verify=tls_context)
    if only_direct:
        return create(trust_env=False)
    with clean_network_variables(only_direct=False):
        return create()


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
    except OSError as error:  # of certificates that are none, or a log of keys in no folder
        names = [name for name in (*CERTIFICATES, "SSLKEYLOGFILE") if os.environ.get(name)]
        raise ConfigurationError(
            f"{' or '.join(names)} cannot be used ({error}): correct it, or remove it."
        ) from None
    finally:
        _set({name: found[name] for name in changed})


def _correct(found: dict[str, str]) -> dict[str, str | None]:
    """What has to be set instead: of NO_PROXY, the parts that httpx can read."""
    changed: dict[str, str | None] = {}
    for name, value in found.items():
        if name.upper() == "NO_PROXY":
            readable = [part for part in value.split(",") if _is_readable(part.strip())]
            if readable != value.split(","):
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


@lru_cache
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
