"""Small projects, each with a trait that real ones have: what stands before Inngest is added."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SmallProject:
    """Files by path, and the answers that add Inngest to them.

    Args:
        also: Another target by which the same app is served.
        python_path: Folders below which its modules are found, besides the root.
    """

    package: str
    app: str
    app_file: str
    files: dict[str, str]
    also: str = ""
    python_path: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


def write_test(target: str) -> str:
    """A test of theirs for an app that answers /ping."""
    module, _, name = target.partition(":")
    call = name.replace("()", "_made")
    made = f"{call} = {name}\n\n" if name.endswith("()") else ""
    return f"""from fastapi.testclient import TestClient

from {module} import {name.removesuffix("()")}

{made}
def test_ping():
    reply = TestClient({call}).get("/ping")

    assert reply.status_code == 200
    assert reply.json() == {{"ping": "pong"}}
"""


PING = """

@app.get("/ping", tags=["ping"])
def ping():
    return {"ping": "pong"}
"""

FLAT = SmallProject(
    package=".",
    app="main:app",
    app_file="main.py",
    files={
        "requirements.txt": "fastapi\nhttpx\n# the end",
        "main.py": """from fastapi import Depends, FastAPI, Header, HTTPException


def authorize(authorization: str = Header("")):
    if authorization != "Bearer x":
        raise HTTPException(401)


app = FastAPI(dependencies=[Depends(authorize)])


@app.get("/ping")
def ping():
    return {"ping": "pong"}
""",
        "test_main.py": """from fastapi.testclient import TestClient

from main import app


def test_ping():
    assert TestClient(app).get("/ping").status_code == 401
    reply = TestClient(app).get("/ping", headers={"authorization": "Bearer x"})
    assert reply.json() == {"ping": "pong"}
""",
    },
)

POETRY = SmallProject(
    package="shop",
    app="shop.main:app",
    app_file="shop/main.py",
    files={
        "pyproject.toml": """[tool.poetry]
name = "shop"
version = "1"
description = ""
authors = []

[tool.poetry.dependencies]
python = "^3.11"
fastapi = "^0.110"
pydantic = "^2.6"

[tool.pytest.ini_options]
addopts = "--strict-markers"
""",
        "poetry.lock": "",
        "shop/__init__.py": "",
        "shop/main.py": '''"""The shop."""

from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from shop.routes import router


def unique_id(route: APIRoute) -> str:
    return f"{route.tags[0]}-{route.name}"


@asynccontextmanager
async def lifespan(app):
    app.state.started = True
    yield


app = FastAPI(generate_unique_id_function=unique_id, root_path="/shop", lifespan=lifespan)

app.include_router(router)
assert all(route.operation_id is None for route in router.routes)
''',
        "shop/routes.py": f"from fastapi import APIRouter\n\napp = router = APIRouter()\n{PING}",
        "tests/__init__.py": "",
        "tests/test_shop.py": write_test("shop.main:app"),
    },
)

UV_SRC = SmallProject(
    package="src/shop",
    app="shop.main:create_app()",
    app_file="src/shop/main.py",
    python_path=("src",),
    files={
        "pyproject.toml": """[project]
name = "shop"
version = "1"
requires-python = ">=3.11"
dependencies = ["fastapi>=0.115"]

[tool.uv]
package = true

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["src"]
""",
        "src/shop/__init__.py": "",
        "src/shop/main.py": f'''from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware


def create_app() -> FastAPI:
    """The app."""
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
{PING.replace(chr(10), chr(10) + "    ").rstrip()}

    return app
''',
        "tests/test_shop.py": write_test("shop.main:create_app()"),
    },
)

HATCH_TWO_ROOTS = SmallProject(
    package="src/app",
    app="src.app.main:app",
    also="app.main:app",
    app_file="src/app/main.py",
    files={
        "pyproject.toml": """[project]
name = "app"
version = "1"
requires-python = ">=3.11"
dependencies = ["fastapi", "inngest>=0.5.19", "pydantic-settings"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.envs.default]
dependencies = ["pytest"]
""",
        "src/__init__.py": "",
        "src/app/__init__.py": "",
        "src/app/main.py": "from .setup import create\n\napp = create()\n",
        "src/app/setup.py": f"""from fastapi import FastAPI


def create():
    app = FastAPI()
{PING.replace(chr(10), chr(10) + "    ").rstrip()}

    return app
""",
        "tests/test_app.py": write_test("src.app.main:app"),
    },
)

APP_IN_INIT = SmallProject(
    package="app",
    app="app:app",
    app_file="app/__init__.py",
    files={
        "requirements.txt": "fastapi\r\ninngest>=0.5.19\r\npydantic-settings\r\n",
        "app/__init__.py": """from fastapi import FastAPI

from app.audit import AuditMiddleware


def create_app() -> FastAPI:
    app = FastAPI()
    app.add_middleware(AuditMiddleware)

    @app.get("/ping", summary="ping")
    def ping():
        return {"ping": "pong"}

    return app


app = create_app()
""".replace("\n", "\r\n"),
        "app/audit.py": '''from fastapi.routing import APIRoute
from starlette.middleware.base import BaseHTTPMiddleware


class AuditMiddleware(BaseHTTPMiddleware):
    """Names each call by the summary of its route, as one real project does."""

    async def dispatch(self, request, call_next):
        for route in request.app.routes:
            if isinstance(route, APIRoute) and route.path_regex.match(request.url.path):
                assert route.summary.strip() and list(route.tags) is not None
        await request.body()
        return await call_next(request)
''',
        "tests/test_app.py": write_test("app:app"),
    },
)

TOP_LEVEL_CORE = SmallProject(
    package="app",
    app="app.server:app",
    app_file="app/server.py",
    files={
        "requirements.txt": "fastapi\n",
        "core/__init__.py": "",
        "core/config.py": "NAME = 'theirs'\n",
        "server/__init__.py": "",
        "server/main.py": "NAME = 'theirs'\n",
        "app/__init__.py": "",
        "app/server.py": f"""from fastapi import FastAPI

from core.config import NAME
from server.main import NAME as SERVER

assert NAME == SERVER == "theirs"
app = FastAPI(title=NAME)
{PING}

if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app)
""",
        "tests/test_app.py": write_test("app.server:app"),
    },
)

MOUNTED_SPA = SmallProject(
    package="web",
    app="web.main:app",
    app_file="web/main.py",
    files={
        "requirements.txt": "fastapi\n",
        "web/main.py": """from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.applications import Starlette
from starlette.routing import Route


async def index(request: Request):
    return PlainTextResponse("the page")


app = FastAPI()


@app.get("/ping")
def ping():
    return {"ping": "pong"}


app.mount("/", Starlette(routes=[Route("/{path:path}", index, methods=["GET", "POST", "PUT"])]))
for route in app.routes:
    assert route.path.startswith("/") or route.path == ""
""",
        "tests/test_web.py": write_test("web.main:app")
        + """

def test_page():
    assert TestClient(app).get("/any/where").text == "the page"
""",
    },
)

STRICT_SETTINGS = SmallProject(
    package="app",
    app="app.main:app",
    app_file="app/main.py",
    files={
        "requirements.txt": "fastapi\npydantic-settings\n",
        ".env": "DATABASE_URL=sqlite://\nPORT=9000\n",
        "app/__init__.py": "",
        "app/settings.py": """from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env")

    database_url: str
    port: int


settings = Settings()
""",
        "app/main.py": f"""from fastapi import FastAPI

from .settings import settings

app = FastAPI(title=settings.database_url)
{PING}""",
        "tests/test_app.py": write_test("app.main:app"),
        "pytest.ini": "[pytest]\naddopts = --strict-config --strict-markers\npythonpath = .\n",
    },
)

SMALL_PROJECTS = {
    "flat": FLAT,
    "poetry": POETRY,
    "uv with src": UV_SRC,
    "hatch with two roots": HATCH_TWO_ROOTS,
    "app in __init__": APP_IN_INIT,
    "top-level core": TOP_LEVEL_CORE,
    "mounted SPA": MOUNTED_SPA,
    "strict settings": STRICT_SETTINGS,
}
