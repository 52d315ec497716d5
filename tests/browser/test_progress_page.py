"""The page of the example `progress` in a real browser, while page and app come and go."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from inngest_devtools.testing import StandIn, free_ports

from tests.browser.chromium import TIMEOUT, Page, find_chromium, open_chromium
from tests.conftest import find_server, python_of

pytestmark = pytest.mark.slow

PARTS = 20


class App:
    """The generated project's app as a process of its own, that can be killed and started again."""

    def __init__(self, project: Path, server: StandIn, database: Path) -> None:
        (self._port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self._port}"
        self._project = project
        self._env = {
            "INNGEST_DEV": "1",
            "INNGEST_BASE_URL": server.origin,
            "INNGEST_ENV_FILE": "",
            "PROGRESS_DATABASE": str(database),
        }

    @contextmanager
    def running(self, clean_env: dict[str, str]) -> Iterator[None]:
        command = [str(python_of(self._project)), "-m", "uvicorn", "server.main:app"]
        command += ["--port", str(self._port)]
        env = clean_env | self._env
        with subprocess.Popen(command, cwd=self._project, env=env) as process:
            try:
                self._wait_until_up()
                yield
            finally:
                process.kill()

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/healthz", trust_env=False)
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("the app did not start")


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    binary = find_chromium()
    if binary is None:
        pytest.skip("there is no Chromium here")
    with open_chromium(binary, tmp_path / "profile") as page:
        yield page


def let_pass(server: StandIn, seconds: float) -> None:
    """Time of the run's: at once on the stand-in."""
    if isinstance(server, StandIn):
        server.pass_time(seconds)
    else:
        time.sleep(seconds)


def shown_percent(page: Page) -> int:
    return int(page.text("percent").removesuffix(" %") or 0)


def test_page_shows_progress_live_and_survives_reload_and_restart(
    page: Page,
    project: Path,
    clean_env: dict[str, str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(find_server(request))
        app = App(project, server, tmp_path / "progress.sqlite3")
        with app.running(clean_env):
            server.sync(app.url)
            started = httpx.post(f"{app.url}/progress", json={"parts": PARTS}, trust_env=False)
            page.open(app.url + started.headers["location"])
            page.wait_until(lambda: page.text("status") == "Live")

            let_pass(server, 3)
            page.wait_until(lambda: shown_percent(page) >= 10)

            page.reload()
            page.wait_until(lambda: shown_percent(page) >= 10)

        time.sleep(1)
        percent = shown_percent(page)
        assert percent >= 10  # the app is down, the page is still there

        with app.running(clean_env):
            let_pass(server, 6)
            page.wait_until(lambda: shown_percent(page) > percent)
            server.finish()
            page.wait_until(lambda: page.text("status") == "Completed")

            assert page.text("percent") == "100 %"
            assert page.text("message") == "21000 rows exported"
            page.reload()
            page.wait_until(lambda: page.text("status") == "Completed")
            assert page.text("percent") == "100 %"
            assert all(url.startswith(app.url) for url in page.requested)
            if os.environ.get("SCREENSHOT"):
                page.screenshot(Path(os.environ["SCREENSHOT"]))
