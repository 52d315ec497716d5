"""The benchmarks measure what they say; how fast anything is, no test asks."""

import json
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Run


@pytest.mark.slow
def test_measure_the_app_beside_the_bare_sdk(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "table.json"

    result = run(
        *(sys.executable, "-m", "benchmarks", "app", "--pairs", "1", "--json", table),
        cwd=REPOSITORY,
        check=False,
    )

    assert table.exists(), result.stderr
    rows = json.loads(table.read_text())
    assert {row["against"] for row in rows} == {"bare FastAPI + SDK"}
    assert [row["what"] for row in rows] == [
        "app start to the first 200",
        "one step call in development",
        "one step call in production",
        "five steps, stand-in server",
    ]
    assert all(row["ours_seconds"] > 0 and row["theirs_seconds"] > 0 for row in rows)
    assert result.returncode == (0 if all(row["holds"] for row in rows) else 1)
