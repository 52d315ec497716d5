"""`uv run python -m benchmarks`: what the template costs, as ratios measured side by side in one
run.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import app, reload, server, templates
from benchmarks.measure import Comparison, MeasureError

GROUPS = ("templates", "app", "dev-server", "reload")
WITH_SERVER = {"dev-server", "reload"}  # groups that take the real Inngest CLI


def main() -> None:
    """Exit with 0 when every bound holds, 1 when one does not or could not be measured, 2 on wrong
    usage.
    """
    args = _parse_args()
    comparisons = []
    with tempfile.TemporaryDirectory(prefix="benchmarks-", ignore_cleanup_errors=True) as folder:
        try:
            for comparison in _compare(args, Path(folder)):
                comparisons.append(comparison)
                print(
                    f"{comparison.name}, {comparison.against}: {comparison.ratio:.2f}",
                    file=sys.stderr,
                )
        except MeasureError as error:
            sys.exit(f"ERROR: {error}")
    Console(width=120).print(to_table(comparisons))
    if args.json:
        args.json.write_text(
            json.dumps([to_json(one) for one in comparisons], indent=2) + "\n", encoding="utf-8"
        )
    sys.exit(0 if all(comparison.holds for comparison in comparisons) else 1)


def to_table(comparisons: list[Comparison]) -> Table:
    table = Table(title="Medians; in brackets the quartiles of the pairs' ratios")
    for heading in ("what", "against"):
        table.add_column(heading)
    for heading in ("ours", "theirs", "ratio", "bound", "pairs"):
        table.add_column(heading, justify="right")
    for one in comparisons:
        row = to_json(one)
        ratio = "{ratio:.2f} ({lower_quartile:.2f}-{upper_quartile:.2f})".format(**row)
        bound = (
            "" if one.bound is None else f"{one.bound:.2f} {'holds' if one.holds else 'EXCEEDED'}"
        )
        times = (_with_unit(row["ours_seconds"]), _with_unit(row["theirs_seconds"]))
        table.add_row(one.name, one.against, *times, ratio, bound, str(row["pairs"]))
    return table


def to_json(comparison: Comparison) -> dict[str, Any]:
    lower, upper = comparison.spread
    return {
        "what": comparison.name,
        "against": comparison.against,
        "ours_seconds": median(comparison.ours),
        "theirs_seconds": median(comparison.theirs),
        "ratio": comparison.ratio,
        "lower_quartile": lower,
        "upper_quartile": upper,
        "bound": comparison.bound,
        "holds": comparison.holds,
        "pairs": len(comparison.ours),
    }


def _with_unit(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1000:.2f} ms"


def _compare(args: argparse.Namespace, folder: Path) -> Iterator[Comparison]:
    for group in set(args.groups):
        (folder / group).mkdir()
    if "templates" in args.groups:
        yield from templates.compare(folder / "templates", args.pairs, args.peer, args.peer_answers)
    if "app" in args.groups:
        yield from app.compare(folder / "app", args.pairs)
    if "dev-server" in args.groups and args.inngest_bin:
        yield from server.compare(folder / "dev-server", args.pairs, args.inngest_bin)
    if "reload" in args.groups and args.inngest_bin:
        yield from reload.compare(folder / "reload", args.pairs, args.inngest_bin)


def _parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="What the template costs, as ratios."
    )
    parser.add_argument(
        "groups",
        nargs="*",
        default=GROUPS,
        metavar="GROUP",
        help=f"of {', '.join(GROUPS)}; all of them",
    )
    parser.add_argument(
        "--pairs", type=int, default=15, help="how often each is measured; %(default)s"
    )
    parser.add_argument(
        "--peer", type=Path, action="append", default=[], help="a checkout of another template"
    )
    parser.add_argument(
        "--peer-answers",
        type=Path,
        metavar="FILE",
        help="what the peers ask, in one file as for copier --data-file",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON, too")
    args = parser.parse_args()
    if unknown := set(args.groups) - set(GROUPS):
        parser.error(f"no group {', '.join(sorted(unknown))}: choose from {', '.join(GROUPS)}")
    if args.pairs < 1:
        parser.error("--pairs: at least 1")
    if args.json and not args.json.parent.is_dir():
        parser.error(f"--json: {args.json.parent} is no folder")
    if args.peer_answers and not args.peer_answers.is_file():
        parser.error(f"--peer-answers: {args.peer_answers} is not a file")
    if WITH_SERVER.intersection(args.groups):
        args.inngest_bin = _find_inngest(parser, required=args.groups is not GROUPS)
    return args


def _find_inngest(parser: argparse.ArgumentParser, *, required: bool) -> Path | None:
    name = os.environ.get("INNGEST_BIN")
    if name and not Path(name).is_file():
        parser.error(f"INNGEST_BIN={name} is not a file")
    if not name and required:
        parser.error("INNGEST_BIN does not name the Inngest CLI")
    if not name:
        print(
            "Without dev-server and reload: INNGEST_BIN does not name the Inngest CLI.",
            file=sys.stderr,
        )
    return Path(name).absolute() if name else None


if __name__ == "__main__":
    main()
