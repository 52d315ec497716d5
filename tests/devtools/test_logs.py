"""What the terminal shows of log files."""

from pathlib import Path

import pytest
from inngest_devtools.logs import Logs, Tail


def test_read_of_much_at_once_the_last_and_say_so(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(b"first\n")
    tail = Tail(log, limit=5_000)
    assert tail.read() == ["first"]

    with log.open("ab") as file:
        file.write(b"x" * 99 + b"\n" + b"and so on\n" * 900)
    told, *lines = tail.read()

    assert told == "(4 kB more are in app.log.)"
    assert lines == ["and so on"] * 500


def test_show_neither_routine_nor_calls_of_functions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "app.log"
    call = '"\x1b[1mPOST /api/inngest?fnId=my-app-report&stepId=step HTTP/1.1\x1b[0m"'
    lines = [
        "INFO:     Application startup complete.",
        f"INFO:     127.0.0.1:5 - {call} \x1b[32m206 Partial Content\x1b[0m",
        f"INFO:     127.0.0.1:5 - {call} \x1b[31m500 Internal Server Error\x1b[0m",
        "printed by the app",
    ]
    log.write_text("".join(f"{line}\n" for line in lines))
    logs = Logs()
    logs.follow("app", log)

    logs.show()

    failed, printed = capsys.readouterr().out.splitlines()
    assert "500 Internal Server Error" in failed
    assert printed == "app     | printed by the app"
