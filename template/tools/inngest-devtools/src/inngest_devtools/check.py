"""`uv run check`: every gate that CI has, one after the other, and what failed at the end."""

import subprocess
import sys

from inngest_devtools.command_line import clean_end
from inngest_devtools.project import get_project
from inngest_devtools.words import t

GATES = {
    "ruff check": ["ruff", "check"],
    "ruff format": ["ruff", "format", "--check"],
    "mypy": ["mypy"],
    "pytest": ["pytest", "-q"],
}


def main() -> None:
    """Exit with 0 when all have passed, 1 when one has not."""
    with clean_end():
        sys.exit(1 if _run_gates() else 0)


def _run_gates() -> list[str]:
    """The names of those that failed."""
    failed = []
    for name, command in GATES.items():
        print(f"--- {name}", flush=True)
        module = [sys.executable, "-m", *command]
        if subprocess.run(module, cwd=get_project().root).returncode:
            failed.append(name)
    result = t("failed: {names}", names=", ".join(failed)) if failed else t("all passed")
    print(f"--- {result}")
    return failed
