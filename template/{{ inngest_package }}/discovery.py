"""Finds the Inngest functions of packages, so that no list of them has to be kept."""

import importlib
import inspect
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import inngest
from pydantic import BaseModel

from .client import Definition, inngest_client
from .errors import ConfigurationError
from .handlers import find_handler_mistake, place_of

Function = inngest.Function[Any]

OWN_PACKAGE = f"{__package__}.functions"


def discover_functions(*packages: str) -> list[Function]:
    """Import every module of packages and collect the functions that they define, by path.

    A function counts however it is bound: by a decorator, in a list, by a factory. Modules and
    packages whose name starts with an underscore or a dot are left out.

    Args:
        packages: Dotted names of importable packages or modules; the package `functions` beside
            this module comes first, and need not be given.

    Raises:
        ConfigurationError: A module cannot be imported, a function is not this client's or cannot
            be called, two functions share an id, or an option is not valid (the server would refuse
            the whole app for it).
    """
    # All are imported first: a function counts for each module that was at work.
    modules = [
        _import(name)
        for package in dict.fromkeys((OWN_PACKAGE, *packages))
        for name in _find_modules(package)
    ]
    found: dict[Function, Definition] = {}
    for module in modules:
        _refuse_strangers(module)
        definitions = _definitions_of(module)
        if not definitions:
            _refuse_empty(module)
        for definition in definitions:
            found.setdefault(definition.function, definition)
    for definition in found.values():
        _check(definition)
    _check_ids(list(found.values()))
    return list(found)


def _find_modules(package: str) -> Iterator[str]:
    """The module and every `.py` file below it, also in a folder without an `__init__.py`."""
    module = _import(package)
    yield package
    for folder in map(Path, getattr(module, "__path__", [])):
        for path in sorted(folder.rglob("*.py")):
            *parents, name = path.relative_to(folder).with_suffix("").parts
            names = parents if name == "__init__" else [*parents, name]
            if names and not any(part.startswith(("_", ".")) for part in names):
                yield ".".join([package, *names])


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ConfigurationError:
        raise
    except Exception as error:
        place = find_place(error) or name
        words = error.msg if isinstance(error, SyntaxError) else error  # that names the place, too
        raise ConfigurationError(f"{place}: {type(error).__name__}: {words}") from error


def _definitions_of(module: ModuleType) -> list[Definition]:
    return [
        definition
        for definition in inngest_client.definitions
        if module.__name__ in definition.modules
    ]


def _refuse_strangers(module: ModuleType) -> None:
    """Refuse a module that defines a function with another client: it would never run, silently."""
    ours = [definition.function for definition in inngest_client.definitions]
    for name, value in vars(module).items():
        if not isinstance(value, inngest.Function) or value in ours:
            continue
        # One that is imported belongs to another app, and may be called by `step.invoke`.
        if getattr(value._handler, "__module__", None) == module.__name__:
            raise ConfigurationError(
                f"{_display(module.__file__)}: {name} was created with another client: create it "
                f"with `inngest_client` of {__package__}, imported under this very name."
            )


def _refuse_empty(module: ModuleType) -> None:
    """A file of the package `functions` defines a function, or it is one that was not found."""
    is_file = not hasattr(module, "__path__")
    if is_file and module.__name__.startswith(f"{OWN_PACKAGE}."):
        raise ConfigurationError(
            f"{_display(module.__file__)} defines no Inngest function: decorate one with "
            "@inngest_client.create_function, or start the file's name with an underscore "
            "if it is a helper."
        )


def _check(definition: Definition) -> None:
    function = definition.function
    path, line = place_of(definition.handler)
    place = f"{_display(path)}, line {line}"
    for handler in (definition.handler, function._opts.on_failure):
        mistake = find_handler_mistake(handler) if handler else None
        if mistake:
            raise ConfigurationError(f"{place}: {mistake}.")
    if definition.output_type is None and _returns_model(definition):
        raise ConfigurationError(
            f"{place}: fn_id={function.local_id!r} returns a model, which is no JSON: "
            "give its class as output_type, or return .model_dump(mode='json')."
        )
    # Build what a sync would send: the SDK checks durations only then, and answers a failed sync
    # with 200.
    config = function.get_config("http://127.0.0.1").main.to_dict()
    if isinstance(config, Exception):
        raise ConfigurationError(
            f"{_display(path)}: fn_id={function.local_id!r} has an invalid option: {config}"
        )


def _returns_model(definition: Definition) -> bool:
    annotation = inspect.get_annotations(inspect.unwrap(definition.handler)).get("return")
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _check_ids(definitions: list[Definition]) -> None:
    owners: dict[str, Definition] = {}
    for definition in definitions:
        for id in _taken_ids(definition.function):
            owner = owners.setdefault(id, definition)
            if owner is not definition:
                first, _ = place_of(owner.handler)
                second, _ = place_of(definition.handler)
                raise ConfigurationError(
                    f"{_display(first)} and {_display(second)} both define fn_id={id!r}: "
                    "rename one of them."
                )


def _taken_ids(function: Function) -> list[str]:
    """Its own and, where it has one, that under which the SDK registers its `on_failure`."""
    failure = [f"{function.local_id}-failure"] if function.on_failure_fn_id else []
    return [function.local_id, *failure]


def find_place(error: BaseException) -> str | None:
    """File and line of the mistake: in the syntax, or the innermost of the project's own."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_display(error.filename)}, line {error.lineno}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_own(frame.filename):
            return f"{_display(frame.filename)}, line {frame.lineno}"
    return None


def _is_own(file: str) -> bool:
    """Whether a file is the project's, and not Python's, a library's or this module."""
    paths = sysconfig.get_paths()
    others = [Path(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    path = Path(file)
    is_library = any(path.is_relative_to(other) for other in others)
    return path.is_absolute() and not is_library and path != Path(__file__)


def _display(file: str | None) -> str:
    path = Path(file or "")
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else str(path)
