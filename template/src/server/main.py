"""The FastAPI app: `uv run uvicorn server.main:app`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import inngest.fast_api
from fastapi import APIRouter, Depends, FastAPI

from core.config import Settings, get_settings
from core.inngest.client import inngest_client
from core.inngest.functions import FUNCTIONS
from server.logs import configure_logging
from server.routes import dev_routers, routers
from server.security import MAX_BODY_SIZE, SignatureAge

logger = logging.getLogger(__name__)

SERVE_PATH = "/api/inngest"


def create_app() -> FastAPI:
    """The app with its routes and every Inngest function of `core.inngest.functions`."""
    settings = get_settings()
    configure_logging(as_json=settings.is_production)
    app = FastAPI(
        title=settings.inngest_app_id,
        lifespan=_log_setup,
        openapi_url=None if settings.is_production else "/openapi.json",  # without it there is no page of docs either
    )
    app.include_router(_inngest_router(settings), include_in_schema=False)  # first, as nothing is called more often
    for router in routers if settings.is_production else routers + dev_routers:
        app.include_router(router)
    return app


def _inngest_router(settings: Settings) -> APIRouter:
    router = _guarded_router(settings) if settings.is_production else APIRouter()
    inngest.fast_api.serve(
        cast("FastAPI", router),  # a router has all that serve() uses, and can be left out of the API docs
        inngest_client,
        FUNCTIONS,
        serve_origin=settings.inngest_serve_origin,
        serve_path=SERVE_PATH,
        # An unsigned sync would register the app at whatever address its Host header names: runs would go there.
        enable_unauthed_sync=not settings.is_production,
    )
    return router


def _guarded_router(settings: Settings) -> APIRouter:
    signature_age = SignatureAge(settings.inngest_signature_window)
    return APIRouter(max_body_size=MAX_BODY_SIZE, dependencies=[Depends(signature_age)])


@asynccontextmanager
async def _log_setup(_: FastAPI) -> AsyncIterator[None]:
    settings = get_settings()
    logger.info(
        "Inngest app %r in %s mode: %d functions at %s, API %s, events to %s",
        settings.inngest_app_id,
        "production" if settings.is_production else "dev",
        len(FUNCTIONS),
        SERVE_PATH,
        settings.api_origin,
        settings.event_api_origin,
    )
    if not FUNCTIONS:
        logger.warning("No Inngest functions: add a module to src/core/inngest/functions")
    yield


app = create_app()
