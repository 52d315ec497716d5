"""A page in a headless Chromium, driven over its DevTools protocol, which takes no package more."""

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=900,600",
)
TIMEOUT = 120.0  # seconds


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One tab."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self.requested: list[str] = []  # the addresses of all that it loaded
        self._call("Page.enable")
        self._call("Network.enable")

    def open(self, url: str) -> None:
        self._call("Page.navigate", url=url)

    def reload(self) -> None:
        self._call("Page.reload")

    def text(self, id: str) -> str:
        """The text of an element; nothing while the page is loading."""
        return str(self.evaluate(f"document.getElementById({id!r})?.textContent ?? ''"))

    def evaluate(self, expression: str) -> Any:
        reply = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        return reply["result"].get("value")

    def wait_until(self, predicate: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not predicate():
            if time.monotonic() > deadline:
                body = self.evaluate("document.body.innerText")
                raise AssertionError(f"it did not become true; the page shows {body!r}")
            time.sleep(0.05)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot")["data"]))

    def _call(self, method: str, **params: object) -> dict[str, Any]:
        id = next(self._ids)
        self._connection.send(json.dumps({"id": id, "method": method, "params": params}))
        while True:
            message = json.loads(self._connection.recv(timeout=TIMEOUT))
            if message.get("method") == "Network.requestWillBeSent":
                self.requested.append(message["params"]["request"]["url"])
            if message.get("id") == id:
                result: dict[str, Any] = message.get("result", {})
                return result


@contextmanager
def open_chromium(binary: str, profile: Path) -> Iterator[Page]:
    """A new browser with a profile of its own, and its one page."""
    command = [binary, *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    with subprocess.Popen(
        [*command, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            target = _find_page(profile / "DevToolsActivePort")
            with connect(target, max_size=None, proxy=None) as connection:
                yield Page(connection)
        finally:
            process.terminate()


def _find_page(port_file: Path) -> str:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        if port_file.exists() and (lines := port_file.read_text().splitlines()):
            targets = httpx.get(f"http://127.0.0.1:{lines[0]}/json", trust_env=False).json()
            pages = [target for target in targets if target["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise RuntimeError("Chromium did not start")
