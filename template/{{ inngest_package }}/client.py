"""The Inngest client: sends events, and defines functions by `@inngest_client.create_function`."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import inngest
from pydantic import SecretStr

from .current_run import CurrentRunMiddleware
from .errors import ConfigurationError
from .network import clean_network_variables
from .settings import Settings, get_settings

OFF = (
    "Inngest is off, for nothing names a mode: start the app with `inngest-dev dev`, or set "
    "INNGEST_DEV=1 in development, INNGEST_EVENT_KEY and INNGEST_SIGNING_KEY in production."
)


@dataclass(frozen=True)
class Definition:
    """A function, and what defined it.

    Args:
        function: What `create_function` returned.
        handler: What it was given.
        modules: Names of all modules that were at work then: the one that defines it, and a
            factory's.
        output_type: The option of that name, if it was given.
    """

    function: inngest.Function[Any]
    handler: Callable[..., Any]
    modules: frozenset[str]
    output_type: object = None


class InngestClient(inngest.Inngest):
    """The SDK's client, which also remembers its functions and, in mode off, sends nothing."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__(**options)
        self.definitions: list[Definition] = []
        self._is_off = settings.mode == "off"

    if not TYPE_CHECKING:  # to a type checker these have the SDK's own signatures

        def create_function(self, **options):
            decorate = super().create_function(**options)

            def define(handler):
                function = decorate(handler)
                modules = frozenset(_modules_at_work())
                definition = Definition(function, handler, modules, options.get("output_type"))
                self.definitions.append(definition)
                return function

            return define

        async def send(self, *args, **options):
            self._refuse_if_off()
            return await super().send(*args, **options)

        def send_sync(self, *args, **options):
            self._refuse_if_off()
            return super().send_sync(*args, **options)

    def _refuse_if_off(self) -> None:
        if self._is_off:
            raise ConfigurationError(OFF)


def _modules_at_work() -> Iterator[str]:
    """Names of the modules whose code is being run, from the one that defines a function up."""
    frame = sys._getframe(2)
    while frame:
        yield frame.f_globals.get("__name__", "")
        frame = frame.f_back  # type: ignore[assignment]


def create_client(settings: Settings) -> InngestClient:
    """A client with every setting as an argument: the SDK reads `os.environ`, never `.env`.

    Raises:
        ConfigurationError: The environment has a proxy or certificates that cannot be used.
    """
    if settings.inngest_signing_key_fallback:
        # The one setting that the SDK takes from the environment alone.
        os.environ["INNGEST_SIGNING_KEY_FALLBACK"] = _reveal(settings.inngest_signing_key_fallback)
    with clean_network_variables(only_direct=not settings.is_production):
        return InngestClient(
            settings,
            app_id=settings.inngest_app_id,
            api_base_url=settings.api_origin,
            event_api_base_url=settings.event_api_origin,
            env=settings.inngest_env,
            event_key=_reveal(settings.inngest_event_key) or None,
            signing_key=_reveal(settings.inngest_signing_key) or None,
            is_production=settings.is_production,
            logger=logging.getLogger("inngest"),
            middleware=[CurrentRunMiddleware],
            serializer=inngest.PydanticSerializer(),  # steps may return what their output_type says
        )


def _reveal(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


inngest_client = create_client(get_settings())
