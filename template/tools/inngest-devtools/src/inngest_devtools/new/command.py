"""`inngest-dev new`: a function that runs at once, with all that belongs to it."""

import ast
import builtins
import importlib.util
import keyword
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.logs import console
from inngest_devtools.new import files as new_files
from inngest_devtools.new.files import Names
from inngest_devtools.project import PROJECT_ROOT, command, get_project
from inngest_devtools.testing.crons import InvalidCron, read_cron
from inngest_devtools.words import pad, t

MAX_LENGTH = 40  # characters of a name
# What the function or its event's class would hide in a file that is written.
NAMES_IN_USE = {*keyword.kwlist, *dir(builtins), "Any", "do_work", "inngest"}


def new(
    name: Annotated[str, typer.Argument(help="As in order-placed.")],
    cron: Annotated[
        str | None, typer.Option("--cron", help='Run on a schedule, as in "0 6 * * *".')
    ] = None,
    route: Annotated[
        bool, typer.Option("--route", help="Also a route that sends its event.")
    ] = False,
) -> None:
    """Write a function with its event and its test; nothing that exists is written over.

    `dev` serves it at once: there is no list to add it to.
    """
    project = get_project()
    names = Names(_check_name(name), project.module)
    if route and cron:
        raise DevtoolsError(
            t("--route sends an event, and --cron takes none: leave one of them out.")
        )
    files = _plan(names, cron, route)
    events = project.package_folder / "events.py"
    _check_free(names, files, events, has_event=not cron)
    if not cron:
        _append(events, new_files.render_event(names))
        console.print(
            f"{pad(t('Event'), 9)} {_display(events)}: {names.event_class}, {names.event!r}"
        )
    for file, (title, content) in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
        console.print(f"{pad(title, 9)} {_display(file)}")
    _format(list(files))
    if route and not project.is_new:
        console.print(f"\n{t('A route of yours starts it with')}\n\n{_render_sending(names)}")
    console.print(
        "\n" + t("While `dev` runs, try it with `{send}`.", send=command(f"send {names.id}"))
    )


def _check_name(name: str) -> str:
    """The id of the function, however the name was spelt."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).replace("_", "-").lower()
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", words) or len(words) > MAX_LENGTH:
        raise DevtoolsError(
            t(
                "{name} is no name for a function: use small letters, digits and hyphens, like "
                "order-placed, and at most {length} of them.",
                name=name,
                length=MAX_LENGTH,
            )
        )
    names = Names(words, module="")
    if {names.python, names.event_class} & NAMES_IN_USE or names.python.startswith("test_"):
        raise DevtoolsError(
            t(
                "{name} means something else to Python, pytest or Inngest: choose another one.",
                name=name,
            )
        )
    return words


def _plan(names: Names, cron: str | None, route: bool) -> dict[Path, tuple[str, str]]:
    """The files, with what each is and holds."""
    if cron:
        function = new_files.render_cron_function(names, _check_cron(cron))
    else:
        function = new_files.render_function(names)
    tests = PROJECT_ROOT / ("tests" if get_project().is_new else "inngest_tests")
    functions = get_project().package_folder / "functions"
    files = {
        functions / f"{names.python}.py": (t("Function"), function),
        tests / "functions" / f"test_{names.python}.py": (
            t("Test"),
            new_files.render_test(names, has_event=not cron),
        ),
    }
    if route and get_project().is_new:
        routes = PROJECT_ROOT / "src" / "server" / "routes"
        files[routes / f"{names.python}.py"] = (t("Route"), new_files.render_route(names))
        test = tests / "routes" / f"test_{names.python}_route.py"
        files[test] = (t("Its test"), new_files.render_route_test(names))
    return files


def _check_cron(cron: str) -> str:
    try:
        read_cron(cron)
    except InvalidCron as error:
        raise DevtoolsError(
            t('{error}. Write five fields, as in "0 6 * * 1-5".', error=error)
        ) from None
    return cron


def _check_free(
    names: Names, files: dict[Path, tuple[str, str]], events: Path, *, has_event: bool
) -> None:
    for file in files:
        if file.exists():
            raise DevtoolsError(
                t("{file} is there already: choose another name.", file=_display(file))
            )
    for file in (get_project().package_folder / "functions").rglob("*.py"):
        if f'fn_id="{names.id}"' in file.read_text("utf-8", "replace"):
            raise DevtoolsError(
                t(
                    "{file} has fn_id={id!r}: choose another name.",
                    file=_display(file),
                    id=names.id,
                )
            )
    if not has_event:
        return
    text = events.read_text("utf-8")
    if names.event_class in _find_names(text) or f'"{names.event}"' in text:
        raise DevtoolsError(
            t(
                "{file} has {event_class} or {event!r} already: choose another name.",
                file=_display(events),
                event_class=names.event_class,
                event=names.event,
            )
        )


def _find_names(source: str) -> set[str]:
    """What a module defines and imports; nothing where it is no Python."""
    try:
        nodes = ast.parse(source).body
    except SyntaxError:
        return set()
    names = {node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def _append(file: Path, text: str) -> None:
    before = file.read_text("utf-8")
    file.write_text(before.rstrip("\n") + "\n" + text, "utf-8")


def _format(files: list[Path]) -> None:
    """In the team's own style, where it has ruff and lets it read these files."""
    if not importlib.util.find_spec("ruff"):
        return
    for arguments in (["check", "--select", "I", "--fix"], ["format"]):
        ruff = [sys.executable, "-m", "ruff", *arguments, "--quiet", "--force-exclude"]
        subprocess.run(
            [*ruff, *map(str, files)], cwd=PROJECT_ROOT, check=False, capture_output=True
        )


def _render_sending(names: Names) -> str:
    return (
        f"    from {names.module} import send_event\n"
        f"    from {names.module}.events import {names.event_class}\n\n"
        f"    await send_event({names.event_class}({names.field}=...))"
    )


def _display(file: Path) -> str:
    return file.relative_to(PROJECT_ROOT).as_posix()
