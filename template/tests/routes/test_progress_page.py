import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from inngest_devtools.testing import InngestServer

from core.inngest.functions import progress
from core.inngest.progress import get_progress_settings
from core.inngest.settings import Settings


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A table of the test's own."""
    monkeypatch.setenv("PROGRESS_DATABASE", str(tmp_path / "progress.sqlite3"))
    get_progress_settings.cache_clear()
    yield
    get_progress_settings.cache_clear()


def start_export(client: httpx.Client, parts: int = 2) -> str:
    started = client.post("/progress", json={"parts": parts})
    assert started.status_code == 202
    return started.headers["Location"]


def read_stream(client: httpx.Client, page: str) -> list[tuple[str, Any]]:
    """The messages of the stream, by name, until it ends."""
    messages: list[tuple[str, Any]] = []
    name = ""
    with client.stream("GET", f"{page}/stream", timeout=30) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            key, _, value = line.partition(": ")
            if key == "event":
                name = value
            elif key == "data":
                messages.append((name, json.loads(value)))
    return messages


def test_get_page_that_needs_nothing_from_elsewhere(
    client: httpx.Client, inngest_server: InngestServer
) -> None:
    response = client.get(start_export(client))

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "http" not in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]


def test_get_stream_after_the_end_shows_where_it_stands_and_the_end(
    client: httpx.Client, inngest_server: InngestServer
) -> None:
    page = start_export(client)
    inngest_server.finish()

    messages = read_stream(client, page)

    assert messages == [
        ("progress", {"percent": 100, "message": "300 rows exported"}),
        ("end", {"status": "completed", "reason": None}),
    ]


def test_get_stream_of_failed_run_shows_that_it_failed(
    client: httpx.Client, inngest_server: InngestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(part: int) -> int:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(progress, "export_part", fail)
    page = start_export(client)
    inngest_server.finish()

    messages = read_stream(client, page)

    assert messages == [("end", {"status": "failed", "reason": "the disk is full"})]


def test_get_progress_in_production_is_refused_until_someone_may(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "is_production", True)

    assert client.get("/progress/01M89ZNZAW6YP2Z7KXNKWB1DWP").status_code == 403
    assert client.get("/progress/01M89ZNZAW6YP2Z7KXNKWB1DWP/stream").status_code == 403
