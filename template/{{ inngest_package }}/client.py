"""The Inngest client: sends events, and defines functions by `@inngest_client.create_function`."""

import logging
import os

import inngest
from pydantic import SecretStr

from core.config import Settings, get_settings
from core.inngest.current_run import CurrentRunMiddleware


def create_client(settings: Settings) -> inngest.Inngest:
    """A client with every setting as an argument: the SDK reads `os.environ`, never `.env`."""
    if settings.inngest_signing_key_fallback:
        # The one setting that the SDK takes from the environment alone.
        os.environ["INNGEST_SIGNING_KEY_FALLBACK"] = settings.inngest_signing_key_fallback.get_secret_value()
    if not settings.is_production:
        _keep_proxies_out()
    return inngest.Inngest(
        app_id=settings.inngest_app_id,
        api_base_url=settings.api_origin,
        event_api_base_url=settings.event_api_origin,
        env=settings.inngest_env,
        event_key=_reveal(settings.inngest_event_key),
        signing_key=_reveal(settings.inngest_signing_key),
        is_production=settings.is_production,
        logger=logging.getLogger("inngest"),
        middleware=[CurrentRunMiddleware],
    )


def _keep_proxies_out() -> None:
    """A proxy cannot reach the Dev Server of this machine; the SDK would ask it all the same."""
    if any(os.environ.get(name) for proxy in ("HTTP_PROXY", "ALL_PROXY") for name in (proxy, proxy.lower())):
        direct = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
        os.environ["no_proxy"] = ",".join(filter(None, [direct, "127.0.0.1", "localhost"]))


def _reveal(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


inngest_client = create_client(get_settings())
