"""What the project asks of its packages, and the newest version that this lets in."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Version = tuple[int, ...]
NO_LIMIT: Version = (10**6,)

REQUIREMENT = re.compile(
    r"^\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?(?P<spec>[^;#@)]*)"
)


@dataclass(frozen=True)
class Constraint:
    """One line about one package.

    Args:
        name: In small letters, with hyphens.
        spec: As it is written there: "==2.10.5", "^1.9", ">=3.10,<4.0".
        place: File, and line where there is one.
        is_main: Whether the app itself needs it, and not its developers alone.
    """

    name: str
    spec: str
    place: str
    is_main: bool = True

    @property
    def newest(self) -> Version:
        """The first version that it shuts out; of a pin, the one after it."""
        return min(_strip_zeros(_limit(part.strip())) for part in self.spec.split(","))

    @property
    def oldest(self) -> Version:
        """The oldest version that it lets in."""
        return max(_floor(part.strip()) for part in self.spec.split(","))

    def admits(self, floor: str) -> bool:
        """Whether it lets a version in that is as new as `floor`, or newer."""
        return self.newest > _strip_zeros(parse_version(floor))


def parse_version(text: str) -> Version:
    """The numbers at the start of a version: "2.11.0rc1" is (2, 11, 0)."""
    match = re.match(r"\s*v?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _strip_zeros(version: Version) -> Version:
    """So that 2.0 is no later than 2."""
    while version and version[-1] == 0:
        version = version[:-1]
    return version


def _limit(part: str) -> Version:
    """The first version above what one part of a specification lets in."""
    match = re.match(r"(===?|~=|<=?|\^|~|>=?|!=)?\s*(.*)", part)
    if not match or not match[2] or match[2].strip() == "*":
        return NO_LIMIT
    operator, version = match[1] or "==", parse_version(match[2])
    if not version or operator in (">", ">=", "!="):
        return NO_LIMIT
    if operator == "<":
        return version
    if operator == "^":
        return _next_breaking(version)
    if operator == "~=":
        return _raise_last(version[:-1]) if len(version) > 1 else NO_LIMIT
    if operator == "~":
        return _raise_last(version[:2])
    if operator in ("==", "===") and match[2].strip().endswith("*"):
        return _raise_last(version)
    return (*version, 1)


def _next_breaking(version: Version) -> Version:
    """Poetry's caret: the first number that is not 0 may not change."""
    for index, number in enumerate(version):
        if number or index == len(version) - 1:
            return _raise_last(version[: index + 1])
    return NO_LIMIT


def _raise_last(version: Version) -> Version:
    return (*version[:-1], version[-1] + 1)


def _floor(part: str) -> Version:
    match = re.match(r"(===?|~=|\^|~|>=?)?\s*(\d.*)", part)
    return parse_version(match[2]) if match else ()


def read_constraints(root: Path) -> list[Constraint]:
    """All that pyproject.toml and the requirements files say; Python itself is "python"."""
    found = list(_read_pyproject(root / "pyproject.toml"))
    for path in find_requirements(root):
        found += _read_requirements(path, root)
    return found


def find_requirements(root: Path) -> list[Path]:
    """Requirements files, the app's own first."""
    paths = [root / "requirements.in", root / "requirements.txt"]
    folder = root / "requirements"
    paths += [folder / f"{name}.txt" for name in ("base", "main", "common", "prod", "production")]
    paths += sorted(root.glob("requirements*.txt")) + sorted(root.glob("*-requirements.txt"))
    paths += sorted(folder.glob("*.txt")) + sorted(root.glob("requirements-*.in"))
    return [path for path in dict.fromkeys(paths) if path.is_file()]


def read_pyproject(root: Path) -> dict[str, Any]:
    """Its content; nothing where there is none, or none that can be read."""
    try:
        return tomllib.loads((root / "pyproject.toml").read_text("utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}


def _read_requirements(path: Path, root: Path) -> Iterator[Constraint]:
    place = path.relative_to(root).as_posix()
    is_main = not re.search(r"dev|test|lint|doc", path.name)
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith(("#", "-")):
            yield from _parse(line, f"{place}:{number}", is_main)


def _parse(text: str, place: str, is_main: bool) -> Iterator[Constraint]:
    match = REQUIREMENT.match(text)
    if match:
        yield Constraint(_normal(match["name"]), match["spec"].strip(), place, is_main)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _read_pyproject(path: Path) -> Iterator[Constraint]:
    content = read_pyproject(path.parent)
    project = content.get("project", {})
    if project.get("requires-python"):
        yield Constraint("python", project["requires-python"], path.name)
    for text in project.get("dependencies", []):
        yield from _parse(text, path.name, True)
    groups = [*project.get("optional-dependencies", {}).values()]
    groups += content.get("dependency-groups", {}).values()
    groups += content.get("tool", {}).get("pdm", {}).get("dev-dependencies", {}).values()
    groups.append(content.get("tool", {}).get("uv", {}).get("dev-dependencies", []))
    for group in groups:
        for text in group:
            if isinstance(text, str):
                yield from _parse(text, path.name, False)
    yield from _read_poetry(content.get("tool", {}).get("poetry", {}), path.name)


def _read_poetry(poetry: dict[str, Any], place: str) -> Iterator[Constraint]:
    tables = [(poetry.get("dependencies", {}), True), (poetry.get("dev-dependencies", {}), False)]
    tables += [(one.get("dependencies", {}), False) for one in poetry.get("group", {}).values()]
    for table, is_main in tables:
        for name, value in table.items():
            spec = value.get("version", "") if isinstance(value, dict) else value
            if isinstance(spec, str):
                yield Constraint(_normal(name), spec.strip(), place, is_main)
