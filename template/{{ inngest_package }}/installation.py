"""Puts the Inngest endpoint into a FastAPI app."""

import logging
from collections.abc import Awaitable, Callable, Sequence

import inngest.fast_api
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from .client import OFF, inngest_client
from .discovery import Function, discover_functions
from .guards import Guard
from .settings import SERVE_PATH, Settings, find_misspelt_variables, get_settings

logger = logging.getLogger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]


def install_inngest(app: FastAPI, packages: Sequence[str] = ()) -> list[Function]:
    """Serve every function of the package `functions`, and of others, at /api/inngest.

    The route stands before the app's own: no catch-all, no mount at `/` and no dependency of the
    whole app gets in its way. It is not in the API docs. With no mode set, it answers 404 and the
    app is as it was.

    Args:
        app: The app; its other routes may be added before or after.
        packages: Dotted names of further packages in which functions are defined.

    Returns:
        The functions that are served.

    Raises:
        ConfigurationError: A setting or a function is wrong; the message says what to write.
    """
    settings = get_settings()
    functions = [] if settings.mode == "off" else discover_functions(*packages)
    route = APIRoute(
        SERVE_PATH,
        _answer_off if settings.mode == "off" else _create_endpoint(settings, functions),
        methods=["GET", "POST", "PUT"],
        include_in_schema=False,
        # For programs that walk over an app's routes: some expect both.
        summary="What Inngest calls",
        tags=["inngest"],
    )
    app.router.routes[:0] = [route]
    app.state.inngest_functions = functions
    _log_start(settings, functions)
    return functions


def _create_endpoint(settings: Settings, functions: list[Function]) -> Endpoint:
    handlers = _create_handlers(settings, functions)
    guard = _create_guard(settings)

    async def inngest_endpoint(request: Request) -> Response:
        if guard:
            await guard.check(request)
        return await handlers[request.method](_with_prefix(request))

    return inngest_endpoint


def _create_handlers(settings: Settings, functions: list[Function]) -> dict[str, Endpoint]:
    """The SDK's own handlers, by HTTP method; it knows only how to put them on something like an
    app.
    """
    router = APIRouter()
    inngest.fast_api.serve(
        router,  # type: ignore[arg-type] # a router has all that serve() uses
        inngest_client,
        functions,
        serve_origin=settings.inngest_serve_origin,
        public_path=settings.inngest_serve_path,
        # An unsigned sync would register the app at whatever address its Host header names: runs
        # would go there.
        enable_unauthed_sync=not settings.is_production,
    )
    return {
        method: route.endpoint
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def _create_guard(settings: Settings) -> Guard | None:
    """None in development, where nobody signs."""
    if not settings.is_production:
        return None
    secrets = (settings.inngest_signing_key, settings.inngest_signing_key_fallback)
    keys = tuple(secret.get_secret_value() for secret in secrets if secret)
    return Guard(keys, settings.inngest_signature_window)


def _with_prefix(request: Request) -> Request:
    """The request with the whole public path, from which the SDK takes the address that it
    registers.

    Behind a proxy that takes a prefix away, FastAPI knows the prefix as `root_path`.
    """
    prefix = request.scope.get("root_path", "").strip("/")
    path = request.scope["path"].lstrip("/")
    if prefix:
        path = path.removeprefix(f"{prefix}/")  # some servers put it in front, others do not
        path = f"{prefix}/{path.lstrip('/')}"
    if f"/{path}" == request.scope["path"]:
        return request
    whole = Request({**request.scope, "path": f"/{path}"}, request.receive)
    if hasattr(request, "_body"):
        whole._body = request._body
    return whole


async def _answer_off(request: Request) -> Response:
    return JSONResponse({"detail": OFF}, status_code=404)


def _log_start(settings: Settings, functions: list[Function]) -> None:
    for problem in find_misspelt_variables():
        logger.warning(problem)
    if settings.mode == "off":
        logger.warning(OFF)
        return
    logger.info(
        "Inngest app %r in %s mode: %d functions at %s, API %s, events to %s",
        settings.inngest_app_id,
        settings.mode,
        len(functions),
        SERVE_PATH,
        settings.api_origin,
        settings.event_api_origin,
    )
    if not functions:
        logger.warning(
            "No Inngest functions: add a module to the package %s.functions", __package__
        )
