"""The project that these devtools stand in: its folders, its app, its settings.

The app itself is never imported.
"""

import importlib
import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from inngest_devtools.errors import DevtoolsError
from inngest_devtools.words import t

FOLDER = Path(__file__).resolve().parents[2]  # tools/inngest-devtools
PROJECT_ROOT = FOLDER.parents[1]  # where every process here runs
PROJECT_FILE = FOLDER / "project.toml"
STATE = PROJECT_ROOT / ".inngest"  # what runs and what it says; git sees none of it

SERVE_PATH = "/api/inngest"  # as the Inngest package has it

_set_by_us: set[str] = set()  # variables that nobody else has set

MODE_NAMES = ("INNGEST_DEV", "INNGEST_IS_PRODUCTION", "INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY")


@dataclass(frozen=True)
class Project:
    """What `project.toml` says.

    Args:
        root: The project's folder; every path here is below it, and every process starts in it.
        app: uvicorn's target, as in "server.main:app".
        package: The Inngest package's folder, as in "src/core/inngest".
        module: The name by which the app imports that package, as in "core.inngest".
        port: Where the app listens, unless PORT says otherwise.
        answers_file: What `copier update` reads the answers from.
        language: What the tools speak to people: "en" or "zh".
    """

    root: Path
    app: str
    package: str
    module: str
    port: int
    answers_file: str = ".copier-answers.yml"
    language: str = "en"

    @property
    def package_folder(self) -> Path:
        return self.root / self.package

    @property
    def is_new(self) -> bool:
        """Whether the whole project came from the template, and not Inngest alone."""
        return self.module == "core.inngest"

    @property
    def import_root(self) -> Path:
        """The folder from which the app's modules are imported."""
        return self.package_folder.parents[self.module.count(".")]


@lru_cache
def get_project() -> Project:
    """The project around this package.

    Raises:
        DevtoolsError: `project.toml` is missing or not what the template writes.
    """
    try:
        values = tomllib.loads(PROJECT_FILE.read_text("utf-8"))
        return Project(
            root=PROJECT_ROOT,
            app=values["app"],
            package=values["package"],
            module=values["module"],
            port=values["port"],
            answers_file=values.get("answers_file", ".copier-answers.yml"),
            language=values.get("language", "en"),
        )
    except FileNotFoundError:
        problem = "is missing"
    except KeyError as error:
        problem = f"names no {error.args[0]}"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problem = f"cannot be read: {error}"
    raise DevtoolsError(f"{PROJECT_FILE} {problem}: restore it with `git checkout`.")


def command(words: str) -> str:
    """What to type here for a command of ours: "start" is `uv run dev-server start` in a new
    project, and by the launcher, which knows every package manager, in one that stands.
    """
    if not get_project().is_new:
        launcher = r"bin\inngest\run.cmd" if sys.platform == "win32" else "./bin/inngest/run.sh"
        return f"{launcher} {words}"
    name = words.split()[0]
    if name == "dev":
        return f"uv run {words}"
    return (
        f"uv run inngest-dev {words}" if name in ("send", "new") else f"uv run dev-server {words}"
    )


def load_package_module(name: str) -> Any:
    """A module of the Inngest package, such as "settings", without the package's own `__init__` and
    so without the app.

    The package is loaded under a name of its own, so that neither FastAPI nor the SDK is imported
    for it.
    """
    alias = "_inngest_package"
    if alias not in sys.modules:
        package = ModuleType(alias)
        package.__path__ = [str(get_project().package_folder)]
        sys.modules[alias] = package
    return importlib.import_module(f"{alias}.{name}")


def read_variable(name: str) -> str | None:
    """A variable of the environment or else of the project's `.env`; blank is unset.

    Raises:
        DevtoolsError: `.env` cannot be read.
    """
    return os.environ.get(name) or _read_env_file().get(name) or None


def _read_env_file() -> dict[str, str | None]:
    settings = load_package_module("settings")
    if settings.ENV_FILE is None:
        return {}
    with readable_errors():
        text = settings.read_env_file(settings.ENV_FILE)
    from dotenv import dotenv_values  # `inngest-dev adopt` runs without any package

    return dotenv_values(stream=StringIO(text))


def read_app_port() -> int:
    """Where the app listens: PORT, else the port that the project was made with.

    Raises:
        DevtoolsError: PORT is no port.
    """
    text = read_variable("PORT")
    if text is None:
        return get_project().port
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise DevtoolsError(t("PORT={text} is no port: choose one from 1 to 65535.", text=text))
    return int(text)


def read_inngest_settings() -> Any:
    """The Inngest package's settings, as the app will read them.

    Raises:
        DevtoolsError: One of them is wrong, in the words that the app would use.
    """
    with readable_errors():
        return load_package_module("settings").get_settings()


@contextmanager
def readable_errors() -> Iterator[None]:
    """Let the Inngest package's own error pass as one of ours, which a command prints as a line."""
    configuration_error = load_package_module("errors").ConfigurationError
    try:
        yield
    except configuration_error as error:
        raise DevtoolsError(str(error)) from None


def set_dev_mode() -> None:
    """Set INNGEST_DEV=1, here and for what we start, where nothing names a mode or a key."""
    if not any(read_variable(name) for name in MODE_NAMES):
        os.environ["INNGEST_DEV"] = "1"
        _set_by_us.add("INNGEST_DEV")


def read_settings_afresh() -> None:
    """Forget what `.env` and the rest said until now."""
    for name in _set_by_us:
        os.environ.pop(name, None)
    _set_by_us.clear()
    load_package_module("settings").get_settings.cache_clear()
    set_dev_mode()


def read_env_path() -> Path | None:
    """The project's `.env`, there or not; None where INNGEST_ENV_FILE says that there is none."""
    path: Path | None = load_package_module("settings").ENV_FILE
    return path
