"""A file saved until its code is served, and until its functions are synced: `dev` against
`uvicorn --reload`, with the same app.
"""

import http.client
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inngest_devtools.dev_server.config import PORTS
from inngest_devtools.testing import free_ports

from benchmarks.commands import environment, run
from benchmarks.measure import Comparison, MeasureError
from benchmarks.project import create_apps, python_of

BOUND_SERVED, BOUND_SYNCED = 0.35, 0.45
AGAINST = "uvicorn --reload, served"
TIMEOUT = 30.0  # seconds
REST = 0.3  # seconds between two reloads, in which whoever reloads comes to rest
# What a project that has grown imports; none of them is used.
LIBRARIES = ("sqlalchemy", "openai", "boto3", "jinja2", "celery", "redis")

FUNCTION = """
import inngest

from core.inngest.client import inngest_client

VERSION = "{version}"


@inngest_client.create_function(
    fn_id="version", name=f"Version {{VERSION}}", trigger=inngest.TriggerEvent(event="version")
)
async def version(ctx: inngest.Context) -> str:
    return VERSION
"""
ROUTE = """
from fastapi import APIRouter

from core.inngest.functions.version import VERSION

router = APIRouter()


@router.get("/version")
async def get_version() -> str:
    return VERSION
"""


def compare(folder: Path, pairs: int, inngest_bin: Path) -> Iterator[Comparison]:
    ours = create_apps(folder)[0].folder
    yield from _compare(ours, "a new project", pairs, inngest_bin)
    command = ("uv", "pip", "install", "--quiet", "--python", python_of(ours), *LIBRARIES)
    run(*command, cwd=ours)
    lines = "".join(f"import {name}  # noqa: F401\n" for name in LIBRARIES)
    main = ours / "src/server/main.py"
    main.write_text(main.read_text("utf-8").replace("from fastapi", f"{lines}\nfrom fastapi", 1))
    yield from _compare(ours, "one that imports much", pairs, inngest_bin)


def _compare(ours: Path, what: str, pairs: int, inngest_bin: Path) -> Iterator[Comparison]:
    theirs = ours.with_name("theirs")
    for path in (ours, theirs):
        if path == theirs:
            ignored = shutil.ignore_patterns(".venv", ".inngest", "__pycache__")
            shutil.rmtree(theirs, ignore_errors=True)
            shutil.copytree(ours, theirs, ignore=ignored)
        (path / "src/server/routes/version.py").write_text(ROUTE)
        (path / "src/core/inngest/functions/version.py").write_text(FUNCTION.format(version="0"))
    with _run_dev(ours, inngest_bin) as dev, _run_uvicorn(theirs, python_of(ours)) as uvicorn:
        served = Comparison(f"reload of {what}, served", AGAINST, BOUND_SERVED)
        served.run(dev.reload, uvicorn.reload, pairs=pairs)
    yield served
    synced = Comparison(f"reload of {what}, synced", AGAINST, BOUND_SYNCED)
    synced.ours.extend(dev.synced[1:])  # the first one does not count
    synced.theirs.extend(served.theirs)
    yield synced


@dataclass
class Reloader:
    """Something that reloads an app on a port, and the Dev Server on another, where it syncs."""

    project: Path
    port: int
    server_port: int | None = None
    version: int = 0
    synced: list[float] = field(default_factory=list)

    def reload(self) -> float:
        """Save the file; seconds until its code is served."""
        time.sleep(REST)
        self.version += 1
        path = self.project / "src/core/inngest/functions/version.py"
        started = time.perf_counter()
        path.write_text(FUNCTION.format(version=self.version))
        self.wait_until_served()
        seconds = time.perf_counter() - started
        if self.server_port:
            self._wait_until_synced()
            self.synced.append(time.perf_counter() - started)
        return seconds

    def wait_until_served(self) -> None:
        _wait(lambda: _ask(self.port, "GET", "/version") == str(self.version))

    def _wait_until_synced(self) -> None:
        query = {"query": "{ apps { functions { config } } }"}
        name = f"Version {self.version}"
        _wait(lambda: name in json.dumps(_ask(self.server_port or 0, "POST", "/v0/gql", query)))


@contextmanager
def _run_dev(project: Path, inngest_bin: Path) -> Iterator[Reloader]:
    port, *ports = free_ports(5)
    path = project / "bin/inngest/inngest.config.json"
    config = json.loads(path.read_text()) | dict(zip(PORTS, ports, strict=True))
    path.write_text(json.dumps(config))
    variables = {
        "PORT": str(port),
        "INNGEST_BASE_URL": f"http://127.0.0.1:{ports[0]}",
        "INNGEST_DEV": "1",
        "INNGEST_BIN": str(inngest_bin),
    }
    command = [str(python_of(project).with_name("dev"))]
    with _running(command, project, variables, Reloader(project, port, ports[0])) as reloader:
        yield reloader


@contextmanager
def _run_uvicorn(project: Path, python: Path) -> Iterator[Reloader]:
    (port,) = free_ports(1)
    command = [str(python), "-m", "uvicorn", "server.main:app", "--port", str(port)]
    command += ["--reload", "--reload-dir", "src"]
    variables = {"INNGEST_DEV": "1", "PYTHONPATH": str(project / "src")}
    with _running(command, project, variables, Reloader(project, port)) as reloader:
        yield reloader


@contextmanager
def _running(
    command: list[str], project: Path, variables: dict[str, str], reloader: Reloader
) -> Iterator[Reloader]:
    with (
        (project / "output.txt").open("wb") as output,
        subprocess.Popen(
            command,
            cwd=project,
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            reloader.wait_until_served()
            time.sleep(3)  # until what is imported beforehand is
            yield reloader
        except MeasureError as error:
            said = (project / "output.txt").read_text("utf-8", "replace").splitlines()[-3:]
            raise MeasureError(f"{error}; {command[0]} said: {said}") from None
        finally:
            process.terminate()


def _wait(condition: Any) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.002)
    raise MeasureError(f"nothing new within {TIMEOUT:.0f} s")


def _ask(port: int, method: str, path: str, body: object = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        return json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
