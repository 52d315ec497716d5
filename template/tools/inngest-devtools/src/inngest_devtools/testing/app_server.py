"""Serves an ASGI app over HTTP from a thread of the test's own process, so that a test can patch
what the app calls.
"""

import asyncio
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import uvicorn
from inngest_devtools.words import t


def free_port(port: int = 0) -> socket.socket:
    """A socket bound to a loopback port, any free one by default; taken until the socket is served
    or closed.
    """
    listener = socket.socket()
    if os.name == "posix":  # elsewhere this option would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


def free_ports(count: int) -> list[int]:
    """Free loopback ports in a row, for a server that takes them itself.

    Systems give their outgoing connections ports from 32768 on: one of those could be gone again.
    """
    while True:
        first = random.randrange(20_000, 32_768 - count)
        ports = list(range(first, first + count))
        with suppress(OSError), ExitStack() as stack:
            for port in ports:
                stack.enter_context(free_port(port))
            return ports


def url_of(listener: socket.socket) -> str:
    """Where a client finds what is served on this socket."""
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """A server that ends when it is told to.

    Uvicorn's own looks for that every tenth of a second and then waits for one more, which a suite
    of many short tests would feel.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:  # answers under way
            await asyncio.wait(self.server_state.tasks)
        await self.lifespan.shutdown()

    def end(self) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._end.set)


@contextmanager
def serve(app: Any, listener: socket.socket) -> Iterator[None]:
    """Serve an ASGI app from a thread until the `with` block ends.

    Raises:
        RuntimeError: The app did not start; what it said is in the log.
    """
    server = _Server(uvicorn.Config(app, log_level="warning", ws="none", date_header=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError(t("The app did not start."))
        time.sleep(0.005)
    try:
        yield
    finally:
        server.end()
        thread.join()
        listener.close()
