import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from inngest_devtools.testing import StandIn

from tests.production.inngest_start import InngestStart, make_inngest
from tests.production.service import SIGNING_KEY, Service


@pytest.fixture(scope="session")
def deployment(copy: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated project with every deployment file; not installed."""
    return copy(tmp_path_factory.mktemp("deployment") / "my-app", "deploy=[compose, kubernetes]")


@pytest.fixture
def make_service(
    project: Path, clean_env: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., Service]]:
    """`make_service(probe=text)`: the generated app in production mode, with a module of functions
    added, started. Its Inngest is a stand-in of its own, unless one is given as `executor`.
    """
    with ExitStack() as stack:

        def make(
            *,
            start: bool = True,
            env: dict[str, str] | None = None,
            executor: InngestStart | None = None,
            **modules: str,
        ) -> Service:
            path = tmp_path / "app"
            shutil.copytree(project, path, ignore=shutil.ignore_patterns(".venv", ".env"))
            for name, text in modules.items():
                (path / f"src/core/inngest/functions/{name}.py").write_text(text, encoding="utf-8")
            server = executor or stack.enter_context(StandIn(signing_key=SIGNING_KEY))
            service = Service(path, project, clean_env | (env or {}), server)
            stack.callback(service.end)
            if start:
                service.start()
            return service

        yield make


@pytest.fixture(scope="module")
def service(
    project: Path, clean_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The generated app in production mode, for all tests of a module that change nothing."""
    path = tmp_path_factory.mktemp("service") / "app"
    shutil.copytree(project, path, ignore=shutil.ignore_patterns(".venv", ".env"))
    with StandIn(signing_key=SIGNING_KEY) as executor:
        service = Service(path, project, clean_env, executor)
        service.start()
        yield service
        service.end()


@pytest.fixture
def inngest_start(tmp_path: Path) -> Iterator[InngestStart]:
    """A real server, where there is one; not started."""
    server = make_inngest(tmp_path)
    yield server
    server.kill()
