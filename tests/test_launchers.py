"""The launchers in `bin/inngest`, for those who do not type `uv run`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "template" / "bin" / "inngest"
CMD_LAUNCHERS = ["run.cmd", "start-inngest.cmd"]


@pytest.mark.parametrize("name", CMD_LAUNCHERS)
def test_write_cmd_launcher_as_cmd_reads_it(name: str) -> None:
    lines = (FOLDER / name).read_text("ascii").splitlines()

    assert 'pushd "%~dp0..\\.." || exit /b 1' in lines  # another drive, a network folder
    passes_on = [line for line in lines if "%*" in line]
    assert len(passes_on) == 1
    assert not re.search(r"[()]|\bset\b", passes_on[0])  # `)` and `&` in an argument would end it


def test_find_the_same_environments_on_every_system() -> None:
    posix, windows = ((FOLDER / name).read_text("utf-8") for name in ("run.sh", "run.cmd"))

    for pattern in (r"\.venv venv env", r"\w+\.lock", r"(?:poetry|pdm|hatch) run"):
        assert set(re.findall(pattern, windows)) == set(re.findall(pattern, posix)) != set()


@pytest.mark.skipif(sys.platform != "win32", reason="needs cmd")
@pytest.mark.parametrize(
    ("launcher", "tool", "begin"),
    [
        ("start-inngest.cmd", "uv", "run dev-server"),
        ("run.cmd", "uv", "run --with-editable ./tools/inngest-devtools inngest-dev"),
        ("run.cmd", "poetry", "run inngest-dev"),
        ("run.cmd", "pdm", "run inngest-dev"),
        ("run.cmd", "env", ""),
    ],
)
def test_run_launcher_of_windows(tmp_path: Path, launcher: str, tool: str, begin: str) -> None:
    project, tools = tmp_path / "my (app)", tmp_path / "tools"
    (project / "bin" / "inngest").mkdir(parents=True)
    tools.mkdir()
    (project / f"{tool}.lock").touch()
    text = (FOLDER / launcher).read_text()
    if tool == "env":  # an environment's program is named with `.exe`, which no test can write
        tools = project / "env" / "Scripts"
        tools.mkdir(parents=True)
        (tools / "inngest-dev.exe").touch()
        text = text.replace(r'RUN="%%~V\Scripts\inngest-dev.exe"', r'RUN="%%~V\Scripts\tell.cmd"')
        tool = "tell"
    (tools / f"{tool}.cmd").write_text("@echo %*\n@exit /b 3\n")
    (project / "bin" / "inngest" / launcher).write_text(text)
    system = Path(os.environ["SYSTEMROOT"]) / "System32"
    env = {"PATH": f"{tools};{system}", "USERPROFILE": str(tmp_path), "VIRTUAL_ENV": ""}
    typed = '"note=a (b) & c" n=)'

    for arguments in (f"send a/b {typed}", ""):
        line = f'"{project / "bin" / "inngest" / launcher}" {arguments}'
        (tmp_path / "line.cmd").write_text(f"@call {line}\n")
        done = subprocess.run(
            ["cmd", "/c", tmp_path / "line.cmd"],
            env=os.environ | env,
            capture_output=True,
            text=True,
        )
        assert " ".join(done.stdout.split()) == f"{begin} {arguments or '--help'}".strip(), (
            done.stderr
        )
        assert done.returncode == 3
