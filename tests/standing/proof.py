"""Adds Inngest to a copy of a public project, as its team would, and compares before with after."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.standing.checkouts import Checkout

PROBE = Path(__file__).with_name("probe.py")
ANSWERS = ".copier-answers.inngest.yml"
KEYS = {"INNGEST_EVENT_KEY": "event-key", "INNGEST_SIGNING_KEY": "ab" * 32}


@dataclass
class Row:
    """What was seen; an empty `problems` is the proof."""

    name: str
    before: str = ""
    after: str = ""
    ours: str = ""
    lines: str = ""
    said: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Proof:
    """One project from its checkout to the comparison."""

    def __init__(self, checkout: Checkout, sources: Path, template: Path, work: Path) -> None:
        self.checkout, self.template = checkout, template
        self.repository = work / checkout.name
        if self.repository.exists():
            shutil.rmtree(self.repository)
        shutil.copytree(sources / checkout.name, self.repository, symlinks=True)
        self.root = self.repository / checkout.folder
        self.venv = work / f"{checkout.name}-venv"
        names = ("VIRTUAL_ENV", "PYTHON", "UV_", "INNGEST_", "COPIER_")
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(names)}
        self.env |= {"VIRTUAL_ENV": str(self.venv), "NO_COLOR": "1", "UV_PYTHON": checkout.python}
        self.env["PYTHONHASHSEED"] = "0"  # one project's document lists what is in a set
        self.env |= checkout.env
        # The project's own programs, then the suite's: copier, uv.
        folders = [str(self.venv / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
        self.env["PATH"] = os.pathsep.join(folders)
        self.row = Row(checkout.name)

    def run(self) -> Row:
        """The whole comparison; what goes wrong is in the row."""
        self._commit_all()
        if self.checkout.refusal:
            self._copy()
            self._see_refusal()
            return self.row
        self._install()
        self.row.before = self._run_their_tests()
        self._copy()
        self._add_packages()
        before = self._probe({})
        self._write_lines()
        self.row.after = self._run_their_tests()
        if self.row.before != self.row.after:
            self.row.problems.append("their tests changed")
        self._compare_apps(before)
        self.row.ours = _summary(self._sh("python -m pytest inngest_tests -q", check=False))
        if "passed" not in self.row.ours or re.search("failed|error", self.row.ours):
            self.row.problems.append("our tests do not pass")
        self._count_lines()
        return self.row

    # --- Steps

    def _install(self) -> None:
        shutil.rmtree(self.venv, ignore_errors=True)
        self._sh(f"uv venv --quiet --python {self.checkout.python} {self.venv}")
        for command in self.checkout.install:
            self._sh(command)

    def _copy(self) -> None:
        data = {"package": self.checkout.package, "app": self.checkout.app, "app_id": "proof"}
        arguments = [part for key, value in data.items() for part in ("--data", f"{key}={value}")]
        self._call(
            sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", "-a", ANSWERS,
            *arguments, str(self.template), ".",
        )  # fmt: skip
        changed = self._git("diff", "--name-only").split()
        if changed:
            self.row.problems.append(f"the copy changed {changed}")

    def _add_packages(self) -> None:
        """What `adopt` asks for: pins raised, packages added, the devtools beside them."""
        said = self._sh("python tools/inngest-devtools/src/inngest_devtools/adopt", check=False)
        self.row.said = said.splitlines()
        for name, replacements in self.checkout.raise_pins.items():
            path = self.root / name
            text = path.read_text("utf-8")
            for old, new in replacements.items():
                text = text.replace(old, new)
            path.write_text(text, "utf-8")
        self._sh(self.checkout.add)
        self._sh("uv pip install --quiet -e tools/inngest-devtools pytest")

    def _write_lines(self) -> None:
        self._sh("python tools/inngest-devtools/src/inngest_devtools/adopt --write", check=False)

    def _see_refusal(self) -> None:
        command = [sys.executable, "tools/inngest-devtools/src/inngest_devtools/adopt"]
        result = subprocess.run(
            command, cwd=self.root, env=self.env, capture_output=True, text=True
        )
        self.row.said = result.stdout.splitlines()
        if result.returncode != 1 or "not possible yet" not in result.stdout:
            self.row.problems.append("adopt did not refuse")
        if self.checkout.refusal not in result.stdout:
            self.row.problems.append(f"adopt did not name {self.checkout.refusal}")

    def _compare_apps(self, before: dict[str, Any]) -> None:
        off = self._probe({})
        production = self._probe(KEYS)
        dev = self._probe({"INNGEST_DEV": "1"})
        expected = {
            "the OpenAPI document is not the same": before["schema"] == off["schema"],
            "off does not answer 404": off["get"] == off["post"] == 404,
            "off says nothing of INNGEST_DEV": "INNGEST_DEV" in off["text"],
            "unsigned in production is not 401": production["post"] == 401,
            "dev serves no functions": dev["functions"] > 0 and dev["get"] == 200,
        }
        self.row.problems += [problem for problem, holds in expected.items() if not holds]

    def _count_lines(self) -> None:
        pins = {"pyproject.toml", "uv.lock", "poetry.lock", *self.checkout.raise_pins}
        pins.add("requirements.txt")
        lines = []
        for line in self._git("diff", "--numstat").splitlines():
            added, removed, name = line.split("\t")
            if Path(name).name not in pins:
                lines.append(f"{name} +{added}/-{removed}")
        self.row.lines = ", ".join(lines)
        if len(lines) != 1 or not lines[0].endswith("+2/-0"):
            self.row.problems.append("more than two lines of one file were touched")

    # --- Helpers

    def _commit_all(self) -> None:
        """A history of its own: a clone may be shallow, or lack large files."""
        shutil.rmtree(self.repository / ".git", ignore_errors=True)
        user = ("-c", "user.name=proof", "-c", "user.email=proof@example.com")
        for command in (["init"], ["add", "--all"], ["commit", "--message", "Theirs"]):
            result = subprocess.run(
                ["git", *user, *command], cwd=self.repository, capture_output=True, text=True
            )
            if result.returncode:
                raise RuntimeError(result.stderr)

    def _run_their_tests(self) -> str:
        if not self.checkout.tests:
            return "no tests"
        output = self._sh(self.checkout.tests, check=False)
        self._git("checkout", "--quiet", "--", "dev", check=False)  # mealie's tests write there
        return _summary(output)

    def _probe(self, env: dict[str, str]) -> dict[str, Any]:
        target = self.checkout.app
        path = [".", self.env.get("PYTHONPATH", "")]
        result = subprocess.run(
            ["python", str(PROBE), target, *(["lifespan"] if self.checkout.lifespan else [])],
            cwd=self.root,
            env=self.env | {"PYTHONPATH": os.pathsep.join(path)} | env,
            capture_output=True,
            text=True,
        )
        lines = result.stdout.strip().splitlines()
        if result.returncode or not lines:
            raise RuntimeError(f"{target} in {env}: {result.stdout[-500:]}{result.stderr[-3000:]}")
        return dict(json.loads(lines[-1]))

    def _sh(self, command: str, *, check: bool = True) -> str:
        return self._call("bash", "-c", command, check=check)

    def _git(self, *arguments: str, check: bool = True) -> str:
        return self._call("git", *arguments, check=check)

    def _call(self, *command: str, check: bool = True) -> str:
        result = subprocess.run(
            command,
            cwd=self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if check and result.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{result.stdout[-4000:]}")
        return result.stdout


def _summary(output: str) -> str:
    """pytest's counts, without its seconds."""
    found = re.findall(r"^=*\s*((?:\d+ \w+,? ?)+) in [\d.]+s", output, re.MULTILINE)
    counts = found[-1].strip().split(", ") if found else []
    kept = [part for part in counts if not part.endswith(("warnings", "warning"))]
    return ", ".join(kept) or f"no summary: {output[-600:]}"
