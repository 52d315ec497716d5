"""The template as a user has it: a clean clone with one release, no trust, no settings of this
machine.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest
import yaml
from copier import run_copy
from inngest_devtools.testing import RealServer, StandIn

from tests.testing.inngest_app import SIGNING_KEY, App
from tests.warm_copier import WarmCopier, remember

REPOSITORY = Path(__file__).parents[1]
EXAMPLES = list(
    yaml.safe_load((REPOSITORY / "copier.yml").read_text())["examples"]["choices"].values()
)
ALL_EXAMPLES = f"examples=[{', '.join(EXAMPLES)}]"

posix_only = pytest.mark.skipif(
    os.name == "nt", reason="file modes, paths or names that Windows does not have"
)

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--inngest-dev-server",
        action="store_true",
        help="hold the stand-in's tests against a real Dev Server",
    )
    parser.addoption(
        "--update-cases", type=int, default=24, help="how many randomly edited projects are updated"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let tests import the app of a generated project, `core` and `server`, in dev mode."""
    remember()
    if not hasattr(config, "workerinput"):  # the workers find what the first process rendered
        folder = tempfile.TemporaryDirectory(prefix="rendered-")
        config.add_cleanup(folder.cleanup)
        render(Path(folder.name) / "project")
        os.environ["RENDERED_PROJECT"] = f"{folder.name}/project"
    sys.path.insert(0, os.environ["RENDERED_PROJECT"] + "/src")
    for name in [
        name for name in os.environ if name.startswith("INNGEST_") and name != "INNGEST_BIN"
    ]:
        del os.environ[name]
    os.environ |= {"INNGEST_DEV": "1", "INNGEST_ENV_FILE": ""}


def render(destination: Path, **answers: object) -> None:
    """The template as it is in the work tree, with every example; faster than from a release."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("copier.yml", "hooks", "template"):
            source = REPOSITORY / name
            copy_whole = shutil.copytree if source.is_dir() else shutil.copy
            copy_whole(source, Path(folder, name))
        data = {"examples": EXAMPLES} | answers
        run_copy(folder, destination, data=data, defaults=True, quiet=True)


@pytest.fixture(scope="session")
def update_cases(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--update-cases"))


@pytest.fixture(scope="session")
def copier_template_paths() -> list[str]:
    """What pytest-copier takes for its clone.

    Left empty it takes all, a `.git` that belongs to a worktree included.
    """
    return ["copier.yml", "hooks", "template", ".gitattributes", ".gitignore"]


@pytest.fixture(scope="session")
def clean_env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment without what this machine could help with: Copier settings, git's variables,
    Inngest's, pytest's.
    """
    prefixes = ("COPIER_", "GIT_", "INNGEST_", "VIRTUAL_ENV", "UV_PROJECT", "PYTEST_", "PYTHON")
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(prefixes) and name != "PORT"
    }
    folder = tmp_path_factory.mktemp("settings")
    (folder / "settings.yml").write_text("{}\n")
    env["COPIER_SETTINGS_PATH"] = str(folder / "settings.yml")
    env["MYPY_CACHE_DIR"] = str(folder / "mypy")  # it reads the same libraries in every project
    env["NO_COLOR"] = "1"
    env["UV_SYSTEM_CERTS"] = "true"  # outside of a project, whose settings say so
    for role in ("AUTHOR", "COMMITTER"):
        env[f"GIT_{role}_NAME"] = "Tester"
        env[f"GIT_{role}_EMAIL"] = "tester@example.com"
    return env


@pytest.fixture(scope="session")
def warm_copier(copier_template: Path, clean_env: dict[str, str]) -> Iterator[WarmCopier | None]:
    """None where a system has no fork."""
    if not hasattr(os, "fork"):
        yield None
        return
    copier = WarmCopier(copier_template, clean_env)
    yield copier
    copier.close()


@pytest.fixture(scope="session")
def run(clean_env: dict[str, str], request: pytest.FixtureRequest) -> Run:
    """Run a command in the clean environment, without a terminal.

    `run("uv", "sync", cwd=path, check=True, env={"PORT": "1"})`: `check` fails the test with the
    command's output, `env` adds variables.
    """

    def _run(
        *command: str | Path,
        cwd: Path,
        check: bool = True,
        env: dict[str, str] | None = None,
        timeout: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        words = [str(part) for part in command]
        whole_env = clean_env | (env or {})
        copier: WarmCopier | None = None
        if words[0] == "copier":
            copier = request.getfixturevalue("warm_copier")
        if copier:
            result = copier.run(words, cwd, whole_env)
        else:
            result = subprocess.run(
                words,
                cwd=cwd,
                env=whole_env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=timeout,
            )
        if check and result.returncode:
            pytest.fail(
                f"{command} ended with {result.returncode}\n{result.stdout}\n{result.stderr}"
            )
        return result

    return _run


@pytest.fixture(scope="session")
def try_copy(copier_template: Path, run: Run) -> Run:
    """`copier copy --defaults` as a user types it: the command line, no trust.

    `try_copy(destination, "port=9000")`: answers as "name=value"; whether it worked is in the
    result.
    """

    def _try_copy(destination: Path, *answers: str) -> "subprocess.CompletedProcess[str]":
        data = [part for answer in answers for part in ("--data", answer)]
        command = ("copier", "copy", "--quiet", "--defaults", *data, copier_template, destination)
        return run(*command, cwd=destination.parent, check=False)

    return _try_copy


@pytest.fixture(scope="session")
def copy(try_copy: Run) -> Callable[..., Path]:
    """The same for a copy that has to work: its folder."""

    def _copy(destination: Path, *answers: str) -> Path:
        result = try_copy(destination, *answers)
        if result.returncode:
            pytest.fail(f"{destination} could not be copied\n{result.stdout}\n{result.stderr}")
        return destination

    return _copy


@pytest.fixture(scope="session")
def project(
    request: pytest.FixtureRequest,
    copy: Callable[..., Path],
    run: Run,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A generated project with every example, installed.

    Read and run it; copy it before changing it. One for all processes of the session: the first
    makes it, the others wait.
    """
    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        folder = folder.parent
    path, ready = folder / "installed" / "my-app", folder / "installed" / "ready"
    try:
        path.parent.mkdir()
    except FileExistsError:
        wait_for_file(ready)
        return path
    copy(path, ALL_EXAMPLES, "os=all")
    run("uv", "sync", "--quiet", "--python", sys.executable, cwd=path)
    # a copy keeps the times of its files, and so what is compiled here is not compiled there again
    run(python_of(path), "-m", "compileall", "-q", "src", "tools", "tests", cwd=path)
    ready.touch()
    return path


def wait_for_file(path: Path, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path}: the process that makes it has failed"
        time.sleep(0.2)


@pytest.fixture
def changed_project(project: Path, tmp_path: Path) -> Path:
    """A copy of the project to change; it runs in the environment of the first, with `PYTHONPATH`
    on its `src`.
    """
    return Path(
        shutil.copytree(project, tmp_path / "changed", ignore=shutil.ignore_patterns(".venv"))
    )


def python_of(project: Path) -> Path:
    """The interpreter of an installed project."""
    return project / (".venv/Scripts/python.exe" if os.name == "nt" else ".venv/bin/python")


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Iterator[App]:
    """An Inngest app in dev mode, with a server of its own."""
    with ExitStack() as stack:
        yield App(stack, find_server(request))


def find_server(request: pytest.FixtureRequest) -> StandIn:
    if not request.config.getoption("--inngest-dev-server"):
        return StandIn()
    if request.node.get_closest_marker("stand_in"):
        pytest.skip("about the stand-in, or waits longer than a test can")
    path = os.environ.get("INNGEST_BIN") or shutil.which("inngest")
    if not path:
        pytest.fail("--inngest-dev-server needs the Inngest CLI: name it in INNGEST_BIN")
    return cast("StandIn", RealServer(Path(path)))  # to a test that is not marked they are alike


@pytest.fixture
def production_app() -> Iterator[App]:
    """An Inngest app in production mode: every request and response is signed."""
    with ExitStack() as stack:
        yield App(stack, StandIn(signing_key=SIGNING_KEY), signing_key=SIGNING_KEY)
