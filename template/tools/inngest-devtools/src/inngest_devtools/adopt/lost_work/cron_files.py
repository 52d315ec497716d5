"""Programs of theirs that cron starts: crontabs, images that write one, Kubernetes' CronJobs."""

import re
from collections.abc import Iterator
from pathlib import Path

from inngest_devtools.adopt.lost_work.place import LostWork
from inngest_devtools.adopt.sources import SKIPPED, list_files
from inngest_devtools.words import later, t

LARGEST = 100_000  # bytes of a file that is read
LOSS = later("a run that fails, or that a restart meets, is gone; nobody is told")

FIELD = r"[\d*][\d*/,-]*"
MONTHS_AND_DAYS = r"[\dA-Za-z*][\dA-Za-z*/,-]*"
CRON_LINE = re.compile(
    rf"(?P<when>{FIELD}\s+{FIELD}\s+{FIELD}\s+{MONTHS_AND_DAYS}\s+{MONTHS_AND_DAYS}"
    r"|@(?:hourly|daily|weekly|monthly|yearly|annually|midnight))\s+(?P<what>\S.*)"
)
PYTHON = re.compile(r"\bpython[\d.]*\b|\bpoetry run\b|\buv run\b|\S+\.py\b")
PROGRAM = re.compile(r"[\w./-]+\.py\b|-m\s+[\w.]+")
CRON_JOB = re.compile(r"^kind:\s*CronJob\s*$", re.MULTILINE)
LIST_SIGNS = re.compile(r"[\"',\[\]]|^\s*-\s", re.MULTILINE)  # of a command in YAML
SCHEDULE = re.compile(r"^\s*schedule:", re.MULTILINE)


def find_cron_lines(root: Path) -> Iterator[LostWork]:
    for path in sorted(list_files(root)):
        name = path.relative_to(root).as_posix()
        if SKIPPED & set(name.split("/")) or not _may_have_schedule(name.lower()):
            continue
        text = _read(path)
        if path.suffix in (".yaml", ".yml"):
            yield from _find_cron_jobs(name, text)
        else:
            yield from _find_lines(name, text)


def _may_have_schedule(name: str) -> bool:
    file = name.rpartition("/")[2]
    is_crontab = "cron" in name and not file.endswith((".py", ".md", ".lock", ".ts", ".js"))
    return is_crontab or "dockerfile" in file or file.endswith((".sh", ".yaml", ".yml"))


def _find_lines(name: str, text: str) -> Iterator[LostWork]:
    for number, line in enumerate(text.splitlines(), start=1):
        found = CRON_LINE.search(line)
        if found and not line.lstrip().startswith("#") and PYTHON.search(found["what"]):
            what = t("cron job {work}", work=_program(found["what"]))
            yield LostWork(name, number, what, t(LOSS), "scheduled")


def _find_cron_jobs(name: str, text: str) -> Iterator[LostWork]:
    """One for each document of the file that runs Python."""
    number = 1
    for document in re.split(r"^---.*$", text, flags=re.MULTILINE):
        schedule = SCHEDULE.search(document)
        if schedule and CRON_JOB.search(document) and PYTHON.search(document):
            line = number + document[: schedule.end()].count("\n")
            words = " ".join(LIST_SIGNS.sub(" ", document).split())
            what = t("cron job {work}", work=_program(words))
            yield LostWork(name, line, what, t(LOSS), "scheduled")
        number += document.count("\n")


def _program(command: str) -> str:
    found = PROGRAM.search(command)
    return found[0] if found else command.split()[0]


def _read(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        return ""
    return path.read_text("utf-8", "replace")
