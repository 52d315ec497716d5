"""Serves an ASGI app over HTTP from a thread of the test's own process, so that a test can patch
what the app calls.
"""

import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import uvicorn


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


@contextmanager
def serve(app: Any, listener: socket.socket) -> Iterator[None]:
    """Serve an ASGI app from a thread until the `with` block ends.

    Raises:
        RuntimeError: The app did not start; what it said is in the log.
    """
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the app did not start")
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
