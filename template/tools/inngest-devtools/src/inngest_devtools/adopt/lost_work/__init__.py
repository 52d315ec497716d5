"""Where work gets lost today: to a restart, a crash, another service's bad minute.

Only what the code itself shows: a missed place is no harm, a wrong one costs trust.
"""

from pathlib import Path

from inngest_devtools.adopt.calls import Function, find_functions
from inngest_devtools.adopt.lost_work.cron_files import find_cron_lines
from inngest_devtools.adopt.lost_work.place import LostWork, Rule
from inngest_devtools.adopt.lost_work.queues import find_actors, find_enqueued, find_queued
from inngest_devtools.adopt.lost_work.requests import (
    find_background_tasks,
    find_model_calls,
    find_sleeps,
    find_spawned,
    find_webhooks,
)
from inngest_devtools.adopt.lost_work.retries import find_retries
from inngest_devtools.adopt.lost_work.schedules import find_decorated, find_scheduled
from inngest_devtools.adopt.sources import Source

__all__ = ["LostWork", "find_lost_work"]

FUNCTION_RULES: tuple[Rule, ...] = (
    find_background_tasks,
    find_spawned,
    find_webhooks,
    find_sleeps,
    find_model_calls,
    find_retries,
    find_decorated,
    find_queued,
    find_enqueued,
)
SOURCE_RULES = (find_scheduled, find_actors)

# Who runs these sits before the terminal: what fails there is seen, and tried again by hand.
BY_HAND = {"cli", "tools", "scripts", "examples", "benchmarks", "evaluation"}
COMMAND_LINE = {"argparse", "click", "typer", "fire"}


def find_lost_work(root: Path, sources: list[Source]) -> list[LostWork]:
    """Every place, by path and line."""
    functions = [one for one in find_functions(sources) if not _is_run_by_hand(one)]
    found = {place for one in functions for rule in FUNCTION_RULES for place in rule(one)}
    found |= {place for one in sources for rule in SOURCE_RULES for place in rule(one)}
    found |= set(find_cron_lines(root))
    return sorted(found)


def _is_run_by_hand(function: Function) -> bool:
    if function.reached_from:
        return False
    source = function.source
    folders = set(source.path.lower().split("/")[:-1])
    return bool(folders & BY_HAND) or bool(source.imported_packages & COMMAND_LINE)
