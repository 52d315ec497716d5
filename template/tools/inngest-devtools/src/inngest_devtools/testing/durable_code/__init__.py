"""Finds what the Inngest SDK punishes silently, in source code that it reads but does not import.

A *mistake* is wrong whatever was meant. A *hint* is right in some programs, and mostly not meant: a
test warns of it and passes.
"""

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from inngest_devtools.testing.durable_code.finding import Finding
from inngest_devtools.testing.durable_code.module import Module
from inngest_devtools.testing.durable_code.names import Function, Owner, own_calls, resolve
from inngest_devtools.testing.durable_code.replay_rules import check_replays
from inngest_devtools.testing.durable_code.step_rules import check_steps

FindModule = Callable[[str, Path], Path | None]
MOST_REEXPORTS = 5  # of a name that packages hand on from one to the next


class DurableCodeWarning(UserWarning):
    """A hint of the check of durable code."""


def find_mistakes(source: str | bytes, path: str) -> list[str]:
    """What to change in a module, one line each: `path:line: what is wrong: what to do`."""
    found = check_source(source, path)
    return [f"{path}:{each.line}: {each.message}" for each in found if not each.is_hint]


def check_source(source: str | bytes, path: str) -> list[Finding]:
    """The mistakes and hints in one module, by line."""
    module = Module(source, path)
    found = {
        finding
        for function in module.handler_code
        for finding in _check(function, module, is_replayed=function in module.replayed)
    }
    return sorted(found)


def check_file(path: Path, import_root: Path) -> list[str]:
    """The mistakes in a file, and in the helpers that its handlers call from other modules.

    Hints are warned of.

    Args:
        path: The file, below `import_root`.
        import_root: The folder from which the project's modules are imported.
    """
    find_module = partial(find_source, import_root=import_root)
    mistakes = []
    for file, finding in check_files([path], Path.read_bytes, find_module).findings:
        if finding.is_hint:
            warnings.warn_explicit(finding.message, DurableCodeWarning, str(file), finding.line)
        else:
            shown = file.relative_to(import_root).as_posix()
            mistakes.append(f"{shown}:{finding.line}: {finding.message}")
    return mistakes


@dataclass(frozen=True)
class Report:
    """What is in some files.

    `stepless` are the lines and names of handlers without a step, which a retry repeats as a whole.
    """

    findings: list[tuple[Path, Finding]]
    stepless: list[tuple[Path, int, str]]


def check_files(
    paths: Iterable[Path],
    read: Callable[[Path], str | bytes],
    find_module: FindModule,
    handlers: Mapping[Path, Collection[str]] | None = None,
) -> Report:
    """What is in some files, and in the helpers that their handlers call from other modules.

    Args:
        paths: The files.
        read: The source of a file.
        find_module: The file of a module, named as the imports of the second argument name it.
        handlers: Names of functions that are known to be handlers, by file.
    """
    return _Checker(read, find_module, handlers or {}).check(paths)


def find_source(module: str, importer: Path, import_root: Path) -> Path | None:
    """The file of a module of the project, named as the imports of `importer` name it."""
    name = module.lstrip(".")
    level = len(module) - len(name)
    folder = importer.parents[level - 1] if level else import_root
    path = folder.joinpath(*name.split(".")) if name else folder
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((each for each in candidates if module and each.is_file()), None)


@dataclass(frozen=True)
class _Helper:
    """A function of another module, and whether there are steps around its call."""

    path: Path
    name: str
    is_replayed: bool


class _Checker:
    def __init__(
        self,
        read: Callable[[Path], str | bytes],
        find_module: FindModule,
        handlers: Mapping[Path, Collection[str]],
    ) -> None:
        self._read = read
        self._find_module = find_module
        self._handlers = handlers
        self._modules: dict[Path, Module | None] = {}
        self._found: set[tuple[Path, Finding]] = set()

    def check(self, paths: Iterable[Path]) -> Report:
        todo: list[_Helper] = []
        stepless: list[tuple[Path, int, str]] = []
        for path in paths:
            module = self._module(path)
            if module is not None:
                todo += self._check_code(path, module, module.handler_code, module.replayed)
                stepless += [(path, each.lineno, each.name) for each in module.stepless_handlers]
        seen: set[_Helper] = set()
        while todo:
            helper = todo.pop()
            module = self._module(helper.path)
            if helper in seen or module is None:
                continue
            seen.add(helper)
            code = module.find_named(helper.name)
            replayed = code if helper.is_replayed else set()
            todo += self._check_code(helper.path, module, code, replayed)
        return Report(sorted(self._found), sorted(stepless))

    def _module(self, path: Path) -> Module | None:
        """None if it does not parse: other tools say so."""
        if path not in self._modules:
            try:
                module = Module(self._read(path), path.name, self._handlers.get(path, ()))
            except (SyntaxError, ValueError, RecursionError):
                module = None
            self._modules[path] = module
        return self._modules[path]

    def _check_code(
        self, path: Path, module: Module, code: Iterable[Owner], replayed: Collection[Owner]
    ) -> Iterator[_Helper]:
        for function in code:
            is_replayed = function in replayed
            found = _check(function, module, is_replayed=is_replayed)
            self._found |= {(path, finding) for finding in found}
            scope = module.scopes[function]
            for call in own_calls(function):
                helper = self._find_function(resolve(call.func, scope), path)
                if helper is not None:
                    yield _Helper(*helper, is_replayed)

    def _find_function(
        self, name: str, importer: Path, hops: int = MOST_REEXPORTS
    ) -> tuple[Path, str] | None:
        """Where the function is that a module knows by a dotted name, if another one defines it."""
        bare = name.lstrip(".")
        dots = name[: len(name) - len(bare)]
        module_name, _, function = bare.rpartition(".")
        path = self._find_module(dots + module_name, importer) if hops else None
        module = self._module(path) if path is not None and path != importer else None
        if path is None or module is None:
            return None
        meaning = module.scopes[module.tree].get(function)
        if isinstance(meaning, Function):
            return path, function
        if isinstance(meaning, str):
            return self._find_function(meaning, path, hops - 1)
        return None


def _check(function: Owner, module: Module, *, is_replayed: bool) -> Iterator[Finding]:
    yield from check_replays(function, module, is_replayed=is_replayed)
    yield from check_steps(function, module)
