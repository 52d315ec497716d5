"""`inngest-dev adopt`: says what is missing, and where work gets lost; --write adds the former."""

import argparse
import difflib
from collections.abc import Iterator
from pathlib import Path

from inngest_devtools.adopt import app_file
from inngest_devtools.adopt.dependencies import (
    check_packages,
    check_pins,
    find_manager,
    lines_for_requirements,
)
from inngest_devtools.adopt.findings import Finding
from inngest_devtools.adopt.lost_work import LostWork, find_lost_work
from inngest_devtools.adopt.sources import Source, read_sources
from inngest_devtools.adopt.surroundings import check_surroundings
from inngest_devtools.command_line import clean_end
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.project import Project, get_project
from inngest_devtools.words import later, pad, t

LABELS = {"ok": later("ok"), "warn": later("note"), "fail": later("to do")}


def main() -> None:
    """The command without Typer, for where nothing is installed."""
    parser = argparse.ArgumentParser(prog="adopt")
    parser.add_argument("--write", action="store_true", help=t("Show a diff, then apply it."))
    arguments = parser.parse_args()
    with clean_end():
        raise SystemExit(run(write=arguments.write))


def run(*, write: bool) -> int:
    """Say everything, and with `write` change what can be changed.

    Returns:
        Exit code 1 while Inngest cannot run in this project, else 0.
    """
    project = get_project()
    if project.is_new:
        raise DevtoolsError(t("this project came from the template: there is nothing to adopt."))
    sources = read_sources(project)
    findings = list(check(project, sources))
    if write and not _is_blocked(findings):
        _write(project, sources)
        sources = read_sources(project)
        findings = list(check(project, sources))
    _print_findings(project, findings)
    _print_what_write_does(project, sources, findings)
    _print_lost_work(project, find_lost_work(project.root, sources))
    return 1 if any(one.status == "fail" for one in findings) else 0


def check(project: Project, sources: list[Source]) -> Iterator[Finding]:
    """What this project still needs; the doctor asks it, too."""
    pins = check_pins(project, sources)
    if _is_blocked(pins):
        yield from pins
        return
    yield from check_packages(project)
    yield from pins
    yield app_file.check_app_file(project, sources)
    yield from check_surroundings(project, sources)


def _is_blocked(findings: list[Finding]) -> bool:
    return any(one.is_blocking for one in findings)


def _print_findings(project: Project, findings: list[Finding]) -> None:
    manager = find_manager(project.root)
    title = t(
        "Inngest in {package}, for the app {app} ({manager})",
        package=project.package,
        app=project.app,
        manager=manager.name,
    )
    print(f"{title}\n")
    for one in findings:
        print(f"  {pad(t(LABELS[one.status]), 6)} {one.name:<11} {one.detail}")
        if one.fix:
            print(f"  {'':6} {'':11} -> {one.fix}")


def _print_what_write_does(
    project: Project, sources: list[Source], findings: list[Finding]
) -> None:
    if _is_blocked(findings):
        words = t("Until then nothing of Inngest can run here. The new files do no harm meanwhile.")
        print(f"\n{words}")
    elif app_file.find_insertion_or_none(project, sources):
        words = t("`adopt --write` shows the lines for the app as a diff, and writes them.")
        print(f"\n{words}")


def _print_lost_work(project: Project, places: list[LostWork]) -> None:
    if not places:
        words = t("Where work gets lost today: no place that the sources show.")
        print(f"\n{words}")
        return
    number = t("1 place") if len(places) == 1 else t("{number} places", number=len(places))
    title = t("Where work gets lost today: {number}", number=number)
    print(f"\n{title}\n")
    losses = dict.fromkeys((place.loss, place.example) for place in places)
    for loss, example in losses:
        print(f"  {loss}  [{example}]")
        for place in places:
            if (place.loss, place.example) == (loss, example):
                print(f"      {place.path}:{place.line}  {place.what}")
        print()
    examples = sorted({place.example for place in places})
    words = t(
        "In brackets the example whose pattern replaces it: {names}.\n"
        "One that is not there yet comes with",
        names=", ".join(examples),
    )
    print(
        f"{words}\n  copier update -a {project.answers_file} --data 'examples=[event, steps, ...]'"
    )


# --- --write


def _write(project: Project, sources: list[Source]) -> None:
    insertion = app_file.find_insertion_or_none(project, sources)
    if insertion:
        before, after = app_file.apply_insertion(insertion)
        _show_diff(project, insertion.path, before, after)
        app_file.write_text(insertion.path, after)
    lines = lines_for_requirements(project)
    if lines:
        path, missing = lines
        before = path.read_bytes().decode("utf-8")
        after = _append(before, missing)
        _show_diff(project, path, before, after)
        path.write_bytes(after.encode("utf-8"))
        name = path.relative_to(project.root).as_posix()
        print(t("Now pip install -r {name}", name=name), end="\n\n")


def _append(text: str, lines: list[str]) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += end
    return text + "".join(line + end for line in lines)


def _show_diff(project: Project, path: Path, before: str, after: str) -> None:
    name = path.relative_to(project.root).as_posix()
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"a/{name}", f"b/{name}", lineterm=""
    )
    print("\n".join(lines), end="\n\n")
