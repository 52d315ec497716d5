"""Errors of the app, shown where its own files are at fault: no frames of a library."""

import sysconfig
import traceback
from pathlib import Path
from types import TracebackType

DEVTOOLS = str(Path(__file__).parents[1])
LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)


def is_library(file: str) -> bool:
    """Whether a file is Python's, a package's or the devtools'; all else is the user's."""
    folders = Path(file).parts
    if "site-packages" in folders or "dist-packages" in folders:
        return True
    return not Path(file).is_absolute() or file.startswith((*LIBRARIES, DEVTOOLS))


def describe(error: BaseException) -> str:
    """One line: where, what kind of error, and its words."""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    what = f"{type(error).__name__}: {' '.join(message.split())}".rstrip(": ")
    place = find_place(error)
    return f"{place}: {what}" if place else what


def find_place(error: BaseException) -> str | None:
    """File and line of the mistake: in the syntax, or the innermost of the user's own."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_display(error.filename)}, line {error.lineno}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not is_library(frame.filename):
            return f"{_display(frame.filename)}, line {frame.lineno}"
    return None


def trim(error: BaseException) -> None:
    """Let a traceback, and those of its causes, begin where the user's own files do."""
    seen: set[int] = set()
    part: BaseException | None = error
    while part and id(part) not in seen:
        seen.add(id(part))
        part.__traceback__ = _find_own(part.__traceback__)
        part = part.__cause__ or part.__context__


def _find_own(tb: TracebackType | None) -> TracebackType | None:
    start = tb
    while start and is_library(start.tb_frame.f_code.co_filename):
        start = start.tb_next
    return start or tb  # an error without a frame of the user's is shown whole


def _display(file: str) -> str:
    path = Path(file)
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else file
