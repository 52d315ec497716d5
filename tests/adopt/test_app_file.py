"""The two lines, and nothing else."""

import difflib

import pytest
from inngest_devtools.adopt.app_file import (
    apply_insertion,
    check_app_file,
    find_insertion_or_none,
    read_text,
    write_text,
)
from inngest_devtools.adopt.sources import read_sources
from inngest_devtools.project import Project

from tests.adopt.conftest import Workspace

IMPORT = "from app.inngest_app import install_inngest"


def added(workspace: Workspace, source: str, project: Project | None = None) -> list[str]:
    """Lines added to app/main.py, each with the line above it."""
    workspace.write({"app/main.py": source})
    return added_to(workspace, "app/main.py", project or workspace.project())


def added_to(workspace: Workspace, path: str, project: Project) -> list[str]:
    insertion = find_insertion_or_none(project, read_sources(project))
    assert insertion, check_app_file(project, read_sources(project))
    assert insertion.path == workspace.root / path
    before = insertion.path.read_bytes()
    text, after = apply_insertion(insertion)
    assert text == read_text(insertion.path)
    write_text(insertion.path, after)
    assert insertion.path.read_bytes() != before
    delta = list(difflib.ndiff(text.splitlines(), after.splitlines()))
    assert not [line for line in delta if line.startswith("-")]
    lines = after.splitlines()
    new = [index for index, line in enumerate(lines) if "install_inngest" in line]
    return [f"{lines[index - 1] if index else ''}|{lines[index]}" for index in new]


def test_write_lines_below_imports_and_last_use_of_app(workspace: Workspace) -> None:
    source = '''"""The app."""

import os

from fastapi import FastAPI

from app.api import router
from app.settings import settings

app = FastAPI()
app.include_router(router)


@app.get("/")
def index(): ...


if __name__ == "__main__":
    run(app)
'''
    assert added(workspace, source) == [
        f"from app.api import router|{IMPORT}",
        "app.include_router(router)|install_inngest(app)",
    ]


def test_write_relative_import_where_file_has_such(workspace: Workspace) -> None:
    source = "from .api import router\nfrom .setup import create\n\napp = create(router)\n"

    assert added(workspace, source) == [
        "from .api import router|from .inngest_app import install_inngest",
        "app = create(router)|install_inngest(app)",
    ]


def test_write_relative_import_from_module_below(workspace: Workspace) -> None:
    workspace.write({"app/web/main.py": "from ..api import router\n\napp = make(router)\n"})

    lines = added_to(workspace, "app/web/main.py", workspace.project("app.web.main:app"))

    assert lines[0] == "from ..api import router|from ..inngest_app import install_inngest"


def test_write_into_factory_above_its_return(workspace: Workspace) -> None:
    source = """from fastapi import FastAPI


def create_app() -> FastAPI:
    api = FastAPI()

    @api.get("/")
    def index():
        return {}

    return api
"""
    project = workspace.project("app.main:create_app()")

    assert added(workspace, source, project) == [
        f"from fastapi import FastAPI|{IMPORT}",
        "|    install_inngest(api)",
    ]


def test_follow_name_to_the_file_that_makes_the_app(workspace: Workspace) -> None:
    workspace.write(
        {
            "app/main.py": "from app.api import application as app\n",
            "app/api.py": "from fastapi import FastAPI\napplication = FastAPI()\n",
        }
    )

    assert added_to(workspace, "app/api.py", workspace.project()) == [
        f"from fastapi import FastAPI|{IMPORT}",
        "application = FastAPI()|install_inngest(application)",
    ]


def test_write_into_package_that_makes_the_app(workspace: Workspace) -> None:
    workspace.write({"app/__init__.py": "from fastapi import FastAPI\napp = FastAPI()\n"})

    lines = added_to(workspace, "app/__init__.py", workspace.project("app:app"))

    assert lines[1] == "app = FastAPI()|install_inngest(app)"


@pytest.mark.parametrize(
    "source",
    [
        "from fastapi import FastAPI\r\napp = FastAPI(\r\n    title='x',\r\n)\r\n",
        "\ufefffrom fastapi import FastAPI\napp = FastAPI()\n",
        "# -*- coding: utf-8 -*-\nfrom fastapi import FastAPI\napp = FastAPI(title='über')",
        "from fastapi import FastAPI\napp: FastAPI = FastAPI()  # mine\n\n\n\n",
        "from fastapi import FastAPI\n\x0c\napp = FastAPI()\n",
        "from fastapi import FastAPI\ntext = '''\u2028\x85\x1c'''\napp = FastAPI()\n",
        "import fastapi\nif True:\n    app = fastapi.FastAPI()\nelse:\n    app = None\n",
    ],
)
def test_keep_every_other_byte(workspace: Workspace, source: str) -> None:
    workspace.write({"app/main.py": source})
    path = workspace.root / "app/main.py"

    lines = added(workspace, source)

    assert len(lines) == 2
    kept = [
        line
        for line in path.read_bytes().splitlines(keepends=True)
        if b"install_inngest" not in line
    ]
    assert path.read_text("utf-8-sig").rstrip().split("\n")[-1].strip() != "app = FastAPI()"
    assert b"".join(kept).rstrip(b"\n") == source.encode().rstrip(b"\n")
    assert (b"\r\n" in path.read_bytes()) == ("\r\n" in source)
    assert path.read_bytes().count(b"\r\n") in (0, path.read_bytes().count(b"\n"))


def test_find_lines_that_are_there(workspace: Workspace) -> None:
    workspace.write({"app/main.py": "from app.inngest_app import install_inngest\n"})
    workspace.write({"app/web.py": "import x\nx.install_inngest(app)\n"})
    project = workspace.project()

    assert check_app_file(project, read_sources(project)).status == "ok"
    assert find_insertion_or_none(project, read_sources(project)) is None


BY_HAND = {
    "no such module": ("app.web:app", "there is no module app.web"),
    "no such name": ("app.main:api", "app/main.py makes no api"),
    "a factory with two ends": ("app.main:create()", "does not end in a single `return app`"),
    "a package": ("tool.run:app", "there is no module tool.run"),
}


@pytest.mark.parametrize(("target", "reason"), BY_HAND.values(), ids=BY_HAND)
def test_say_why_lines_have_to_be_written_by_hand(
    workspace: Workspace, target: str, reason: str
) -> None:
    source = """from fastapi import FastAPI
app = FastAPI()
def create():
    if app:
        return app
    return FastAPI()
"""
    workspace.write({"app/main.py": source, "app/__init__.py": ""})
    project = workspace.project(target)

    found = check_app_file(project, read_sources(project))

    assert found.status == "fail"
    assert reason in found.detail
    assert "the answer `app` may have to be app.main:app" in found.detail
    assert "install_inngest(app)" in found.fix
    assert find_insertion_or_none(project, read_sources(project)) is None
