"""The Inngest package stands alone: anywhere in an app, under any name, on every FastAPI that it
supports.
"""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from inngest_devtools import project

import core.inngest
from core.inngest import settings
from tests.conftest import Run

PACKAGE = Path(core.inngest.__file__).parent
SCRIPT = Path(__file__).with_name("relocated_app.py")

# The package's own requirements, as README and INNGEST.md give them.
OLDEST = ["fastapi==0.110.*", "httpx", "inngest==0.5.19", "pydantic-settings", "python-dotenv"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with nothing but the package, at x/y/inngest_app."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "x" / "y" / "inngest_app", ignore=ignore)
    return tmp_path


def check(output: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    assert "example-function" in result["functions"]
    assert result["served"] >= len(result["functions"])
    assert (result["status"], result["output"]["message"]) == (200, "Hi")
    assert result["foreign"] == []
    return result


@pytest.mark.parametrize(
    ("root", "name"), [(".", "x.y.inngest_app"), ("x", "y.inngest_app"), ("x/y", "inngest_app")]
)
def test_serve_from_any_place(run: Run, folder: Path, root: str, name: str) -> None:
    env = {"PYTHONPATH": str(folder / root), "INNGEST_DEV": "1"}

    result = run(sys.executable, SCRIPT, name, cwd=folder, env=env)

    check(result.stdout)


@pytest.mark.slow
def test_serve_on_the_oldest_fastapi(run: Run, folder: Path) -> None:
    env = {"PYTHONPATH": str(folder), "INNGEST_DEV": "1"}
    packages = [part for requirement in OLDEST for part in ("--with", requirement)]
    command = ("uv", "run", "--quiet", "--no-project", "--python", sys.executable, *packages)

    result = run(*command, "python", SCRIPT, "x.y.inngest_app", cwd=folder, env=env)

    assert check(result.stdout)["fastapi"].startswith("0.110.")


def test_import_nothing_of_the_app_around_it() -> None:
    texts = {path.name: path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}

    absolute = r"^\s*(?:from|import) (?:core|server|inngest_devtools)\b"
    assert [name for name, text in texts.items() if re.search(absolute, text, re.MULTILINE)] == []


def test_agree_with_the_devtools_on_the_path() -> None:
    assert project.SERVE_PATH == settings.SERVE_PATH
