"""The files of a project together: what a name that is imported stands for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from inngest_devtools.migrate import files
from inngest_devtools.migrate.source import Source, bound_at, dotted_name, walk
from libcst.metadata import BaseAssignment, ImportAssignment, Scope

MOST_HOPS = 12  # of a name that is handed on from module to module


@dataclass(frozen=True)
class Target:
    """What a name stands for.

    `kind` is sdk (`name` is `inngest.X`), module, function, class, value (assigned; `node` is the
    name that is assigned to), parameter, or unknown (imported from outside of the project).
    """

    kind: str
    name: str
    source: Source | None = None
    node: cst.CSTNode | None = None


class Project:
    """The Python files below a folder. They are read when they are asked for.

    Args:
        root: The folder.
        paths: Its Python files.
    """

    def __init__(self, root: Path, paths: Iterable[Path]) -> None:
        self.root = root
        self.paths = sorted(set(paths))
        self._known = set(self.paths)
        self._by_stem: dict[str, list[Path]] = {}
        for path in self.paths:
            stem = path.parent.name if path.name == "__init__.py" else path.stem
            self._by_stem.setdefault(stem, []).append(path)
        self._sources: dict[Path, Source | None] = {}
        self._texts: dict[Path, str | None] = {}

    def text(self, path: Path) -> str | None:
        """The text of a file; None if it cannot be read."""
        if path not in self._texts:
            try:
                self._texts[path] = files.read(path).text
            except files.CannotRead:
                self._texts[path] = None
        return self._texts[path]

    def source(self, path: Path) -> Source | None:
        """A file, parsed; None if it cannot be."""
        if path not in self._sources:
            text = self.text(path)
            try:
                self._sources[path] = None if text is None else Source(path, text)
            except (cst.ParserSyntaxError, RecursionError):
                self._sources[path] = None
        return self._sources[path]

    def mentioning(self, word: str) -> Iterator[Source]:
        """The files whose text has a word in it."""
        for path in self.paths:
            if word in (self.text(path) or ""):
                source = self.source(path)
                if source is not None:
                    yield source

    # Names

    def resolve(self, source: Source, node: cst.CSTNode) -> list[Target]:
        """What a name, an attribute of a module or `Class.method` stands for."""
        dotted = dotted_name(node)
        return self.resolve_name(source, dotted, source.scope(node)) if dotted else []

    def resolve_name(
        self, source: Source, dotted: str, scope: Scope, hops: int = MOST_HOPS
    ) -> list[Target]:
        if hops == 0:
            return []
        first, _, rest = dotted.partition(".")
        found: list[Target] = []
        imported = source.imported_as(dotted, scope)
        for name in sorted(imported):
            found += self._resolve_import(source, name, hops - 1)
        for each in source.assignments(first, scope):
            node = bound_at(each)
            if node is not None and not isinstance(each, ImportAssignment):
                found += self._within(_target(source, first, node), rest, hops - 1)
        if not found and scope is source.top:
            found = self._resolve_star(source, dotted, hops - 1)
        return found

    def modules_of(self, source: Source, node: cst.ImportFrom) -> list[Source]:
        """The module that a `from ... import` reads, if it is one of the project's."""
        name = "." * len(node.relative) + (dotted_name(node.module) or "")
        found = self._resolve_import(source, name, MOST_HOPS)
        return [target.source for target in found if target.kind == "module" and target.source]

    def _resolve_import(self, source: Source, name: str, hops: int) -> list[Target]:
        if name == "inngest" or name.startswith("inngest."):
            return [Target("sdk", name)]
        base: Path | None = None
        if name.startswith("."):
            level = len(name) - len(name.lstrip("."))
            base = source.path.parent
            for _ in range(level - 1):
                base = base.parent
            name = name.lstrip(".")
            if not name:
                module = self.source(base / "__init__.py") if self._holds(base) else None
                return [Target("module", base.name, module)] if module else []
        parts = name.split(".")
        for length in range(len(parts), 0, -1):
            path = self._find(parts[:length], source.path, base)
            module = self.source(path) if path else None
            if module is None:
                continue
            rest = parts[length:]
            if not rest:
                package = self._package_of(module, source)
                if package is not None and package.own(package.top, parts[-1]):
                    # A name of the package hides its module of that name.
                    found = self.resolve_name(package, parts[-1], package.top, hops)
                    if found:
                        return found
                return [Target("module", name, module)]
            return self.resolve_name(module, ".".join(rest), module.top, hops)
        around = self.source(base / "__init__.py") if base and self._holds(base) else None
        if around is not None and around is not source:
            return self.resolve_name(around, name, around.top, hops)
        return [Target("unknown", name)]

    def _holds(self, folder: Path) -> bool:
        """Whether a folder is a package of the project."""
        return folder / "__init__.py" in self._known

    def _package_of(self, module: Source, importer: Source) -> Source | None:
        """The package that holds a module, unless that is what imports it."""
        is_package = module.path.name == "__init__.py"
        folder = module.path.parent.parent if is_package else module.path.parent
        path = folder / "__init__.py"
        return self.source(path) if path in self._known and path != importer.path else None

    def _resolve_star(self, source: Source, dotted: str, hops: int) -> list[Target]:
        for each in source.imports:
            if isinstance(each, cst.ImportFrom) and isinstance(each.names, cst.ImportStar):
                module = "." * len(each.relative) + (dotted_name(each.module) or "")
                joiner = "" if module.endswith(".") else "."
                found = self._resolve_import(source, f"{module}{joiner}{dotted}", hops)
                if any(target.kind != "unknown" for target in found):
                    return found
        return []

    def _within(self, target: Target, rest: str, hops: int) -> list[Target]:
        """What `target.rest` is: a method of a class, or of the class that a value is made of."""
        if not rest:
            return [target]
        owner = target
        if target.kind == "value" and target.source and target.node:
            value = assigned_value(target.source, target.node)
            if not isinstance(value, cst.Call):
                return []
            made = [t for t in self.resolve(target.source, value.func) if t.kind == "class"]
            if not made:
                return []
            owner = made[0]
        if owner.kind == "class" and owner.source and isinstance(owner.node, cst.ClassDef):
            method = find_method(owner.node, rest)
            if method is not None:
                return [Target("function", rest, owner.source, method)]
        return []

    def find_module(self, name: str, importer: Path) -> Path | None:
        """The file of a module, named as the imports of a file name it."""
        bare = name.lstrip(".")
        level = len(name) - len(bare)
        folder = importer.parents[level - 1] if level else None
        if not bare:
            return folder / "__init__.py" if folder and self._holds(folder) else None
        return self._find(bare.split("."), importer, folder)

    def _find(self, parts: list[str], importer: Path, base: Path | None) -> Path | None:
        candidates = []
        for path in self._by_stem.get(parts[-1], []):
            folder = path.parent.parent if path.name == "__init__.py" else path.parent
            root = folder
            fits = True
            for part in reversed(parts[:-1]):
                fits = fits and root.name == part
                root = root.parent
            if fits and (base is None or root == base):
                candidates.append((root, path))
        above = [(root, path) for root, path in candidates if root in importer.parents]
        best = max(above, key=lambda pair: len(pair[0].parts), default=None)
        if best is None and len(candidates) == 1:
            best = candidates[0]
        return best[1] if best else None

    def module_name(self, source: Source) -> str:
        """The name that other modules would import a file by, from the folder of the imports."""
        parts = list(source.path.with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        root = len(self.root.parts)
        names = parts[root:]
        return ".".join(names[1:] if names[:1] == ["src"] else names)


def _target(source: Source, name: str, node: cst.CSTNode) -> Target:
    if isinstance(node, cst.FunctionDef):
        return Target("function", name, source, node)
    if isinstance(node, cst.ClassDef):
        return Target("class", name, source, node)
    if isinstance(node, cst.Param) or isinstance(source.parent(node), cst.Param):
        param = node if isinstance(node, cst.Param) else source.parent(node)
        return Target("parameter", name, source, param)
    return Target("value", name, source, node)


def assigned_value(source: Source, node: cst.CSTNode) -> cst.BaseExpression | None:
    """What is assigned to a name, where that is plain: `x = ...`, `x: T = ...`, `(x := ...)`."""
    parent = source.parent(node)
    if isinstance(parent, cst.AssignTarget):
        assign = source.parent(parent)
        return assign.value if isinstance(assign, cst.Assign) else None
    if isinstance(parent, cst.AnnAssign | cst.NamedExpr):
        return parent.value
    return None


def value_of(source: Source, assignment: BaseAssignment) -> cst.BaseExpression | None:
    """What a name is given where it is bound, if that is a plain assignment."""
    node = bound_at(assignment)
    return assigned_value(source, node) if isinstance(node, cst.Name) else None


def annotation_of(source: Source, node: cst.CSTNode) -> cst.Annotation | None:
    if isinstance(node, cst.Param):
        return node.annotation
    parent = source.parent(node)
    return parent.annotation if isinstance(parent, cst.AnnAssign) else None


def find_method(owner: cst.ClassDef, name: str) -> cst.FunctionDef | None:
    for each in owner.body.body:
        if isinstance(each, cst.FunctionDef) and each.name.value == name:
            return each
    return None


def returned_values(function: cst.FunctionDef) -> Iterator[cst.BaseExpression]:
    """What a function returns; not what functions inside of it return."""
    todo: list[cst.CSTNode] = list(function.body.children)
    while todo:
        node = todo.pop()
        if isinstance(node, cst.FunctionDef | cst.Lambda | cst.ClassDef):
            continue
        if isinstance(node, cst.Return) and node.value is not None:
            yield node.value
        todo += node.children


def names_in(node: cst.CSTNode) -> Iterator[str]:
    for each in walk(node):
        if isinstance(each, cst.Name):
            yield each.value
