"""What the dev loop watches: the sources, and what beside them changes what runs."""

import sysconfig
import time
from collections.abc import Iterator
from importlib.util import cache_from_source
from pathlib import Path
from typing import Literal

from inngest_devtools.dev_server.config import CONFIG_FILE
from inngest_devtools.project import FOLDER, PROJECT_ROOT, get_project, read_env_path
from watchfiles import Change, PythonFilter, watch

Kind = Literal["settings", "libraries"]
LOCKS = ("pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "requirements.txt")
TICK = 100  # milliseconds without a change, after which one look at everything else is due
QUIET = 20  # milliseconds of rest that end a change: an editor may write twice


class _Sources(PythonFilter):
    """Python files, but not those of environments, nor the devtools'."""

    def __call__(self, change: Change, path: str) -> bool:
        return super().__call__(change, path) and not path.startswith(str(FOLDER))


def watch_sources() -> Iterator[list[Path]]:
    """The Python files that have changed, or nothing after a tick without a change."""
    environments = sorted({path.parent for path in PROJECT_ROOT.glob("*/pyvenv.cfg")})
    for changes in watch(
        get_project().import_root,
        watch_filter=_Sources(ignore_paths=environments),
        rust_timeout=TICK,
        step=QUIET,
        yield_on_timeout=True,
    ):
        files = sorted({Path(path) for _, path in changes})
        for file in files:
            forget_bytecode(file)
        yield files


def forget_bytecode(source: Path) -> None:
    """Python takes a source of the same second and size for the one that it has compiled."""
    Path(cache_from_source(str(source))).unlink(missing_ok=True)


class Surroundings:
    """The files beside the sources; each has its state, which is compared with the last one."""

    def __init__(self) -> None:
        self._last = self._look()

    def find_changes(self) -> dict[Kind, list[str]]:
        """Names of the files that have changed since the last look, by what they are."""
        now = self._look_at_rest()
        changed: dict[Kind, list[str]] = {}
        for path, (kind, state) in now.items():
            if self._last.get(path, (kind, None)) != (kind, state):
                changed.setdefault(kind, []).append(_display(path))
        self._last = now
        return changed

    def _look_at_rest(self) -> dict[Path, tuple[Kind, object]]:
        """An editor empties a file before it writes it."""
        state, seen = self._look(), self._last
        while state != seen:
            time.sleep(QUIET / 1000)
            state, seen = self._look(), state
        return state

    def _look(self) -> dict[Path, tuple[Kind, object]]:
        return {path: (kind, _state(path)) for path, kind in _find_surroundings()}


def _find_surroundings() -> Iterator[tuple[Path, Kind]]:
    yield PROJECT_ROOT / CONFIG_FILE, "settings"
    env_file = read_env_path()
    if env_file:
        yield env_file, "settings"
    for name in LOCKS:
        yield PROJECT_ROOT / name, "libraries"
    yield Path(sysconfig.get_path("purelib")), "libraries"  # a package comes after its line


def _state(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _display(path: Path) -> str:
    inside = path.is_relative_to(PROJECT_ROOT)
    return path.relative_to(PROJECT_ROOT).as_posix() if inside else str(path)
