"""Fixtures of this project's tests.

Those of Inngest come with the devtools: `inngest_server`, `count_calls`, ...
"""

from collections.abc import Iterator

import httpx
import pytest
from inngest_devtools.testing import InngestServer


@pytest.fixture
def client(inngest_server: InngestServer, inngest_app_url: str) -> Iterator[httpx.Client]:
    """An HTTP client of the app, whose Inngest is the one that the test sees."""
    with httpx.Client(base_url=inngest_app_url, verify=False) as client:  # it is plain HTTP
        yield client
