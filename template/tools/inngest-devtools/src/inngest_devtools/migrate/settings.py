"""Environment files, scripts and pins: looked at, reported, never written."""

import re
from collections.abc import Iterator
from pathlib import Path

from inngest_devtools.migrate.files import is_env_file
from inngest_devtools.words import later, t

SCRIPTS = frozenset({".sh", ".bash", ".zsh", ".cmd", ".bat", ".ps1", ".service", ".mk"})
SCRIPT_NAMES = frozenset(
    {"Makefile", "makefile", "justfile", "Justfile", "Procfile", "Taskfile.yml"}
)
COMPOSE = re.compile(r"(docker-)?compose.*\.ya?ml|Dockerfile.*")
SETTING = re.compile(
    r"^\s*(?:-\s*)?(?:export\s+|set\s+|ENV\s+)?[\"']?(INNGEST_\w+)[\"']?\s*[=:]\s*(.*?)\s*$"
)
GUIDE_NAMES = frozenset({"INNGEST_EVENT_API_URL", "INNGEST_IS_PRODUCTION"})
# Names that the SDK does not read, and what it reads instead.
UNREAD = {
    "INNGEST_EVENT_API_URL": later(
        "the SDK reads INNGEST_BASE_URL, for events and registering alike"
    ),
    "INNGEST_IS_PRODUCTION": later(
        "the SDK reads INNGEST_DEV: 1 while developing, unset in production"
    ),
    "INNGEST_API_ORIGIN": later("the SDK reads INNGEST_API_BASE_URL"),
    "INNGEST_API_URL": later("the SDK reads INNGEST_API_BASE_URL"),
    "INNGEST_LOG_LEVEL": later("the CLI reads LOG_LEVEL"),
    "INNGEST_ALLOW_IN_BAND_SYNC": later("it went with SDK 0.5.19"),
}
# Names that are meant for an app, and move the CLI, which takes INNGEST_<ITS KEY> for a setting.
MOVES = {
    "INNGEST_HOST": later("the Dev Server listens there"),
    "INNGEST_PORT": later("the Dev Server listens there"),
    "INNGEST_CONFIG": later("the CLI reads its settings from there"),
    "INNGEST_SDK_URL": later("the Dev Server looks for an app there"),
}
KEYS = frozenset({"INNGEST_SIGNING_KEY", "INNGEST_EVENT_KEY"})
# `inngest dev ...`, `./bin/inngest/inngest.exe dev`, `npx inngest-cli@latest dev`, `"$INNGEST" dev`
COMMAND = re.compile(
    r"inngest(-cli)?(-(linux|darwin|windows)-\w+)?(@[\w.]+)?(\.exe)?[\"'})]*\s+(dev|start)\b",
    re.IGNORECASE,
)
VARIABLE_HOST = re.compile(r"--host[ =]+[\"']?[$%]\{?(\w+)")
PIN = re.compile(r"""^\s*["']?inngest(\[[\w,-]+\])?\s*(?P<spec>[<>=!~^"'].*|)$""")


def is_setting(path: Path) -> bool:
    return is_env_file(path) or bool(COMPOSE.fullmatch(path.name))


def is_script(path: Path) -> bool:
    return path.suffix in SCRIPTS or path.name in SCRIPT_NAMES


def is_pin(path: Path) -> bool:
    is_requirements = path.suffix == ".txt" and "requirements" in str(path)
    return path.name == "pyproject.toml" or is_requirements


def look_at_settings(text: str, *, has_package: bool) -> Iterator[tuple[int, str]]:
    """Variables that do nothing, or not what they seem to, each with its line.

    Args:
        has_package: Whether the template's Inngest package is there, which reads the guide's names.
    """
    for number, line in enumerate(text.splitlines(), 1):
        match = SETTING.match(line)
        if match is None:
            continue
        name, value = match[1], match[2].strip("\"'")
        is_read = has_package and name in GUIDE_NAMES
        problem = None if is_read else _find_problem(name, value)
        if problem:
            yield number, problem


def _find_problem(name: str, value: str) -> str | None:
    if name in UNREAD:
        return t(
            "{name} is read by nothing but your own code: {instead}",
            name=name,
            instead=t(UNREAD[name]),
        )
    if name in MOVES:
        return t(
            "{name} moves the CLI as well, in whose environment it is: {why}; rename it",
            name=name,
            why=t(MOVES[name]),
        )
    if name in KEYS and not value:
        return t("{name} is empty, which is not the same as unset: comment it out", name=name)
    if name == "INNGEST_DEV" and value.lower() in ("no", "off", "n"):
        return t("INNGEST_DEV={value} turns the dev mode on: 0, or unset", value=value)
    return None


def look_at_script(text: str) -> Iterator[tuple[int, str]]:
    """Commands that show the Dev Server to the whole network."""
    lines = text.splitlines()
    message = t(
        "0.0.0.0 shows the Dev Server, which asks for no password, to the whole "
        "network: --host 127.0.0.1"
    )
    for first, count, command in _commands(lines):
        if not COMMAND.search(command):
            continue
        for number in range(first, first + count):
            if "0.0.0.0" in lines[number - 1]:
                yield number, message
        variable = VARIABLE_HOST.search(command)
        if variable is None:
            continue
        for number, line in enumerate(lines, 1):
            if re.match(
                rf"\s*(export\s+|set\s+|\$)?[\"']?{variable[1]}\s*[:?]?=.*0\.0\.0\.0", line
            ):
                yield number, message
    for number, line in enumerate(lines, 1):
        if "/_dashboard" in line and not line.lstrip().startswith("#"):
            yield number, t("_dashboard is no page: the Dev Server's is at /")


def _commands(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Commands over several lines as one: the first line's number, how many, the text."""
    number = 0
    while number < len(lines):
        first = number
        text = lines[number]
        while text.rstrip().endswith(("\\", "^", "`")) and number + 1 < len(lines):
            number += 1
            text = text.rstrip()[:-1] + " " + lines[number]
        number += 1
        if not text.lstrip().startswith(("#", "rem ", "REM ", "::")):
            yield first + 1, number - first, text


def look_at_pins(text: str) -> Iterator[tuple[int, str]]:
    """A requirement of inngest that lets in what this code does not run on."""
    for number, line in enumerate(text.splitlines(), 1):
        match = PIN.match(line)
        if match is None:
            continue
        spec = match["spec"]
        lower = re.search(r"(?:>=|==|~=|\^)\s*[\"']?(\d+)\.(\d+)", spec) or re.search(
            r"=\s*[\"'](\d+)\.(\d+)", spec
        )
        is_new = lower is not None and (int(lower[1]), int(lower[2])) >= (0, 5)
        if not is_new:
            yield number, t("this code runs on inngest>=0.5.19,<0.6: raise the pin")
