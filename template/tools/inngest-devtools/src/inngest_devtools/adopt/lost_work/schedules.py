"""What runs on a schedule inside of a process of theirs."""

import ast
from collections.abc import Iterator

from inngest_devtools.adopt.calls import Function, name_of
from inngest_devtools.adopt.lost_work.place import LostWork, place_at
from inngest_devtools.adopt.sources import Source
from inngest_devtools.words import later, t

LOSS = later("runs in each process, or in none while it restarts; a failed run is not tried again")
JOB_METHODS = {"add_job", "add_schedule"}  # of APScheduler 3 and 4


def find_decorated(function: Function) -> Iterator[LostWork]:
    """`@repeat_every`, `@scheduler.scheduled_job`, `@aiocron.crontab`."""
    packages = function.source.imported_packages
    for decorator in function.node.decorator_list:
        name = name_of(decorator)
        is_repeated = name.rpartition(".")[2] in ("repeat_every", "repeat_at")
        is_job = name.endswith(".scheduled_job") and "apscheduler" in packages
        is_cron = name.rpartition(".")[2] == "crontab" and "aiocron" in packages
        if is_repeated or is_job or is_cron:
            what = f"@{name} {function.node.name}"
            yield place_at(function, decorator, what, t(LOSS), "scheduled")


def find_scheduled(source: Source) -> Iterator[LostWork]:
    """Jobs of APScheduler, `schedule`, arq and Celery's beat, wherever they are added."""
    for node in source.nodes:
        if not isinstance(node, ast.Call):
            continue
        if _adds_job(source, node) or _is_cron_of_arq(source, node):
            work = name_of(node.args[0]) if node.args else "?"
            what = t("scheduled job {work}", work=work)
            yield LostWork(source.path, node.lineno, what, t(LOSS), "scheduled")
        elif _is_beat(source, node):
            what = t("schedule of Celery's beat")
            yield LostWork(source.path, node.lineno, what, t(LOSS), "scheduled")


def _adds_job(source: Source, call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    owner, method = name_of(call.func.value), call.func.attr
    if method in JOB_METHODS:
        return "apscheduler" in source.imported_packages or "scheduler" in owner.lower()
    is_schedule = "schedule" in source.imported_packages and owner.startswith("schedule.every")
    return is_schedule and method == "do"


def _is_cron_of_arq(source: Source, call: ast.Call) -> bool:
    name = name_of(call.func)
    return source.imported_names.get(name) in (("arq", "cron"), ("arq.cron", "cron"))


def _is_beat(source: Source, call: ast.Call) -> bool:
    name = name_of(call.func)
    return source.imported_names.get(name) == ("celery.schedules", "crontab")
