"""No function does what the Inngest SDK punishes silently: see the rules in AGENTS.md."""

from pathlib import Path

import pytest
from inngest_devtools.testing import find_mistakes

PROJECT = Path(__file__).parents[1]
PATHS = sorted(
    path.relative_to(PROJECT).as_posix()
    for path in PROJECT.glob("src/core/inngest/functions/**/*.py")
)


@pytest.mark.parametrize("path", PATHS)
def test_write_handlers_that_survive_replays(path: str) -> None:
    mistakes = find_mistakes((PROJECT / path).read_bytes(), path)

    assert not mistakes, "\n".join(mistakes)
