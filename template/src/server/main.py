"""The FastAPI app: `uv run uvicorn server.main:app`."""

from fastapi import FastAPI

from core.config import get_settings
from core.inngest import install_inngest
from core.inngest.settings import get_settings as get_inngest_settings
from server.logs import configure_logging
from server.routes import find_routers


def create_app() -> FastAPI:
    """The app with its routes and every Inngest function of `core.inngest.functions`."""
    settings = get_settings()
    inngest_settings = get_inngest_settings()
    is_production = inngest_settings.is_production
    configure_logging(settings.log_level, as_json=is_production)
    app = FastAPI(
        title=inngest_settings.inngest_app_id,
        openapi_url=None
        if is_production
        else "/openapi.json",  # without it there are no docs either
    )
    install_inngest(app)
    for router in find_routers(inngest_settings.mode):
        app.include_router(router)
    return app


app = create_app()
