"""The FastAPI app: `uv run uvicorn server.main:app`."""

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError

from core.config import get_settings
from core.inngest import install_inngest
from core.inngest.settings import get_settings as get_inngest_settings
from server.bounds import MAX_BODY_SIZE, explain_invalid_request, refuse_invalid_json
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
        # Without it there are no docs either.
        openapi_url=None if is_production else "/openapi.json",
        max_body_size=MAX_BODY_SIZE,
        dependencies=[Depends(refuse_invalid_json)],
        exception_handlers={RequestValidationError: explain_invalid_request},
    )
    install_inngest(app)
    for router in find_routers(inngest_settings.mode):
        app.include_router(router)
    return app


app = create_app()
