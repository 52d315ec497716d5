"""Chromium without a window, driven over its own protocol: one page, and JavaScript in it."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from typing import Any, Self

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
TIMEOUT = 60.0  # seconds


class Browser:
    """A browser for one test; skips it with a word where there is none."""

    def __init__(self) -> None:
        if not CHROMIUM or os.name == "nt":
            pytest.skip("there is no Chromium here: install Debian's package chromium")
        self._cleanup = ExitStack()
        self._rest = b""
        self._count = 0
        self._session: str | None = None

    def __enter__(self) -> Self:
        profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        folder = self._cleanup.enter_context(profile)
        commands, self._commands = os.pipe()
        self._replies, replies = os.pipe()
        # The browser reads from 3 and writes to 4; sh knows no numbers of two digits.
        process = subprocess.Popen(
            [
                *("bash", "-c", 'exec "$@" 3<&$IN 4>&$OUT', "bash", str(CHROMIUM), *FLAGS),
                *("--remote-debugging-pipe", f"--user-data-dir={folder}"),
            ],
            env=os.environ | {"IN": str(commands), "OUT": str(replies)},
            pass_fds=(commands, replies),
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(replies)
        self._cleanup.callback(process.wait)
        self._cleanup.callback(process.kill)
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def open(self, url: str, width: int = 1000) -> None:
        """Load a page in a window of some width in CSS pixels."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        session = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = session["sessionId"]
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        self._call("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && document.body.innerText !== ''")

    def run(self, code: str) -> Any:
        """The value of an expression."""
        result = self._call("Runtime.evaluate", expression=code, returnByValue=True)["result"]
        return result.get("value")

    def press(self, key: str) -> None:
        """A key, by its name as JavaScript has it, as in "Tab"."""
        code = {"Tab": 9, "Enter": 13, " ": 32}[key]
        text = {"Enter": "\r", " ": " "}.get(key, "")
        values = {"key": key, "windowsVirtualKeyCode": code, "text": text}
        self._call("Input.dispatchKeyEvent", type="keyDown", **values)
        self._call("Input.dispatchKeyEvent", type="keyUp", **values)

    def wait_for(self, condition: str) -> None:
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if self.run(condition) is True:
                return
            time.sleep(0.1)
        pytest.fail(f"waited in vain for {condition} in\n{self.run('document.body.innerText')}")

    def _read(self) -> bytes:
        ready, _, _ = select.select([self._replies], [], [], TIMEOUT)
        data = os.read(self._replies, 65536) if ready else b""
        return data or pytest.fail("Chromium does not answer")

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            *replies, self._rest = (self._rest + self._read()).split(b"\0")
            for reply in map(json.loads, replies):
                if reply.get("id") == self._count:
                    assert "error" not in reply, reply
                    return dict(reply["result"])
