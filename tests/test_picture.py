"""The README's picture shows what `uv run dev` prints today."""

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from inngest_devtools.testing import free_ports

from tests.conftest import REPOSITORY, Run
from tests.devtools.workspace import write_launcher
from tests.test_copier_yml import QUESTIONS

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SVG = (REPOSITORY / "docs/uv-run-dev.svg").read_text(encoding="utf-8")
NAMESPACE = "http://www.w3.org/2000/svg"
ROOT = ElementTree.fromstring(SVG)


def read_lines() -> list[str]:
    """The picture's text, each part in its column, without empty lines."""
    lines: dict[str, str] = {}
    for part in ROOT.iterfind(f".//{{{NAMESPACE}}}text[@textLength]"):
        text, row = str(part.text).replace("\xa0", " "), part.attrib["y"]
        column = round(float(part.attrib["x"]) * len(text) / float(part.attrib["textLength"]))
        lines[row] = lines.get(row, "").ljust(column) + text
    return list(lines.values())


@pytest.fixture
def port() -> int:
    """The app's; the Dev Server has the four before it."""
    return free_ports(5)[-1]


@pytest.fixture
def default_project(copy: Callable[..., Path], run: Run, tmp_path: Path, port: int) -> Path:
    """Default answers but for the ports, installed."""
    pytest.importorskip("pexpect", reason="the terminal is one of POSIX systems")
    project = copy(tmp_path / "my-app", f"port={port}", f"inngest_port={port - 4}")
    run("uv", "sync", "--quiet", cwd=project)
    return project


def use_default_ports(output: str, port: int) -> str:
    ports = {port: QUESTIONS["port"], port - 4: QUESTIONS["inngest_port"]}
    for number, question in ports.items():
        output = output.replace(f":{number}", f":{question['default']}")
    return output


@pytest.mark.slow
def test_show_what_the_dev_loop_prints(
    default_project: Path, port: int, clean_env: dict[str, str]
) -> None:
    # there is no pexpect for Windows
    from docs.picture import open_terminal, record_reload, record_start, tidy

    env = clean_env | {"INNGEST_BIN": str(write_launcher(default_project / "stand-in"))}
    with open_terminal(default_project, env) as terminal:
        output = record_start(terminal) + record_reload(terminal, default_project)

    prompt, *shown = [
        line for line in read_lines() if not line.startswith(("app     | ", "inngest | "))
    ]
    printed = [line.plain for line in tidy(use_default_ports(output, port))]
    assert prompt == "$ uv run dev"
    assert shown == [line for line in printed if line and not line.startswith("inngest | ")]


def test_name_the_picture_in_the_readme() -> None:
    assert "docs/uv-run-dev.svg" in README


def test_describe_the_picture_in_words() -> None:
    assert ROOT.attrib["role"] == "img"
    assert ROOT.findtext(f"{{{NAMESPACE}}}title")
    assert ROOT.findtext(f"{{{NAMESPACE}}}desc")


def test_load_fast_and_nothing_else() -> None:
    assert len(SVG.encode()) < 25_000
    urls = re.findall(r"\w+://[^\s\"'<&]+", SVG)
    assert [
        url for url in urls if not re.match(rf"http://127\.0\.0\.1:\d+(/|$)|{NAMESPACE}$", url)
    ] == []
