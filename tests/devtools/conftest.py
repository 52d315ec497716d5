"""A generated project of its own for each test, with free ports and a stand-in for the Inngest CLI."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest
from inngest_devtools.testing import free_ports

from tests.devtools.workspace import SCRIPTS, Workspace


@pytest.fixture
def make_workspace(
    project: Path, clean_env: dict[str, str], tmp_path: Path
) -> Iterator[Callable[[str], Workspace]]:
    with ExitStack() as cleanup:

        def make(name: str) -> Workspace:
            path = tmp_path / name
            shutil.copytree(project, path, ignore=shutil.ignore_patterns(".venv", "uv.lock"))
            app_port, *ports = free_ports(5)
            config_file = path / "bin" / "inngest" / "inngest.config.json"
            keys = (
                "port",
                "connect-gateway-port",
                "connect-gateway-grpc-port",
                "connect-executor-grpc-port",
            )
            config = json.loads(config_file.read_text()) | dict(zip(keys, ports, strict=True))
            config_file.write_text(json.dumps(config))
            (path / ".env").write_text(
                f"PORT={app_port}\nINNGEST_BASE_URL=http://127.0.0.1:{ports[0]}\n"
            )
            folders = (path / "src", path / "tools" / "inngest-devtools" / "src")
            env = clean_env | {
                "PYTHONPATH": os.pathsep.join(map(str, folders)),
                "PYTHONIOENCODING": "utf-8",
            }
            workspace = Workspace(path, project / ".venv" / SCRIPTS, env, ports[0], app_port)
            workspace.use_stand_in()
            cleanup.callback(_end_server, path)
            cleanup.push(workspace.cleanup)
            return workspace

        yield make


@pytest.fixture
def workspace(make_workspace: Callable[[str], Workspace]) -> Workspace:
    return make_workspace("my app")


def _end_server(path: Path) -> None:
    with suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
        saved = json.loads((path / ".inngest" / "dev-server.json").read_text())
        process = psutil.Process(saved["pid"])
        if abs(process.create_time() - saved["started"]) < 1:
            for each in [*process.children(recursive=True), process]:
                each.kill()
