"""Runs, as the Dev Server tells of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inngest_devtools.loopback import fetch

TIMEOUT = 2.0  # seconds
LIMIT = 50  # runs; the server takes fewer than 400 at once
LIST_QUERY = """
query ($first: Int!, $filter: RunsFilterV2!) {
  runs(first: $first, orderBy: [{field: QUEUED_AT, direction: DESC}], filter: $filter) {
    edges { node { id } }
  }
}
"""
RUN_FIELDS = "{ id status queuedAt output function { name } }"


@dataclass(frozen=True)
class Run:
    """One run; `status` as in "COMPLETED", `function` is its name."""

    id: str
    status: str
    function: str
    queued_at: datetime
    output: str | None


def read_runs(origin: str, statuses: Sequence[str] = (), first: int = LIMIT) -> list[Run]:
    """The latest runs, the latest first.

    Args:
        origin: The Dev Server's address.
        statuses: Those that count; empty for all.
        first: How many.

    Raises:
        OSError, ValueError, KeyError, TypeError: The server does not answer, or otherwise.
    """
    filters: dict[str, Any] = {"from": "2020-01-01T00:00:00Z"}
    if statuses:
        filters["status"] = list(statuses)
    reply = _ask(origin, LIST_QUERY, {"first": first, "filter": filters})
    ids = [edge["node"]["id"] for edge in reply["runs"]["edges"]]
    if not ids:
        return []
    # The list has neither outputs nor, now and then, the end of a run; each run itself has both.
    parts = [f'r{index}: run(runID: "{id}") {RUN_FIELDS}' for index, id in enumerate(ids)]
    details = _ask(origin, f"{{ {' '.join(parts)} }}")
    runs = [_read(details[f"r{index}"]) for index in range(len(ids))]
    return [run for run in runs if not statuses or run.status in statuses]


def _ask(origin: str, query: str, variables: object = None) -> dict[str, Any]:
    body = {"query": query, "variables": variables or {}}
    return dict(fetch("POST", f"{origin}/v0/gql", body, timeout=TIMEOUT)["data"])


def _read(node: dict[str, Any]) -> Run:
    function = node["function"] or {"name": "a function that is no more"}
    queued_at = datetime.fromisoformat(node["queuedAt"].replace("Z", "+00:00"))
    return Run(node["id"], node["status"], function["name"], queued_at, node["output"])
