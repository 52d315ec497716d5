"""The project that these devtools stand in: its folders, its app, its settings. The app itself is never imported."""

import importlib
import sys
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from inngest_devtools.errors import DevtoolsError

FOLDER = Path(__file__).resolve().parents[2]  # tools/inngest-devtools
PROJECT_FILE = FOLDER / "project.toml"


@dataclass(frozen=True)
class Project:
    """What `project.toml` says.

    Args:
        root: The project's folder; every path here is below it, and every process starts in it.
        app: uvicorn's target, as in "server.main:app".
        package: The Inngest package's folder, as in "src/core/inngest".
        port: Where the app listens, unless PORT says otherwise.
    """

    root: Path
    app: str
    package: str
    port: int

    @property
    def package_folder(self) -> Path:
        return self.root / self.package

    @property
    def package_name(self) -> str:
        """The name by which the app imports the Inngest package, as in "core.inngest"."""
        return ".".join(PurePosixPath(self.package).parts[self._root_depth() :])

    @property
    def import_root(self) -> Path:
        """The folder from which the app's modules are imported."""
        return self.root.joinpath(*PurePosixPath(self.package).parts[: self._root_depth()])

    def _root_depth(self) -> int:
        """How many folders of the package's path are above the import root.

        `src/app/inngest_app` is `app.inngest_app` to an app `app.main:app`, and `src.app.inngest_app` to an app
        `src.app.main:app`: the target's first name decides. Where it is no folder on that path, `src` is a root.
        """
        parts = PurePosixPath(self.package).parts
        first = self.app.partition(":")[0].partition(".")[0]
        if first in parts[:-1]:
            return parts.index(first)
        return 1 if parts[0] == "src" else 0


@lru_cache
def get_project() -> Project:
    """The project around this package.

    Raises:
        DevtoolsError: `project.toml` is missing or not what the template writes.
    """
    try:
        values = tomllib.loads(PROJECT_FILE.read_text("utf-8"))
        return Project(
            root=FOLDER.parents[1],
            app=values["app"],
            package=values["package"],
            port=values["port"],
        )
    except FileNotFoundError:
        problem = "is missing"
    except KeyError as error:
        problem = f"names no {error.args[0]}"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = f"cannot be read: {error}"
    raise DevtoolsError(f"{PROJECT_FILE} {problem}: restore it with `git checkout`.")


def load_package_module(name: str) -> Any:
    """A module of the Inngest package, such as "settings", without the package's own `__init__` and so without the app.

    The package is loaded under a name of its own, so that neither FastAPI nor the SDK is imported for it.
    """
    alias = "_inngest_package"
    if alias not in sys.modules:
        package = ModuleType(alias)
        package.__path__ = [str(get_project().package_folder)]
        sys.modules[alias] = package
    return importlib.import_module(f"{alias}.{name}")
