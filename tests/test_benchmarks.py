"""The benchmarks measure what they say; how fast anything is, no test asks."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks.measure import Comparison
from tests.conftest import REPOSITORY, Run


def render(*comparisons: Comparison) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(command.to_table(list(comparisons)))
    return capture.get()


def test_measure_pairs_in_turns_after_one_that_does_not_count() -> None:
    order: list[str] = []

    def measure(name: str, *times: float) -> Iterator[float]:
        for time in times:
            order.append(name)
            yield time

    ours, theirs = measure("ours", 99, 1, 2), measure("theirs", 99, 3, 4)

    comparison = Comparison("start", "bare").run(lambda: next(ours), lambda: next(theirs), pairs=2)

    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert (comparison.ours, comparison.theirs) == ([1, 2], [3, 4])


def test_take_the_median_and_the_quartiles_of_the_pairs() -> None:
    comparison = Comparison(
        "start", "bare", ours=[1.0, 2.0, 3.0, 4.0, 90.0], theirs=[1.0] * 4 + [10.0]
    )

    assert comparison.ratio == 3.0
    assert comparison.spread == (2.0, 4.0)
    assert Comparison("start", "bare", ours=[3.0], theirs=[2.0]).spread == (1.5, 1.5)


@pytest.mark.parametrize(
    ("bound", "verdict"), [(1.5, "1.50 holds"), (1.49, "1.49 EXCEEDED"), (None, "")]
)
def test_say_whether_a_bound_holds(bound: float | None, verdict: str) -> None:
    comparison = Comparison("app start", "bare", bound, ours=[3.0], theirs=[2.0])

    assert comparison.holds is (bound != 1.49)
    row = next(line for line in render(comparison).splitlines() if "app start" in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        *("app start", "bare", "3.00 s", "2.00 s", "1.50 (1.50-1.50)"),
        *(verdict, "1"),
    ]


@pytest.mark.parametrize(("bound", "code"), [(2.0, 0), (1.0, 1)])
def test_exit_with_1_when_a_bound_does_not_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bound: float, code: int
) -> None:
    comparison = Comparison("app start", "bare", bound, ours=[3.0], theirs=[2.0])
    monkeypatch.setattr(command, "_compare", lambda *_: [comparison])
    monkeypatch.setattr(sys, "argv", ["benchmarks", "app", "--json", str(tmp_path / "table.json")])

    with pytest.raises(SystemExit) as exit:
        command.main()

    assert exit.value.code == code
    assert json.loads((tmp_path / "table.json").read_text()) == [command.to_json(comparison)]


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
