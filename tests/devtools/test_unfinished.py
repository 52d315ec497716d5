"""Runs that cannot go on: the end, a crash and the next start tell of them."""

import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest

from tests.devtools.workspace import Terminal, Workspace, wait_for

pytestmark = pytest.mark.slow

TABLES = """
CREATE TABLE functions (id, name);
CREATE TABLE function_runs (run_id, function_id, run_started_at);
CREATE TABLE function_finishes (run_id);
INSERT INTO functions VALUES (1, 'Report'), (2, 'Import');
INSERT INTO function_runs VALUES ('a', 1, '{now}'), ('b', 2, '{now}'), ('c', 2, '{now}');
INSERT INTO function_runs VALUES ('d', 2, '{now}'), ('e', 1, '2020-01-01 00:00:00');
INSERT INTO function_finishes VALUES ('d');
"""


def end(terminal: Terminal) -> str:
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.wait() == 0
    return terminal.text


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX systems")
def test_end_and_next_start_tell_of_runs(workspace: Workspace) -> None:
    workspace.use_stand_in("unfinished")
    first = workspace.start_dev()
    for name in ("report/due", "import/due", "import/due"):
        url = f"{workspace.url}/e/key"
        httpx.post(url, json={"name": name, "data": {}}, trust_env=False)
    runs = "3 runs (2 of import/due, 1 of report/due)"
    told = f"{runs} cannot go on without the Dev Server. To keep such runs while the app ends"
    assert told in end(first)

    second = workspace.start_dev()
    second.wait_for(f"{runs} of an earlier Dev Server cannot go on: start them anew. ")
    assert "without the Dev Server" not in end(second)

    third = workspace.start_dev()
    time.sleep(1)
    assert "cannot go on" not in end(third)


def test_crash_tells_of_runs(workspace: Workspace) -> None:
    terminal = workspace.start_dev()
    wait_for((workspace.path / ".inngest" / "unfinished.json").exists, "the first look")
    time.sleep(1.1)  # what is told is of a whole second
    with closing(sqlite3.connect(workspace.path / ".inngest" / "main.db")) as database:
        database.executescript(TABLES.format(now=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"))

    psutil.Process(workspace.status()["pid"]).kill()

    assert terminal.wait() != 0
    told = "3 runs (2 of Import, 1 of Report) cannot go on, for the Dev Server is gone."
    assert told in terminal.text


def test_missing_database_is_said_before_the_start(workspace: Workspace) -> None:
    config = workspace.path / "bin/inngest/inngest.config.json"
    uri = "postgresql://u:secret@127.0.0.1:1/db"
    config.write_text(config.read_text().replace('"persist": true', f'"postgres-uri": "{uri}"'))

    failed = workspace.run("dev")

    assert failed.returncode == 1
    assert failed.stderr.startswith(
        'ERROR:    Nothing listens at 127.0.0.1:1, where "postgres-uri" in '
        "bin/inngest/inngest.config.json has the Dev Server's database: start PostgreSQL there, "
    )
    assert failed.stderr.count("\n") == 1
    assert "secret" not in failed.stderr
    assert not (workspace.path / ".inngest").exists()
    doctor = workspace.dev_server("doctor").stdout
    assert "fail database  Nothing listens at 127.0.0.1:1" in doctor


@pytest.mark.skipif(
    not os.environ.get("INNGEST_BIN", shutil.which("inngest")), reason="INNGEST_BIN names no CLI"
)
def test_kill_the_app_in_its_middle_as_the_readme_says(workspace: Workspace) -> None:
    """README, "Kill it and see": each step runs once, and the run ends although the app died."""
    workspace.env["INNGEST_BIN"] = os.environ.get("INNGEST_BIN") or str(shutil.which("inngest"))
    function = workspace.functions / "multi_step_workflow.py"
    ledger = workspace.path / "ledger.txt"
    text = function.read_text("utf-8").replace("seconds=1)", "seconds=15)")
    for step in ("fetch_data", "process_data", "save_result"):
        text = text.replace(f"async def {step}(", f"@note\nasync def {step}(")
    function.write_text(text.replace("PAUSE = ", NOTE.format(ledger=ledger) + "PAUSE = "), "utf-8")
    assert workspace.dev_server("start").returncode == 0
    first = workspace.start_dev()
    assert "The Dev Server runs already" in first.text
    assert (
        "Sent workflow/start" in workspace.run("inngest-dev", "send", "multi-step-workflow").stdout
    )
    wait_for(lambda: _read(ledger) == ["fetch_data", "process_data"], "two steps")

    first.process.kill()
    first.wait()
    workspace.start_dev()

    wait_for(lambda: len(_read(ledger)) > 2, "the third step")
    time.sleep(1)
    assert _read(ledger) == ["fetch_data", "process_data", "save_result"]


NOTE = """
import functools


def note(step):
    @functools.wraps(step)
    async def noted(*arguments):
        with open({str!r}.format({ledger!r}), "a") as file:
            file.write(step.__name__ + "\\n")
        return await step(*arguments)

    return noted


""".replace("{str!r}.format({ledger!r})", '"{ledger}"')


def _read(ledger: Path) -> list[str]:
    return ledger.read_text().split() if ledger.exists() else []
