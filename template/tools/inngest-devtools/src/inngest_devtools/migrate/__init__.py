"""`inngest-dev migrate`: turns code of the older guide, and of SDK 0.3 and 0.4, into today's.

Reads code and never imports it. What is certain is rewritten; the rest is said.
"""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from inngest_devtools.words import t


def main(paths: Sequence[Path], *, write: bool, force: bool) -> int:
    """Run the command.

    Args:
        paths: Files and folders, of one project or of several.
        write: Write the changes, instead of showing them as a diff.
        force: Write also over changes that git does not have.

    Returns:
        The exit code: 0 when nothing is left to do or it was done, 1 when something is or a file
        could not be written, 2 when the command cannot start.
    """
    if find_spec("libcst") is None:
        how = _how_to_get_it(" ".join(sys.argv[2:]))
        print(t("inngest-dev migrate needs libcst: {how}", how=how), file=sys.stderr)
        return 2
    from inngest_devtools.migrate import command

    return command.run(paths, write=write, force=force)


def _how_to_get_it(words: str) -> str:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "uv.lock").exists():
            return _how_with_uv(folder, words)
    return t("pip install libcst, then inngest-dev migrate {words}", words=words)


def _how_with_uv(project: Path, words: str) -> str:
    """The devtools are a dependency of the project, or stand in its tree alone."""
    pyproject = project / "pyproject.toml"
    is_dependency = pyproject.exists() and "inngest-devtools" in pyproject.read_text("utf-8")
    if is_dependency or not (project / "tools" / "inngest-devtools").exists():
        return f"uv run --with libcst inngest-dev migrate {words}"
    extra = '"./tools/inngest-devtools[migrate]"'
    return f"uv run --with-editable {extra} inngest-dev migrate {words}"
