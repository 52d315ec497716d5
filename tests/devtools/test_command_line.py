"""What every command has in common: its `--help`, its errors, and a reader that has read enough."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest
from inngest_devtools import words
from inngest_devtools.cli import cli

from tests.test_chinese import DEVTOOLS

PROGRAM = """
from inngest_devtools.command_line import clean_end
from inngest_devtools.errors import DevtoolsError
with clean_end():
    {body}
"""


@pytest.fixture
def in_chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(words, "read_language", lambda: "zh")
    words._read_translations.cache_clear()
    yield
    words._read_translations.cache_clear()


@contextmanager
def running(body: str) -> Iterator[tuple[IO[str], IO[str]]]:
    """A command, its output and its errors."""
    env = os.environ | {"PYTHONPATH": str(DEVTOOLS.parent)}
    env.pop("PYTHONUNBUFFERED", None)
    command = [sys.executable, "-c", PROGRAM.format(body=body)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout
        assert process.stderr
        yield process.stdout, process.stderr


def read_help(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit):
        cli([*command, "--help"])
    return capsys.readouterr().out


def test_help_is_in_the_projects_language(
    in_chinese: None, capsys: pytest.CaptureFixture[str]
) -> None:
    together = read_help(capsys)
    assert "用法" in together
    assert "─ 命令 ─" in together
    assert "显示 Dev Server 的日志。" in together

    one = read_help(capsys, "logs")
    assert "─ 选项 ─" in one
    assert "[默认" in one
    assert "显示这段帮助" in one


def test_help_is_english_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    text = read_help(capsys, "logs")

    assert "Usage: " in text
    assert "[default: 50]" in text


@pytest.mark.parametrize("lines", [1, 100_000], ids=["few lines", "many lines"])
def test_reader_that_has_read_enough_is_no_error(lines: int) -> None:
    with running(f"[print('line') for _ in range({lines})]") as (out, err):
        out.close()

        assert err.read() == ""


def test_error_is_one_line() -> None:
    with running("raise DevtoolsError('this is wrong\\nand that')") as (_, err):
        assert err.read() == "ERROR:    this is wrong\n          and that\n"
