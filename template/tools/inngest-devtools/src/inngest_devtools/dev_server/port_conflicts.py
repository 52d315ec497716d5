"""What to do about a port that ours need and that something else has."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from inngest_devtools.dev_server.config import CONFIG_FILE, PORTS, read_config
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.ports import find_taken, is_free
from inngest_devtools.project import (
    PROJECT_FILE,
    PROJECT_ROOT,
    get_project,
    read_variable,
)
from inngest_devtools.words import t

STEP = 100  # between the ports of two projects on one machine


@dataclass(frozen=True)
class Conflict:
    """Both in words: why the port is not ours, and what to do."""

    reason: str
    advice: str


def check_port(port: int, key: str | None = None) -> None:
    """Let ours have a port.

    Args:
        port: Its number.
        key: That of the Dev Server's settings which gives it; None for the app's.

    Raises:
        DevtoolsError: It is taken.
    """
    conflict = find_conflict(port, key)
    if conflict:
        raise DevtoolsError(
            t(
                "Port {port} {reason}: {advice}.",
                port=port,
                reason=conflict.reason,
                advice=conflict.advice,
            )
        )


def find_conflict(port: int, key: str | None = None) -> Conflict | None:
    """As `check_port`, without raising; None if the port is free."""
    taken = find_taken(port)
    if not taken:
        return None
    if taken.folder and _is_another_project(taken.folder):
        return Conflict(taken.reason, _advise_move())
    if key:
        advice = t('free it, or give "{key}" another port in {file}', key=key, file=CONFIG_FILE)
    else:
        advice = t("free it, or set PORT in .env to another one")
    return Conflict(taken.reason, advice)


def _is_another_project(folder: Path) -> bool:
    """Whether a program runs for another project of this template."""
    project_file = folder / PROJECT_FILE.relative_to(PROJECT_ROOT)
    return folder != PROJECT_ROOT and project_file.is_file()


def _advise_move() -> str:
    """All five ports follow from two answers, which an update changes wherever they stand."""
    answers_file = get_project().answers_file
    update = "uvx copier update --defaults"
    if answers_file != ".copier-answers.yml":  # where Copier looks by itself
        update += f" -a {answers_file}"
    app, server = _find_free_ports()
    advice = t(
        "end it there, or give this project ports of its own with `{update}`",
        update=f"{update} --data port={app} --data inngest_port={server}",
    )
    if read_variable("PORT"):
        advice = t("{advice}, and remove PORT from .env", advice=advice)
    return advice


def _find_free_ports() -> tuple[int, int]:
    """For the app and for the Dev Server, which takes those that follow, too."""
    app, server = get_project().port, _read_server_port()
    for step in range(STEP, 100 * STEP, STEP):
        wanted = [app + step, *range(server + step, server + step + len(PORTS))]
        if all(map(is_free, wanted)):
            return app + step, server + step
    return app + STEP, server + STEP


def _read_server_port() -> int:
    with suppress(DevtoolsError):  # the app's port is asked for without the server, too
        return read_config().ports["port"]
    return PORTS["port"]
