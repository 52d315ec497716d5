"""No function does what the Inngest SDK punishes silently."""

from pathlib import Path

import pytest
from inngest_devtools.project import get_project
from inngest_devtools.testing import check_file

FUNCTIONS = get_project().package_folder / "functions"
PATHS = sorted(path for path in FUNCTIONS.rglob("*.py") if not path.name.startswith("."))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.relative_to(FUNCTIONS).as_posix())
def test_write_handlers_that_survive_replays(path: Path) -> None:
    mistakes = check_file(path, get_project().import_root)

    assert not mistakes, "\n".join(mistakes)
