"""Where the template's Inngest package stands beside the guide's code: that code uses it.

inngest_client = Inngest(app_id=..., ...)   ->  from shop.inngest_app import inngest_client
app.mount("/api/inngest", serve(...))       ->  install_inngest(app, packages=["shop.jobs"])
"""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from inngest_devtools.migrate.functions import Found
from inngest_devtools.migrate.project import Project, value_of
from inngest_devtools.migrate.source import Source, argument, comments
from inngest_devtools.migrate.work import Work, Works
from inngest_devtools.words import t

DEVTOOLS = Path("tools", "inngest-devtools")
# What the package's client takes from its settings; one that has more is a person's to merge.
SETTINGS = frozenset({"app_id", "api_base_url", "event_api_base_url", "is_production"})


@dataclass(frozen=True)
class InngestPackage:
    """The package: its folder, and the name by which the app imports it."""

    folder: Path
    module: str

    @property
    def import_root(self) -> Path:
        return self.folder.parents[self.module.count(".")]

    @property
    def import_line(self) -> str:
        return f"from {self.module} import install_inngest"

    def holds(self, path: Path) -> bool:
        return path.is_relative_to(self.folder)


def find_package(start: Path) -> InngestPackage | None:
    """The Inngest package of the project around a path; None if the template is not there."""
    for root in (start, *start.parents):
        path = root / DEVTOOLS / "project.toml"
        if not path.is_file():
            continue
        try:
            said = tomllib.loads(path.read_text("utf-8"))
            package = InngestPackage(root / said["package"], said["module"])
        except (tomllib.TOMLDecodeError, KeyError, OSError):
            return None
        return package if package.folder.is_dir() else None
    return None


def hand_clients_on(
    works: Works, project: Project, paths: Collection[Path], package: InngestPackage
) -> bool:
    """Make the team's own client the package's, under the team's name for it.

    Returns:
        Whether there is no client left but the package's.
    """
    clients = []
    for source in project.mentioning("Inngest("):
        for call in source.calls:
            is_client = "inngest.Inngest" in source.qualified(call.func)
            if is_client and not package.holds(source.path):
                clients.append((works.of(source), call))
    if not all(work.source.path in paths for work, _ in clients):
        return False  # in a file that was not named: it stays
    if len(clients) > 1:
        for work, call in clients:
            message = t(
                "one of {count} clients: functions of {module}'s are served",
                count=len(clients),
                module=package.module,
            )
            work.report(call, message)
        return False
    return all(_hand_on(work, call, package) for work, call in clients)


def _hand_on(work: Work, call: cst.Call, package: InngestPackage) -> bool:
    source = work.source
    assign = source.parent(call)
    statement = source.statement(call)
    target = assign.targets[0].target if isinstance(assign, cst.Assign) else None
    if isinstance(assign, cst.AnnAssign):
        target = assign.target
    keywords = {each.keyword.value for each in call.args if each.keyword is not None}
    is_plain = isinstance(target, cst.Name) and source.owner(call) is None
    if not isinstance(target, cst.Name) or not is_plain or not keywords <= SETTINGS:
        message = t(
            "{module} has a client of its own: hand that on from here, with what this has",
            module=package.module,
        )
        work.report(call, message)
        return False
    name = target.value
    kept = comments(source.code(statement))
    indent = source.indent(source.start(statement))
    lead = "".join(f"{comment}{source.newline}{indent}" for comment in kept)
    renamed = "" if name == "inngest_client" else f" as {name}"
    line = f"{lead}from {package.module} import inngest_client{renamed}"
    work.edits.replace(source.start(statement), source.end(statement), line)
    work.release(call.func)
    work.note(call, t("{name} is the client of {module}", name=name, module=package.module))
    app_id = argument(call, "app_id")
    message = t(
        "{name} is the client of {module} now, whose settings come from the environment: "
        "INNGEST_APP_ID has to be {id} there, or the server takes every function for a new one",
        name=name,
        module=package.module,
        id=_app_id(source, app_id.value) if app_id is not None else t("what it was"),
    )
    work.report(call, message)
    return True


def _app_id(source: Source, node: cst.BaseExpression) -> str:
    """What an app id is: its text, or the default of `os.getenv("INNGEST_APP_ID", "shop")`."""
    if isinstance(node, cst.Name):
        values = [value_of(source, each) for each in source.assignments(node.value, source.top)]
        if len(values) == 1 and values[0] is not None:
            return _app_id(source, values[0])
    if isinstance(node, cst.Call) and len(node.args) == 2:
        return _app_id(source, node.args[1].value)
    return str(node.evaluated_value) if isinstance(node, cst.SimpleString) else source.code(node)


def packages_of(found: Found, package: InngestPackage) -> list[str]:
    """The packages, or modules, outside of the Inngest package that define functions."""
    names = set()
    for source, _ in found.creations:
        path = source.path
        if package.holds(path) or not path.is_relative_to(package.import_root):
            continue
        names.add(_package_name(source, package))
    return sorted(n for n in names if not any(n.startswith(f"{o}.") for o in names))


def _package_name(source: Source, package: InngestPackage) -> str:
    parts = source.path.with_suffix("").relative_to(package.import_root).parts
    if parts[-1] == "__init__" or len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)
