"""`dev-server doctor`: with nothing, half and all of it running, and where hosts hang."""

import json
import socket
import time

import pytest

from tests.devtools.workspace import Workspace, wait_for

pytestmark = pytest.mark.slow


def examine(workspace: Workspace) -> dict[str, tuple[str, str]]:
    report = json.loads(workspace.dev_server("doctor", "--json").stdout)
    return {check["name"]: (check["status"], check["detail"]) for check in report["checks"]}


def test_examine_nothing_running(workspace: Workspace) -> None:
    result = workspace.dev_server("doctor")

    assert result.returncode == 1
    assert "ok   settings  .env and the environment are valid\n" in result.stdout
    assert (
        "fail server    the Dev Server does not run\n               -> uv run dev, or uv run "
        "dev-server start" in result.stdout
    )
    assert f"fail app       no app answers at {workspace.app_url}/api/inngest\n" in result.stdout
    assert "warn event     not checked: it takes the Dev Server\n" in result.stdout


def test_examine_server_alone(workspace: Workspace) -> None:
    workspace.dev_server("start")

    checks = examine(workspace)

    assert checks["server"][0] == "ok"
    assert checks["app"][0] == "fail"
    assert checks["sync"] == ("warn", "not checked: it takes both")
    assert checks["event"] == ("ok", "sent and received")


def test_examine_app_alone(workspace: Workspace) -> None:
    workspace.spawn("dev", "--no-server").wait_for("Ctrl-C")

    checks = examine(workspace)

    assert checks["app"] == (
        "ok",
        f"{workspace.app_url} answers, with {workspace.function_count} functions",
    )
    assert (checks["server"][0], checks["ports"][0]) == ("fail", "ok")


def test_examine_all_running(workspace: Workspace) -> None:
    workspace.spawn("dev").wait_for("Ctrl-C")

    result = workspace.dev_server("doctor", "--json")

    report, count = json.loads(result.stdout), workspace.function_count
    assert (result.returncode, report["ok"]) == (0, True)
    assert [check["name"] for check in report["checks"]] == [
        *("cli", "settings", "variables", "config", "address", "database"),
        *("ports", "server", "app", "sync", "event"),
    ]
    assert {check["status"] for check in report["checks"]} == {"ok"}
    assert report["checks"][9]["detail"] == f"{count} of {count} functions synced"


def test_examine_refused_sync_shows_the_reason(workspace: Workspace) -> None:
    workspace.use_stand_in("refuse")
    workspace.spawn("dev").wait_for("Ctrl-C")

    reason = "not synced: At least one function is invalid: concurrency has 3 entries"
    assert examine(workspace)["sync"] == ("fail", reason)


def test_examine_hanging_hosts_ends_in_seconds(workspace: Workspace) -> None:
    workspace.use_stand_in("hang")
    workspace.spawn("dev-server", "start")
    # takes connections and answers none
    with socket.create_server(("127.0.0.1", workspace.app_port)):
        wait_for((workspace.path / ".inngest" / "dev-server.json").exists, "the server")
        start = time.monotonic()
        checks = examine(workspace)
        assert time.monotonic() - start < 20

    assert checks["server"][0] == "fail"
    assert "runs (pid" in checks["server"][1]
    assert "is held by" in checks["ports"][1]


def test_examine_bad_settings_stops_there(workspace: Workspace) -> None:
    with (workspace.path / ".env").open("a") as file:
        file.write("INNGEST_DEV=no\n")

    checks = examine(workspace)

    assert checks["settings"] == (
        "fail",
        "INNGEST_DEV=no is not a mode: write 1, 0 or the Dev Server's URL.",
    )
    assert checks["the rest"] == ("warn", "not checked")


def test_examine_settings_of_another_encoding(workspace: Workspace) -> None:
    (workspace.path / ".env").write_bytes("PORT=1\n".encode("utf-16"))

    assert examine(workspace)["settings"] == (
        "fail",
        ".env is not UTF-8: save it as that. (PowerShell's > and >> write UTF-16.)",
    )


def test_examine_app_that_talks_elsewhere(workspace: Workspace) -> None:
    with (workspace.path / ".env").open("a") as file:
        file.write("INNGEST_EVENT_API_BASE_URL=http://inngest.example.com:8288\n")

    status, detail = examine(workspace)["address"]

    assert status == "fail"
    assert (
        f"The app talks to http://inngest.example.com:8288, but the Dev Server listens on "
        f"{workspace.url}" in detail
    )


def test_examine_missing_and_other_cli(workspace: Workspace) -> None:
    workspace.env["INNGEST_BIN"] = ""
    workspace.env["PATH"] = "/nowhere"
    assert examine(workspace)["cli"] == ("fail", "the Inngest CLI is not installed")

    workspace.env["INNGEST_BIN"] = "/nowhere/inngest"
    status, detail = examine(workspace)["cli"]
    assert (status, detail[:50]) == ("fail", "INNGEST_BIN=/nowhere/inngest is not a file: correc")


def test_examine_port_that_the_system_reserves(workspace: Workspace) -> None:
    code = "import errno, socket\nimport sys\nfrom inngest_devtools import cli\n"
    # Windows: Hyper-V has taken a range
    code += "def refuse(*_): raise PermissionError(errno.EACCES, 'no')\n"
    code += (
        "socket.socket = type('Reserved', (socket.socket,), {'bind': refuse})\n"
        "sys.argv = ['inngest-dev', 'doctor']\ncli.main()"
    )

    report = workspace.python(code).stdout

    assert (
        f"fail ports     {workspace.port} is reserved by the system (on Windows by Hyper-V or "
        f"WSL)\n" in report
    )
    assert '-> free it, or give "port" another port' in report
