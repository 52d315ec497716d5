"""How a generated project starts: at once with nothing set, and not at all with something wrong
set.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from inngest_devtools.testing import StandIn

from tests.conftest import EXAMPLES, Run, python_of

FUNCTIONS = "src/core/inngest/functions"

pytestmark = pytest.mark.slow


def start(
    run: Run, project: Path, env: dict[str, str] | None = None, *, folder: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Start uvicorn in a folder, the project's own by default, and wait for its end."""
    folder = folder or project
    command = (python_of(project), "-m", "uvicorn", "server.main:app", "--port", "0")
    return run(
        *command,
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src")} | (env or {}),
        check=False,
        timeout=120,
    )


def read_problem(result: "subprocess.CompletedProcess[str]") -> str:
    """What the app ends with under plain uvicorn: below the traceback that any exception has.

    `uv run dev` shows this alone.
    """
    return result.stderr.rpartition("core.inngest.errors.ConfigurationError: ")[2].rstrip()


@pytest.fixture
def served(project: Path, clean_env: dict[str, str]) -> Iterator[str]:
    """The project started as its README says, with nothing set but a port: a free one."""
    process = subprocess.Popen(
        ["uv", "run", "--no-sync", "uvicorn", "server.main:app", "--port", "0"],
        cwd=project,
        env=clean_env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"running on (http://[\d.:]+)", line):
                yield found[1]
                return
        pytest.fail("".join(said))
    finally:
        process.terminate()
        process.communicate(timeout=120)


def test_start_with_nothing_set_serves_every_function_in_dev_mode(served: str) -> None:
    inngest = httpx.get(f"{served}/api/inngest").json()

    assert inngest["mode"] == "dev"
    assert inngest["function_count"] >= len(EXAMPLES)
    assert httpx.get(f"{served}/healthz").json() == {"status": "ok"}


def test_start_hides_inngest_in_the_api_docs(served: str) -> None:
    paths = httpx.get(f"{served}/openapi.json").json()["paths"]

    assert {"/healthz", "/readyz", "/api/v1/workflows", "/api/v1/test/inngest"} <= set(paths)
    assert "/api/inngest" not in paths


def test_start_with_wrong_variable_ends_with_its_line(run: Run, project: Path) -> None:
    result = start(run, project, {"INNGEST_DEV": "0"})

    assert result.returncode == 1
    assert read_problem(result) == (
        "INNGEST_EVENT_KEY and INNGEST_SIGNING_KEY must be set in production: take the values "
        "from the Inngest dashboard or, self-hosted, from the server's settings."
    )


def test_start_with_a_wrong_setting_of_the_teams_own(run: Run, project: Path) -> None:
    result = start(run, project, {"LOG_LEVEL": "LOUD"})

    assert read_problem(result).startswith("LOG_LEVEL: Input should be 'DEBUG', 'INFO'")


def test_start_reads_env_file_and_the_environment_wins(
    run: Run, project: Path, changed_project: Path
) -> None:
    (changed_project / ".env").write_bytes(
        "\N{ZERO WIDTH NO-BREAK SPACE}INNGEST_BASE_URL=no-scheme\n".encode()
    )

    from_file = start(run, project, folder=changed_project)
    from_environment = start(
        run, project, {"INNGEST_BASE_URL": "http://no-port"}, folder=changed_project
    )

    assert "INNGEST_BASE_URL=no-scheme has no scheme" in from_file.stderr
    assert "INNGEST_BASE_URL=http://no-port has no port" in from_environment.stderr


def test_start_with_two_functions_of_one_id_names_both_files(
    run: Run, project: Path, changed_project: Path
) -> None:
    functions = changed_project / FUNCTIONS
    shutil.copy(functions / "approval.py", functions / "zz_copy.py")

    result = start(run, project, folder=changed_project)

    assert result.returncode == 1
    files = f"{FUNCTIONS}/approval.py and {FUNCTIONS}/zz_copy.py"
    assert read_problem(result) == f"{files} both define fn_id='approval': rename one of them."


def test_start_with_module_that_fails_to_import_names_its_line(
    run: Run, project: Path, changed_project: Path
) -> None:
    (changed_project / FUNCTIONS / "broken.py").write_text("import inngest\n\nnothing_like_this\n")

    result = start(run, project, folder=changed_project)

    assert result.returncode == 1
    place = f"{FUNCTIONS}/broken.py, line 3"
    assert read_problem(result) == f"{place}: NameError: name 'nothing_like_this' is not defined"


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "socks5://127.0.0.1:1"])
def test_send_event_to_this_machine_asks_no_proxy(run: Run, project: Path, proxy: str) -> None:
    code = (
        "from core.inngest.client import inngest_client; from core.inngest.events import "
        "ExampleEvent;"
        "print(len(inngest_client.send_sync(ExampleEvent().to_event())))"
    )
    with StandIn() as executor:
        env = {
            "INNGEST_DEV": executor.origin,
            "HTTP_PROXY": proxy,
            "ALL_PROXY": proxy,
            "NO_PROXY": "example.com",
        }
        result = run(python_of(project), "-c", code, cwd=project, env=env)

    assert result.stdout == "1\n"
