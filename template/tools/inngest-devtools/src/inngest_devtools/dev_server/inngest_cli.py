"""The Inngest CLI: where it is. No Node, no Docker."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from inngest_devtools.errors import DevtoolsError
from inngest_devtools.project import PROJECT_ROOT, command, read_variable
from inngest_devtools.words import t

VERSION = "1.43.0"  # what `install` gets
FOLDER = PROJECT_ROOT / "bin" / "inngest"
QUIET = {
    "DO_NOT_TRACK": "1",
    "NO_UPDATE_NOTIFIER": "1",
}  # variables; without them the CLI waits for the internet

# As in the names of releases.
SYSTEM, MACHINE = platform.system().lower(), platform.machine().lower()
MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(MACHINE, MACHINE)
SUFFIX = ".exe" if SYSTEM == "windows" else ""


def find_cli() -> Path | None:
    """INNGEST_BIN, else a file in bin/inngest under a name that the guide uses, else `inngest` on
    PATH.
    """
    paths = [FOLDER / f"inngest{SUFFIX}", FOLDER / f"inngest-{SYSTEM}-{MACHINE}{SUFFIX}"]
    if named := read_variable("INNGEST_BIN"):
        paths = [PROJECT_ROOT / Path(named).expanduser()]
        if not paths[0].is_file():
            raise DevtoolsError(
                t(
                    "INNGEST_BIN={named} is not a file: correct the variable, or remove it and run "
                    "`{install}`.",
                    named=named,
                    install=command("install"),
                )
            )
    for path in paths:
        if path.is_file():
            if not os.access(path, os.X_OK):
                raise DevtoolsError(
                    t('{path} may not be executed: run `chmod +x "{path}"`.', path=path)
                )
            return path
    return Path(found) if (found := shutil.which("inngest")) else None


def read_version(cli: Path) -> str | None:
    """As in "1.43.0"; None when the file does not answer like the CLI."""
    try:
        output = subprocess.check_output(
            [cli, "version"],
            env=os.environ | QUIET,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return output.decode(errors="replace").strip().partition("-")[0]
