"""The project's own Python files, read and never imported."""

import ast
import os
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from inngest_devtools.project import Project

# What is not the app's code, whether git knows it or not.
SKIPPED = {"tests", "test", "node_modules", "site-packages", "migrations", "alembic", "docs"}
SKIPPED |= {".git", ".venv", "venv", "env", "build", "dist", "__pycache__", ".tox", ".nox"}


@dataclass(frozen=True)
class Source:
    """A Python file that could be parsed.

    Args:
        path: From the project's root, with slashes: "app/main.py".
        module: Its dotted name, seen from the import root: "app.main".
    """

    path: str
    module: str
    text: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def imported_packages(self) -> set[str]:
        """First parts of the names of what the file imports: {"httpx", "celery"}."""
        names = set()
        for node in self.nodes:
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
        return names

    @cached_property
    def imported_names(self) -> dict[str, tuple[str, str]]:
        """What imported names mean, as module and name: {"charge": ("shop.payments", "charge")}."""
        names: dict[str, tuple[str, str]] = {}
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom):
                module = self._absolute(node)
                for alias in node.names:
                    names[alias.asname or alias.name] = (module, alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    names[alias.asname or alias.name] = ("", alias.name)
        return names

    @property
    def is_package(self) -> bool:
        return self.path.rpartition("/")[2] == "__init__.py"

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.module.split(".")
        base = parts[: len(parts) - node.level + self.is_package]
        return ".".join([*base, *([node.module] if node.module else [])])


def read_sources(project: Project) -> list[Source]:
    """Every file of the app, without tests, migrations and what the template brought."""
    sources = []
    for path in find_python_files(project):
        source = read_source(project, path)
        if source:
            sources.append(source)
    return sources


def find_python_files(project: Project) -> list[Path]:
    own = [project.package_folder, project.root / "tools" / "inngest-devtools"]
    own.append(project.root / "inngest_tests")
    return sorted(
        path
        for path in list_files(project.root)
        if path.suffix == ".py"
        and not any(path.is_relative_to(folder) for folder in own)
        and not _is_skipped(path.relative_to(project.root))
    )


def read_source(project: Project, path: Path) -> Source | None:
    """None for a file that Python itself could not read."""
    try:
        with tokenize.open(path) as file:
            text = file.read()
        tree = ast.parse(text)
    except (OSError, SyntaxError, UnicodeDecodeError, ValueError):
        return None
    return Source(path.relative_to(project.root).as_posix(), _module_of(project, path), text, tree)


def _is_skipped(path: Path) -> bool:
    name = path.name
    is_test = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
    return is_test or bool(SKIPPED & {part.lower() for part in path.parts})


def _module_of(project: Project, path: Path) -> str:
    root = project.import_root
    base = root if path.is_relative_to(root) else project.root
    parts = list(path.relative_to(base).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def list_files(root: Path) -> Iterator[Path]:
    """What git has or would take; without git, every file below."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        yield from _walk(root)
        return
    for name in listed.decode("utf-8", "surrogateescape").split("\0"):
        path = root / name
        if name and path.is_file():
            yield path


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in files:
            yield Path(folder, name)
