"""Which files are read, and how they are written.

A file is written whole or not at all, and only as long as it is what was read.
"""

import codecs
import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from inngest_devtools.words import t

# Folders that hold no code of the team's, in a repository or out of one.
FOREIGN = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        ".env",
        "env",
        ".tox",
        ".nox",
        "node_modules",
        "__pycache__",
        "site-packages",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".eggs",
        ".idea",
        ".vscode",
    ]
)
DEVTOOLS = "/tools/inngest-devtools/"  # the template's, in the project's tree: nobody edits it
ENV_FILE = re.compile(r"(^|.*[.-])env([.-].*)?$|^\.env.*$")
CODING_LINE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


class CannotRead(Exception):
    """A file that cannot be read as text; the message says why."""


class CannotWrite(Exception):
    """A file that was left as it is; the message says why."""


@dataclass(frozen=True)
class Content:
    """A file as it was read: its bytes, its text, and how to turn text into bytes again."""

    data: bytes
    text: str
    encoding: str
    bom: bytes = b""

    @property
    def is_utf8(self) -> bool:
        """Whether its bytes are UTF-8 as well, as those of every encoding are that hold ASCII."""
        try:
            return self.data[len(self.bom) :].decode("utf-8") == self.text
        except UnicodeDecodeError:
            return False

    def encode(self, text: str) -> bytes:
        return self.bom + text.encode(self.encoding)


def read(path: Path) -> Content:
    """Read a file in the encoding that Python would read it in.

    Raises:
        CannotRead: It is gone, or not in that encoding.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CannotRead(t("cannot be read: {reason}", reason=error.strerror)) from None
    bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    encoding = "utf-8" if bom else _declared_encoding(data)
    try:
        return Content(data, data[len(bom) :].decode(encoding), encoding, bom)
    except LookupError:
        raise CannotRead(
            t("its coding line names no encoding: {encoding}", encoding=encoding)
        ) from None
    except UnicodeDecodeError as error:
        raise CannotRead(
            t(
                "is not {encoding} (byte {byte}): save it as UTF-8, or name its encoding "
                "in the first line",
                encoding=encoding,
                byte=error.start,
            )
        ) from None


def write(path: Path, content: Content, text: str) -> None:
    """Replace a file's text, unless it changed since it was read.

    Raises:
        CannotWrite: It is read-only, changed meanwhile, or the folder takes no file.
    """
    target = path.resolve()
    try:
        data = content.encode(text)
    except UnicodeEncodeError:
        raise CannotWrite(
            t("its encoding {encoding} cannot hold the new text", encoding=content.encoding)
        ) from None
    try:
        mode = target.stat().st_mode
        if is_read_only(target):
            raise CannotWrite(t("is read-only: left as it is"))
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        scratch = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            scratch.chmod(stat.S_IMODE(mode))
            if target.read_bytes() != content.data:
                raise CannotWrite(t("changed while it was looked at: left as it is, run again"))
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(
            t("cannot be written: {reason}: left as it is", reason=error.strerror)
        ) from None


def is_read_only(path: Path) -> bool:
    """Whether a file may not be written, or is marked so.

    Root may write everything, so the mark counts too; in a folder that is marked itself it came
    with a copy of a read-only tree, and says nothing about this file.
    """
    if not os.access(path, os.W_OK):
        return True
    is_marked = not path.stat().st_mode & stat.S_IWUSR
    return is_marked and bool(path.parent.stat().st_mode & stat.S_IWUSR)


@dataclass
class Found:
    """The files below what was named, and those of them that lead out by a symbolic link."""

    paths: list[Path]
    leading_out: list[Path]


def find(path: Path, root: Path) -> Found:
    """The files of a path: itself, or those below it that git does not ignore.

    A file that is named itself is taken though git ignores it.
    """
    if not path.is_dir():
        return Found([], [path]) if leads_out(path, root) else Found([path], [])
    found = Found([], [])
    listed = list_tracked(path)
    # In a folder that git ignores altogether, what was asked for is all of it.
    below = listed or walk_folder(path)
    # What an environment file says matters though git ignores it, as it should.
    extra = [each for each in walk_folder(path) if is_env_file(each)]
    for each in sorted({*below, *extra}):
        if DEVTOOLS in each.as_posix():
            continue
        if leads_out(each, path):
            found.leading_out.append(each)
        elif each.is_file() and not each.is_symlink():  # a link's target is below as well
            found.paths.append(each)
    return found


def list_tracked(folder: Path) -> list[Path] | None:
    """The files that git tracks or would track; None outside of a repository."""
    command = [
        "git",
        "-C",
        str(folder),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    try:
        reply = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return None
    if reply.returncode:
        return None
    names = [os.fsdecode(name) for name in reply.stdout.split(b"\0") if name]
    paths = [folder / name for name in names]
    return [path for path in paths if not is_foreign(path.relative_to(folder), folder)]


def walk_folder(folder: Path) -> Iterator[Path]:
    """The files below a folder, without those of virtual environments and the like."""
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        folders[:] = sorted(
            f for f in folders if f not in FOREIGN and not _is_environment(here / f)
        )
        for name in names:
            yield here / name
        # A link to a folder is not walked into: it is said where it leads out.
        yield from (here / name for name in folders if (here / name).is_symlink())


def is_foreign(relative: Path, folder: Path) -> bool:
    here = folder
    for part in relative.parts[:-1]:
        here = here / part
        if part in FOREIGN or _is_environment(here):
            return True
    return False


def leads_out(path: Path, root: Path) -> bool:
    """Whether a symbolic link, its own or a folder's above it, ends outside of the root."""
    return not path.resolve().is_relative_to(root.resolve())


def is_env_file(path: Path) -> bool:
    return bool(ENV_FILE.match(path.name)) and not path.name.endswith(
        (".py", ".js", ".ts", ".json")
    )


def project_root(path: Path) -> Path:
    """The folder that a path's imports are looked up in: its repository, or its project."""
    start = path if path.is_dir() else path.parent
    for marker in (".git", "pyproject.toml"):
        for folder in (start, *start.parents):
            if (folder / marker).exists():
                return folder
    here = Path.cwd()
    return here if start.is_relative_to(here) else start


def uncommitted(paths: Iterable[Path]) -> list[Path]:
    """Those of the files that hold changes which git does not have."""
    by_folder: dict[Path, list[Path]] = {}
    for path in paths:
        by_folder.setdefault(path.parent, []).append(path)
    dirty: list[Path] = []
    for folder, members in by_folder.items():
        names = [path.name for path in members]
        command = ["git", "-C", str(folder), "status", "--porcelain", "-z", "--", *names]
        try:
            reply = subprocess.run(command, capture_output=True, check=False)
        except OSError:
            continue
        if reply.returncode:
            continue
        changed = reply.stdout.split(b"\0")
        # Paths are told from the repository's root: their last part is a name of this folder.
        last = {os.fsdecode(entry[3:]).rsplit("/", 1)[-1] for entry in changed if entry}
        dirty += [path for path in members if path.name in last]
    return dirty


@cache
def _is_environment(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").exists()


def _declared_encoding(data: bytes) -> str:
    for line in data.split(b"\n", 2)[:2]:
        match = CODING_LINE.match(line)
        if match:
            return match[1].decode("ascii")
        if line.strip() and not line.lstrip().startswith(b"#"):
            break
    return "utf-8"
