"""A folder that the adoption's functions take for a project."""

from pathlib import Path

import pytest
from inngest_devtools.project import Project


class Workspace:
    """Files below a temporary folder, and the project that they make."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())

    def project(self, app: str = "app.main:app", package: str = "app", module: str = "") -> Project:
        folder = "inngest_app" if package == "." else f"{package}/inngest_app"
        module = module or folder.removeprefix("src/").replace("/", ".")
        return Project(root=self.root, app=app, package=folder, module=module, port=8000)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)
