"""Runs, as the Dev Server tells of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inngest_devtools.loopback import fetch

LIMIT = 399  # the server takes `first` only below 400
QUERY = """
query ($first: Int!, $filter: RunsFilterV2!) {
  runs(first: $first, orderBy: [{field: QUEUED_AT, direction: DESC}], filter: $filter) {
    edges { node { id status queuedAt endedAt output function { name slug } } }
  }
}
"""


@dataclass(frozen=True)
class Run:
    """One run; `status` as in "COMPLETED", `function` is its name."""

    id: str
    status: str
    function: str
    queued_at: datetime
    ended_at: datetime | None
    output: str | None


def read_runs(origin: str, statuses: Sequence[str] = (), first: int = LIMIT) -> list[Run]:
    """The latest runs, the latest first.

    Raises:
        OSError, ValueError, KeyError, TypeError: The server does not answer, or otherwise.
    """
    filters: dict[str, Any] = {"from": "2020-01-01T00:00:00Z"}
    if statuses:
        filters["status"] = list(statuses)
    query = {"query": QUERY, "variables": {"first": first, "filter": filters}}
    edges = fetch("POST", f"{origin}/v0/gql", query, timeout=3)["data"]["runs"]["edges"]
    return [_read(edge["node"]) for edge in edges]


def _read(node: dict[str, Any]) -> Run:
    function = node["function"] or {"name": "a function that is no more", "slug": ""}
    return Run(
        node["id"],
        node["status"],
        function["name"],
        _time(node["queuedAt"]) or datetime.max,
        _time(node["endedAt"]),
        node["output"],
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None
