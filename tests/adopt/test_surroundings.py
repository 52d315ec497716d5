"""A word where one is needed, and none where not."""

import shutil
import subprocess

import pytest
from inngest_devtools.adopt.findings import Finding
from inngest_devtools.adopt.sources import read_sources
from inngest_devtools.adopt.surroundings import check_surroundings

from tests.adopt.conftest import Workspace

MIDDLEWARE = """from starlette.middleware.base import BaseHTTPMiddleware
class Audit(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        await request.body()
"""
SETTINGS = """from pydantic_settings import BaseSettings, SettingsConfigDict
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env"{extra})
"""


def check(workspace: Workspace, files: dict[str, str]) -> list[Finding]:
    workspace.write({"app/__init__.py": "", **files})
    return check_surroundings(workspace.project(), read_sources(workspace.project()))


WORDS = {
    "coverage": ({"pyproject.toml": "[tool.coverage.run]\n"}, "pyproject.toml measures coverage"),
    "black": ({"pyproject.toml": "[tool.black]\n"}, "black would read"),
    "flake8": ({".flake8": "[flake8]\n"}, "flake8 would read"),
    "mypy": ({"mypy.ini": "[mypy]\n"}, "mypy would read"),
    "an audit": ({"app/audit.py": MIDDLEWARE}, "app/audit.py:2: Audit reads requests"),
    "hosts": (
        {"app/main.py": "app.add_middleware(TrustedHostMiddleware, allowed_hosts=['x'])\n"},
        "app/main.py:1: TrustedHostMiddleware",
    ),
    "strict settings": (
        {"app/settings.py": SETTINGS.format(extra="")},
        "app/settings.py:2: Settings forbids unknown lines in its .env",
    ),
    "strict settings whose file is computed": (
        {"app/settings.py": SETTINGS.format(extra="").replace('".env"', "ENV_FILE")},
        "app/settings.py:2: Settings forbids unknown lines in its .env",
    ),
    "an old image": (
        {"Dockerfile": "FROM python:3.10-slim\nCOPY . .\n"},
        "Dockerfile runs Python 3.10",
    ),
    "files one by one": (
        {"docker/Dockerfile": "FROM python:3.12\nCOPY pyproject.toml ./\nCOPY src /src\n"},
        "docker/Dockerfile copies files one by one",
    ),
}


@pytest.mark.parametrize(("files", "word"), WORDS.values(), ids=WORDS)
def test_say_a_word(workspace: Workspace, files: dict[str, str], word: str) -> None:
    (found,) = check(workspace, files)

    assert found.detail.startswith(word)
    assert found.fix


SILENT = {
    "mypy that names its files": {"pyproject.toml": "[tool.mypy]\npackages = ['app']\n"},
    "settings of another file": {
        "app/settings.py": SETTINGS.format(extra="").replace('".env"', '("prod.env", "dev.env")')
    },
    "an image that installs a release": {"Dockerfile": "FROM python:3.12\nCOPY x.conf /etc/x\n"},
    "nothing": {},
    "ruff alone": {"pyproject.toml": "[tool.ruff]\n"},
    "black that knows us": {"pyproject.toml": "[tool.black]\nextend-exclude = 'inngest_app'\n"},
    "open settings": {"app/settings.py": SETTINGS.format(extra=", extra='ignore'")},
    "a middleware without bodies": {"app/x.py": MIDDLEWARE.replace("await request.body()", "pass")},
    "the whole project": {"Dockerfile": "FROM python:3.12\nCOPY --chown=a:a . /app\n"},
    "the package": {"Dockerfile": "FROM python:3.12\nCOPY pyproject.toml ./\nCOPY ./app /app\n"},
    "a monorepo's image": {"Dockerfile": "FROM python:3.12\nCOPY ./backend/app /app\n"},
    "a frontend's image": {"web/Dockerfile": "FROM node:20\nCOPY package.json ./\n"},
    "a devcontainer": {".devcontainer/Dockerfile": "FROM python:3.10\nCOPY x x\n"},
}


@pytest.mark.parametrize("files", SILENT.values(), ids=SILENT)
def test_say_nothing(workspace: Workspace, files: dict[str, str]) -> None:
    assert check(workspace, files) == []


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_name_what_git_would_not_take(workspace: Workspace) -> None:
    workspace.write({".gitignore": "bin/\n"})
    subprocess.run(["git", "init", "--quiet"], cwd=workspace.root, check=True)

    (found,) = check(workspace, {"bin/inngest/inngest.config.json": "{}"})

    assert found.status == "fail"
    assert found.detail.startswith("git ignores bin/inngest/inngest.config.json")
