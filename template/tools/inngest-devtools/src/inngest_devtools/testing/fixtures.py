"""What the plugin's fixtures are made of; every pytest session loads the plugin alone."""

import importlib
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import cache, wraps
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import pytest
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.project import get_project
from inngest_devtools.testing.real_server import RealServer
from inngest_devtools.testing.stand_in import StandIn
from inngest_devtools.words import t


class OverrideSettings(Protocol):
    """Give the app other settings until the test ends: `override_settings(log_level="DEBUG")`.

    None takes a setting away. What was made of the settings before, as the Inngest client, keeps
    the old ones; what calls `get_settings()` gets the new.
    """

    def __call__(self, **values: object) -> None: ...


class CountCalls(Protocol):
    """Count how often a module's functions run: `calls = count_calls(module, "fetch", "save")`."""

    def __call__(self, module: ModuleType, *names: str) -> Counter[str]: ...


def make_server(*, real: bool) -> StandIn | RealServer:
    """The server of this session: not started, but its origin is known."""
    return RealServer(_find_cli()) if real else StandIn()


def _find_cli() -> Path:
    from inngest_devtools.dev_server.inngest_cli import find_cli

    path = find_cli()
    if path is None:
        raise DevtoolsError(t("There is no Inngest CLI: run `inngest-dev install` first."))
    return path


def add_import_root() -> None:
    """Let the app be imported by the names that it has when it runs."""
    import_root = str(get_project().import_root)
    if import_root not in sys.path:
        sys.path.insert(0, import_root)


@cache
def load_app() -> Any:
    """The project's app, by its target: `module:name`, or `module:factory()`."""
    target = get_project().app
    add_import_root()
    module_name, _, attribute = target.partition(":")
    app: Any = importlib.import_module(module_name)
    for name in attribute.removesuffix("()").split("."):
        app = getattr(app, name)
    return app() if attribute.endswith("()") else app


def make_count_calls(monkeypatch: pytest.MonkeyPatch) -> CountCalls:
    """A `CountCalls` whose patches end with the test."""
    calls: Counter[str] = Counter()

    def count(module: ModuleType, *names: str) -> Counter[str]:
        for name in names:
            monkeypatch.setattr(module, name, _counted(getattr(module, name), name, calls))
        return calls

    return count


def _counted(
    function: Callable[..., Awaitable[Any]], name: str, calls: Counter[str]
) -> Callable[..., Awaitable[Any]]:
    @wraps(function)
    async def counted(*args: Any) -> Any:
        calls[name] += 1
        return await function(*args)

    return counted


def make_override_settings(patch: pytest.MonkeyPatch) -> OverrideSettings:
    """An `OverrideSettings` by environment variables, which win over all else."""

    def override(**values: object) -> None:
        classes = [type(get_settings()) for get_settings in _find_settings_functions()]
        for name, value in values.items():
            settings = next((each for each in classes if name in each.model_fields), None)
            if settings is None:
                known = sorted(field for each in classes for field in each.model_fields)
                problem = t(
                    "No setting is called {name}: there are {known}.",
                    name=name,
                    known=", ".join(known),
                )
                raise TypeError(problem)
            variable = (settings.model_config.get("env_prefix", "") + name).upper()
            if value is None:
                patch.delenv(variable, raising=False)
            else:
                patch.setenv(variable, value if isinstance(value, str) else json.dumps(value))
        forget_settings()
        for get_settings in _find_settings_functions():
            get_settings()  # a wrong value is an error here, not where the app asks

    return override


def forget_settings() -> None:
    """Let `get_settings()` read the settings anew."""
    for get_settings in _find_settings_functions():
        get_settings.cache_clear()


def _find_settings_functions() -> set[Any]:
    """The `get_settings` of the app's modules that keep their result."""
    found = {getattr(module, "get_settings", None) for module in list(sys.modules.values())}
    return {function for function in found if hasattr(function, "cache_clear")}
