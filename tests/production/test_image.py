"""The image without Docker: its Dockerfile's own commands build it in a folder and run it there."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from inngest_devtools.testing import StandIn

from tests.conftest import Run
from tests.production.service import EVENT_KEY, SIGNING_KEY, Service

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="the image is one for Linux"),
]


class Image:
    """What the Dockerfile says, and the folder that it was built in."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.folder = folder
        self.text = re.sub(r"\\\n\s*", "", (project / "Dockerfile").read_text())
        self.env = dict(
            part.split("=", 1) for line in self._all("ENV (.+)") for part in line.split()
        )
        self.command: list[str] = json.loads(self._all("CMD (.+)")[-1])
        self.health_check: list[str] = json.loads(self._all("HEALTHCHECK .*?CMD (.+)")[0])

    def build(self, project: Path, run: Run) -> None:
        for line in self._all("COPY (?!--from)(.+)"):
            *sources, target = line.split()
            for source in sources:
                self._copy(project / source, self.folder / target)
        for line in self._all("RUN (.*?uv sync .+)"):
            bound = re.findall(r"type=bind,source=(\S+?),target=(\S+)", line)
            added = [self._bind(project / source, self.folder / target) for source, target in bound]
            run(
                *line[line.index("uv sync") :].split(),
                cwd=self.folder,
                env={name: self.env[name] for name in self.env if name[:3] == "UV_"},
            )
            for path in filter(None, added):
                path.unlink()

    def files(self) -> dict[str, float]:
        return {str(path): path.stat().st_mtime for path in self.folder.rglob("*")}

    def _all(self, pattern: str) -> list[str]:
        return re.findall(f"^{pattern}$", self.text, re.MULTILINE)

    def _bind(self, source: Path, target: Path) -> Path | None:
        """A file that is there while a command runs; None if it is there anyway."""
        if target.exists():
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        return target

    def _copy(self, source: Path, target: Path) -> None:
        allowed = (source.parent / ".dockerignore").read_text().splitlines()
        assert f"!{source.name}" in allowed, f"{source.name} does not reach the build"
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


@pytest.fixture(scope="module")
def image(project: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Image:
    image = Image(project, tmp_path_factory.mktemp("image"))
    image.build(project, run)
    return image


@pytest.fixture
def make_container(
    image: Image, clean_env: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., Service]]:
    """`make_container(NAME=value)`: a service that starts as the image says, in an empty working
    directory.
    """
    services = []

    def make(**env: str) -> Service:
        with StandIn(signing_key=SIGNING_KEY) as executor:
            service = Service(tmp_path, image.folder, clean_env, executor)
        del service.env["PYTHONPATH"]
        service.env["PATH"] = f"{image.folder / '.venv/bin'}{os.pathsep}{service.env['PATH']}"
        service.env |= {name: value for name, value in image.env.items() if name != "PATH"} | env
        service.command = [str(service.port) if part == "8200" else part for part in image.command]
        services.append(service)
        return service

    yield make
    for service in services:
        service.end()


def test_build_image_without_development_dependencies_and_sources(image: Image, run: Run) -> None:
    code = "import importlib.metadata as m; print(*[d.name for d in m.distributions()])"
    python = image.folder / ".venv/bin/python"

    names = set(run(python, "-c", code, cwd=image.folder / ".venv").stdout.lower().split())
    where = run(
        python,
        "-c",
        "import server.main as m; print(m.__file__, m.__cached__)",
        cwd=image.folder / ".venv",
        env={"INNGEST_DEV": "1"},
    ).stdout.split()

    assert {"fastapi", "inngest", "uvicorn", "pydantic-settings", "my-app-service"} <= names
    assert names & {"inngest-devtools", "pytest", "mypy", "ruff", "typer", "psutil"} == set()
    assert "site-packages" in where[0]
    assert Path(where[1]).exists(), "its bytecode is not compiled"


def test_run_image_serves_and_writes_nothing(
    image: Image, make_container: Callable[..., Service], clean_env: dict[str, str]
) -> None:
    service = make_container()
    files = image.files()
    health_check = [part.replace("8200", str(service.port)) for part in image.health_check]

    def is_healthy() -> bool:
        return (
            subprocess.run(
                health_check, env=service.env, stderr=subprocess.DEVNULL, timeout=10
            ).returncode
            == 0
        )

    assert not is_healthy()
    service.start()
    assert is_healthy()
    assert httpx.get(f"{service.url}/readyz").json()["functions"] > 0
    service.end()

    assert image.files() == files


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (
            {"INNGEST_EVENT_KEY": None, "INNGEST_SIGNING_KEY": None},
            "INNGEST_EVENT_KEY and INNGEST_SIGNING_KEY must be set in production",
        ),
        ({"INNGEST_SIGNING_KEY": ""}, "INNGEST_SIGNING_KEY is blank"),
        (
            {"INNGEST_DEV": "1"},
            "INNGEST_DEV=1 turns signature checks off beside INNGEST_SIGNING_KEY",
        ),
        (
            {"INNGEST_IS_PRODUCTION": "false"},
            "INNGEST_DEV=0 and INNGEST_IS_PRODUCTION=false contradict each other",
        ),
    ],
)
def test_run_image_in_dev_mode_or_without_keys_is_refused(
    image: Image, make_container: Callable[..., Service], env: dict[str, str | None], message: str
) -> None:
    service = make_container()
    merged = {name: value for name, value in (service.env | env).items() if value is not None}

    result = subprocess.run(
        service.command, cwd=service.path, env=merged, capture_output=True, text=True, timeout=30
    )

    assert result.returncode == 1
    assert message in result.stderr
    assert SIGNING_KEY not in result.stderr
    assert EVENT_KEY not in result.stderr


@pytest.mark.parametrize(
    ("trusted", "client"), [("10.0.0.0/8", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.7")]
)
def test_run_image_believes_proxy_headers_of_trusted_addresses_only(
    make_container: Callable[..., Service], trusted: str, client: str
) -> None:
    service = make_container(FORWARDED_ALLOW_IPS=trusted)
    service.start()

    httpx.get(f"{service.url}/nowhere", headers={"x-forwarded-for": "203.0.113.7"})
    service.end()

    (line,) = [record["message"] for record in service.records() if "/nowhere" in record["message"]]
    assert line.startswith(f"{client}:")
