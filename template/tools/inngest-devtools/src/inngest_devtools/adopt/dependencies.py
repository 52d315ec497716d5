"""The packages: what to type for this project's manager, and which pins are in the way."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inngest_devtools.adopt.constraints import (
    Constraint,
    find_requirements,
    parse_version,
    read_constraints,
    read_pyproject,
)
from inngest_devtools.adopt.findings import Finding
from inngest_devtools.adopt.sources import Source
from inngest_devtools.project import FOLDER, Project
from inngest_devtools.words import t

# What the app needs at run time; the rest comes with these two.
PACKAGES = {"inngest": "inngest>=0.5.19,<0.6", "pydantic-settings": "pydantic-settings>=2.4"}

# The oldest versions that these two, and the Inngest package, work with.
FLOORS = {
    "fastapi": "0.110",
    "httpx": "0.26",
    "inngest": "0.5.19",
    "pydantic": "2.11",
    "pydantic-settings": "2.4",
    "python-dotenv": "1.0",
    "typing-extensions": "4.13",
}
PYTHON = "3.11"
EDITABLE = "./tools/inngest-devtools"


@dataclass(frozen=True)
class Manager:
    """How a project gets its packages.

    Args:
        add: What adds packages to the project, up to their names.
        dev: What makes `inngest-dev` run, once; empty where nothing has to be done.
        run: What stands before `inngest-dev`.
    """

    name: str
    add: str
    dev: str
    run: str


def find_manager(root: Path) -> Manager:
    """By its lock file, in the folder or in a workspace around it; else by its settings."""
    tools = read_pyproject(root).get("tool", {})
    workspace = _find_repository(root)
    folders = [root, *(one for one in root.parents if one.is_relative_to(workspace))]
    if any((folder / "uv.lock").is_file() for folder in folders) or "uv" in tools:
        return Manager("uv", "uv add", "", f"uv run --with-editable {EDITABLE} ")
    if (root / "poetry.lock").is_file() or "poetry" in tools:
        dev = f"poetry add --group dev --editable {EDITABLE}"
        return Manager("poetry", "poetry add", dev, "poetry run ")
    if (root / "pdm.lock").is_file() or "pdm" in tools:
        dev = f"pdm run python -m ensurepip, then pdm run python -m pip install -e {EDITABLE}"
        return Manager("pdm", "pdm add", dev, "pdm run ")
    if "envs" in tools.get("hatch", {}):
        return Manager("hatch", "", _install_by_hatch(tools["hatch"]["envs"]), "hatch run ")
    return Manager("pip", "", f"pip install -e {EDITABLE}", "")


def _install_by_hatch(environments: dict[str, Any]) -> str:
    """An environment that hatch makes with uv has no pip."""
    by_uv = environments.get("default", {}).get("installer") == "uv"
    return f"hatch run {'uv' if by_uv else 'python -m'} pip install -e {EDITABLE}"


def _find_repository(root: Path) -> Path:
    """The folder that git, and with it a workspace's lock file, ends at."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return folder
    return root


def check_packages(project: Project) -> list[Finding]:
    """Whether the two packages are asked for, and what runs the devtools."""
    manager = find_manager(project.root)
    declared = {one.name for one in read_constraints(project.root) if one.is_main}
    missing = [text for name, text in PACKAGES.items() if name not in declared]
    if missing:
        detail = t("not among the project's dependencies: {names}", names=", ".join(missing))
        packages = Finding("packages", "fail", detail, _how_to_add(manager, missing, project.root))
    else:
        packages = Finding("packages", "ok", t("inngest and pydantic-settings are asked for"))
    python = [one for one in read_constraints(project.root) if one.name == "python"]
    dev = manager.dev
    if manager.name == "poetry" and any(one.oldest < parse_version(PYTHON) for one in python):
        dev = f"poetry run pip install -e {EDITABLE}"  # its resolver would want 3.11 of everybody
    once = t("once before that: {dev}", dev=dev) if dev else ""
    run = Finding("devtools", "ok", f"{manager.run}inngest-dev dev", once)
    return [packages, run]


def _how_to_add(manager: Manager, missing: list[str], root: Path) -> str:
    if manager.add:
        return " ".join([manager.add, *(f'"{text}"' for text in missing)])
    lines = t(" and ").join(f'"{text}"' for text in missing)
    requirements = find_requirements(root)
    if manager.name == "hatch" or (not requirements and (root / "pyproject.toml").is_file()):
        return t("write {lines} into the dependencies of [project] in pyproject.toml", lines=lines)
    if not requirements:
        return t("write {lines} to where this project lists its packages", lines=lines)
    name = requirements[0].relative_to(root).as_posix()
    return t("write {lines} into {name}, then pip install -r {name}", lines=lines, name=name)


def lines_for_requirements(project: Project) -> tuple[Path, list[str]] | None:
    """The file and the lines that `--write` adds to it; None where a command does that."""
    manager = find_manager(project.root)
    requirements = find_requirements(project.root)
    if manager.name != "pip" or not requirements:
        return None
    declared = {one.name for one in read_constraints(project.root) if one.is_main}
    missing = [text for name, text in PACKAGES.items() if name not in declared]
    return (requirements[0], missing) if missing else None


# --- Pins


def check_pins(project: Project, sources: list[Source]) -> list[Finding]:
    """What of the project's own lines keeps the packages out."""
    constraints = read_constraints(project.root)
    on_pydantic_1 = _check_pydantic_1(constraints)
    findings = [*on_pydantic_1, *_check_tortoise(constraints, sources)]
    findings += _check_python(constraints)
    if not on_pydantic_1:  # else these pins are but a part of the move
        findings += _check_floors(constraints)
        findings += _check_pydantic_core(constraints)
        findings += _check_devtools_pins(constraints)
    return findings or [Finding("pins", "ok", t("no pin of yours keeps the packages out"))]


def _check_floors(constraints: list[Constraint]) -> list[Finding]:
    too_old = [
        one for one in constraints if one.name in FLOORS and not one.admits(FLOORS[one.name])
    ]
    return [_explain_pin(one, FLOORS[one.name]) for one in too_old]


def _check_pydantic_core(constraints: list[Constraint]) -> list[Finding]:
    findings = []
    for one in constraints:
        if one.name == "pydantic-core" and one.newest < (2, 33):
            detail = t(
                "{place}: pydantic-core{spec} keeps pydantic below 2.11",
                place=one.place,
                spec=one.spec,
            )
            fix = t("remove it: pydantic brings its own")
            findings.append(Finding("pins", "fail", detail, fix))
    return findings


def _explain_pin(one: Constraint, floor: str) -> Finding:
    detail = t(
        "{place}: {name}{spec} is too old", place=one.place, name=one.name, spec=_spaced(one.spec)
    )
    fix = t("{name}>={floor} would do: raise it, run your tests", name=one.name, floor=floor)
    return Finding("pins", "fail", detail, fix)


def _spaced(spec: str) -> str:
    return spec if spec[:1] in "=<>!~" else f" {spec}"


def _check_pydantic_1(constraints: list[Constraint]) -> list[Finding]:
    old = [one for one in constraints if one.name == "pydantic" and one.newest <= (2,)]
    old += [one for one in constraints if one.name == "fastapi" and one.newest <= (0, 100)]
    if not old:
        return []
    places = [
        t("{package} in {place}", package=one.name + _spaced(one.spec), place=one.place)
        for one in old
    ]
    reason = t(
        "the app runs on pydantic 1 ({places}), the SDK wants pydantic >= 2.11",
        places=t(", ").join(places),
    )
    return [_block("pins", reason, t("move the app to pydantic 2 and FastAPI >= 0.110 first"))]


def _check_tortoise(constraints: list[Constraint], sources: list[Source]) -> list[Finding]:
    """tortoise-orm below 0.25 cannot make models of pydantic 2.11; without them it can stay."""
    old = [one for one in constraints if one.name == "tortoise-orm" and not one.admits("0.25")]
    users = [one.path for one in sources if "tortoise.contrib.pydantic" in one.text]
    if not old or not users:
        return []
    reason = t(
        "tortoise-orm{spec} in {place} breaks on pydantic >= 2.11 where "
        "{user} imports tortoise.contrib.pydantic",
        spec=_spaced(old[0].spec),
        place=old[0].place,
        user=users[0],
    )
    return [_block("pins", reason, t("tortoise-orm>=0.25 with fastapi>=0.110 first"))]


def _check_python(constraints: list[Constraint]) -> list[Finding]:
    findings = []
    for one in constraints:
        if one.name != "python":
            continue
        if not one.admits(PYTHON):
            reason = t(
                "{place} allows Python {spec}, Inngest needs {python}",
                place=one.place,
                spec=one.spec,
                python=PYTHON,
            )
            fix = t("let Python {python} in first", python=PYTHON)
            findings.append(_block("python", reason, fix))
        elif one.oldest < parse_version(PYTHON):
            detail = t(
                "{place} also allows Python below {python} ({spec})",
                place=one.place,
                python=PYTHON,
                spec=one.spec,
            )
            fix = t("run the app on {python} or newer, images and CI included", python=PYTHON)
            findings.append(Finding("python", "warn", detail, fix))
    return findings


def _block(name: str, reason: str, fix: str) -> Finding:
    detail = t("not possible yet: {reason}", reason=reason)
    return Finding(name, "fail", detail, fix, is_blocking=True)


def _check_devtools_pins(constraints: list[Constraint]) -> list[Finding]:
    """Pins below what the devtools want: no harm to the app, and none where uv runs them apart."""
    findings = []
    try:
        wanted = read_pyproject(FOLDER)["project"]["dependencies"]
    except KeyError:
        return []
    floors = {text.partition(">=")[0]: text.partition(">=")[2].partition(",")[0] for text in wanted}
    for one in constraints:
        floor = floors.get(one.name)
        if floor and one.name not in FLOORS and not one.admits(floor):
            detail = t(
                "{place}: {name}{spec} is older than the devtools want",
                place=one.place,
                name=one.name,
                spec=_spaced(one.spec),
            )
            fix = t("{name}>={floor}, or run them by uv", name=one.name, floor=floor)
            findings.append(Finding("pins", "warn", detail, fix))
    return findings
