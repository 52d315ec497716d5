"""Copier, warm: what it does alike in every copy is done once in a session.

A copy imports for half a second and compiles two thousand small templates, most of them the same: two hundred copies
spend most of the suite's time on it. A process that has done both forks for each command; what the command then does,
prints and ends with is Copier's own.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import jinja2
from copier import run_copy
from copier._cli import CopierApp
from copier._main import Worker
from plumbum import local

MAX_SECONDS = 300


def remember() -> None:
    """Compile no template twice, and ask git nothing that is for systems whose files have no modes."""
    compile_template = jinja2.Environment.compile
    compiled: dict[tuple[object, ...], object] = {}

    def compile_once(
        self: jinja2.Environment, source: str, *args: object, **kwargs: object
    ) -> object:
        key = (source, args, *kwargs.items())
        if key not in compiled:
            compiled[key] = compile_template(self, source, *args, **kwargs)  # type: ignore[call-overload]
        return compiled[key]

    jinja2.Environment.compile = compile_once  # type: ignore[method-assign, assignment]
    if os.name == "posix":
        Worker._sync_git_index_executable_bit = lambda *_: None  # type: ignore[method-assign]


class WarmCopier:
    """The test's side: `run` is `subprocess.run(["copier", ...])` without a terminal."""

    def __init__(self, template: Path, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, template],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, command: list[str], cwd: Path, env: dict[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        assert self._process.stdin
        assert self._process.stdout
        with tempfile.TemporaryDirectory() as folder:
            output, errors = Path(folder, "stdout"), Path(folder, "stderr")
            request = {
                "command": command,
                "cwd": str(cwd),
                "env": env,
                "stdout": str(output),
                "stderr": str(errors),
            }
            print(json.dumps(request), file=self._process.stdin, flush=True)
            returncode = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(
                command, returncode, output.read_text("utf-8"), errors.read_text("utf-8")
            )

    def close(self) -> None:
        self._process.communicate()


def main(template: str) -> None:
    remember()
    with tempfile.TemporaryDirectory() as folder:
        run_copy(template, Path(folder, "my-app"), defaults=True, quiet=True)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            os._exit(run_command(**json.loads(line)))
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run_command(command: list[str], cwd: str, env: dict[str, str], stdout: str, stderr: str) -> int:
    signal.alarm(MAX_SECONDS)
    for descriptor, path in enumerate((os.devnull, stdout, stderr)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), descriptor)
    for environment in (os.environ, local.env):  # the latter is a copy that was made at the import
        environment.clear()
        environment.update(env)
    local.cwd.chdir(cwd)
    try:
        CopierApp.run(command)
    except SystemExit as end:
        return exit_code(end.code)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def exit_code(code: Any) -> int:
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    main(sys.argv[1])
