"""Finds the Inngest functions of a package, so that no list of them has to be kept."""

import importlib
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import inngest

from core.errors import StartupError

Function = inngest.Function[Any]


def discover_functions(package_name: str) -> list[Function]:
    """Import every module below a package and collect the functions that they define, in the order of their paths.

    Modules and packages whose name starts with an underscore are helpers and are left out.

    Args:
        package_name: Dotted name of an importable package.

    Raises:
        StartupError: A module cannot be imported or defines no function, two functions share an id, or a function's
            configuration is not valid (the server would refuse the whole app for it).
    """
    owners: dict[str, tuple[Function, str]] = {}
    for name in _find_modules(package_name):
        module = _import(name)
        path = _display_path(module.__file__)
        functions = [value for value in vars(module).values() if isinstance(value, inngest.Function)]
        if not functions and not hasattr(module, "__path__"):  # a package may be there for its modules alone
            raise StartupError(
                f"{path} defines no Inngest function: decorate one with @inngest_client.create_function, "
                "or start the file's name with an underscore if it is a helper."
            )
        for function in functions:
            for id in _taken_ids(function):
                owner, owner_path = owners.setdefault(id, (function, path))
                if owner is not function:
                    raise StartupError(f"{owner_path} and {path} both define fn_id={id!r}: rename one of them.")
            _check_config(function, path)
    return list(dict.fromkeys(function for function, _ in owners.values()))


def _taken_ids(function: Function) -> list[str]:
    """Its own and, where it has one, that under which the SDK registers its `on_failure`."""
    return [function.local_id, *([f"{function.local_id}-failure"] if function.on_failure_fn_id else [])]


def _find_modules(package_name: str) -> Iterator[str]:
    """Every `.py` file counts, also below a folder without an `__init__.py`."""
    for folder in map(Path, importlib.import_module(package_name).__path__):
        for path in sorted(folder.rglob("*.py")):
            *packages, module = path.relative_to(folder).with_suffix("").parts
            names = packages if module == "__init__" else [*packages, module]
            if names and not any(name.startswith("_") for name in names):
                yield ".".join([package_name, *names])


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise StartupError(f"{_place(error, name)}: {type(error).__name__}: {error}") from error


def _place(error: Exception, module_name: str) -> str:
    """File and line to look at: where the syntax is wrong, or the innermost line of the module that failed."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_display_path(error.filename)}, line {error.lineno}"
    file_name = f"{module_name.rpartition('.')[2]}.py"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == file_name]
    return f"{_display_path(frames[-1].filename)}, line {frames[-1].lineno}" if frames else module_name


def _check_config(function: Function, path: str) -> None:
    """Build what a sync would send: the SDK checks durations only then, and answers a failed sync with 200."""
    problem = function.get_config("http://127.0.0.1").main.to_dict()
    if isinstance(problem, Exception):
        raise StartupError(f"{path}: fn_id={function.local_id!r} has an invalid option: {problem}")


def _display_path(file: str | None) -> str:
    path = Path(file or "")
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else str(path)
