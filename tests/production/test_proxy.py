"""The proxy of compose.yaml, by Debian's nginx."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest
from inngest_devtools.testing import serve
from inngest_devtools.testing.app_server import free_ports
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.production.service import Service

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("nginx"), reason="there is no nginx"),
]

JSON = {"content-type": "application/json"}
MEGABYTE = 2**20


@contextmanager
def serve_proxy(project: Path, folder: Path, app: str, dns: str = "127.0.0.1") -> Iterator[int]:
    """deploy/nginx.conf with this machine's addresses in place of the containers'."""
    (port,) = free_ports(1)
    folder.mkdir()
    text = (project / "deploy/nginx.conf").read_text()
    text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace("/tmp/", f"{folder}/")
    text = re.sub(r"http://app:\d+", app, text).replace("127.0.0.11", dns)
    text = re.sub(r"(header|body)_timeout 10s", r"\1_timeout 2s", text)
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(user + text)
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder), "-g", "daemon off;"]
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for_port(port, folder / "nginx.log")
        yield port
    finally:
        process.terminate()
        process.wait()


def wait_for_port(port: int, log: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def send_slowly(port: int, data: bytes) -> float:
    """Send the beginning of a request and nothing more; seconds until the other side ends it."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        connection.sendall(data)
        while connection.recv(4096):
            pass
    return time.monotonic() - started


def test_serve_behind_proxy_ends_what_is_slow_or_large(
    service: Service, deployment: Path, tmp_path: Path
) -> None:
    with serve_proxy(deployment, tmp_path / "proxy", service.url) as port:
        url = f"http://127.0.0.1:{port}"
        reply = httpx.post(f"{url}/api/v1/workflows", json={"source": "x"})
        large = httpx.post(f"{url}/api/v1/workflows", content=bytes(6 * MEGABYTE), headers=JSON)
        wide = httpx.get(f"{url}/healthz", headers={f"x-{n}": "a" * 9000 for n in range(20)})

        assert reply.status_code == 202
        assert large.status_code == 413
        assert wide.status_code in (400, 414, 431)
        assert httpx.get(f"{url}/api/inngest").status_code == 404
        assert send_slowly(port, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-") < 10
        body = b"POST /api/v1/workflows HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
        assert send_slowly(port, body) < 10


class NameServer:
    """Knows the addresses of one name, as Docker's does those of a service's containers."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        while True:
            query, sender = self._socket.recvfrom(512)
            question = query[12 : query.index(0, 12) + 5]
            is_ipv4 = question[-4:-2] == b"\0\1"
            addresses = self._addresses if is_ipv4 else ()
            answers = [
                b"\xc0\x0c\0\1\0\1\0\0\0\x05\0\x04" + socket.inet_aton(address)  # for 5 seconds
                for address in addresses
            ]
            counts = b"\0\1\0" + bytes([len(answers)]) + bytes(4)
            reply = query[:2] + b"\x81\x80" + counts + question + b"".join(answers)
            self._socket.sendto(reply, sender)


@contextmanager
def serve_replica(address: str, port: int, answered: "Counter[str]") -> Iterator[None]:
    async def answer(request: Request) -> PlainTextResponse:
        answered[address] += 1
        return PlainTextResponse("")

    listener = socket.create_server((address, port))
    with serve(Starlette(routes=[Route("/", answer)]), listener):
        yield


@contextmanager
def hang(address: str, port: int) -> Iterator[None]:
    """As a host that is gone: it does not even refuse, for its queue is full."""
    with socket.create_server((address, port), backlog=0), ExitStack() as stack:
        for _ in range(2):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((address, port))
        yield


@pytest.mark.skipif(sys.platform != "linux", reason="needs more than one address on loopback")
def test_serve_behind_proxy_spreads_requests_over_replicas_that_answer(
    deployment: Path, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    answered: Counter[str] = Counter()
    replicas = [f"127.0.0.{number}" for number in (1, 2, 3)]
    dns = NameServer(*replicas)

    with (
        serve_replica(replicas[0], port, answered),
        serve_proxy(
            deployment, tmp_path / "proxy", f"http://app.test:{port}", dns.address
        ) as proxy,
    ):

        def ask(times: int) -> None:
            for _ in range(times):
                assert httpx.get(f"http://127.0.0.1:{proxy}", timeout=30).is_success

        with serve_replica(replicas[1], port, answered):
            ask(100)  # the third refuses, as one that ends
        assert min(answered[replica] for replica in replicas[:2]) > 20, answered
        with hang(replicas[2], port):
            ask(8)
