"""`dev-server install`, and where the CLI is looked for."""

import hashlib
import io
import os
import signal
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.devtools.workspace import Workspace, wait_for, write_launcher

pytestmark = pytest.mark.slow

LINUX, WINDOWS = "inngest_1.43.0_linux_amd64.tar.gz", "inngest_1.43.0_windows_amd64.zip"
CONTENT = b"#!/bin/sh\necho 1.43.0-test\n"

INSTALL = """
import truststore  # which looks for itself on which system it is
import platform
platform.system, platform.machine = lambda: {system!r}, lambda: {machine!r}
import sys
from inngest_devtools import cli
from inngest_devtools.dev_server import install
{before}
sys.argv = ["inngest-dev", "install"]
cli.main()
"""


@dataclass
class Mirror:
    """Serves releases. `replies` are the next answers for a file: a status, below 200 a broken
    body, None to stall.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    replies: dict[str, list[int | None]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def publish(self, archive: str, content: bytes, digest: str | None = None) -> None:
        self.files[archive] = content
        lines = (
            self.files.get("checksums.txt", b"")
            + f"{digest or sha256(content)}  {archive}\n".encode()
        )
        self.files["checksums.txt"] = lines


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror()
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            mirror.requests.append(self.path)
            name = self.path.rpartition("/v1.43.0/")[2]
            replies = mirror.replies.get(name, [])
            reply = replies.pop(0) if replies else 200
            content = mirror.files.get(name, b"")
            status = 404 if name not in mirror.files else reply if reply and reply >= 400 else 200
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:3] if reply is None or reply < 200 else content)
            self.wfile.flush()
            if reply is None:
                stop.wait()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        mirror.url = f"http://127.0.0.1:{server.server_address[1]}/mirror"
        yield mirror
        stop.set()
        server.shutdown()


@pytest.fixture
def empty(workspace: Workspace, mirror: Mirror) -> Workspace:
    """Without any CLI."""
    workspace.env |= {"INNGEST_BIN": "", "INNGEST_DOWNLOAD_URL": f"{mirror.url}/", "PATH": ""}
    return workspace


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tar(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name.replace("UP_", "../"))
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def install_code(system: str = "Linux", machine: str = "x86_64", before: str = "") -> str:
    return INSTALL.format(system=system, machine=machine, before=before)


def files(workspace: Workspace) -> set[str]:
    return {path.name for path in (workspace.path / "bin" / "inngest").iterdir()}


def assert_nothing_is_left(workspace: Workspace) -> None:
    assert files(workspace) == {"inngest.config.json", "start-inngest.cmd", "start-inngest.sh"}


def test_install_archive_and_keep_digests(empty: Workspace, mirror: Mirror) -> None:
    mirror.publish(LINUX, tar(inngest=CONTENT, LICENSE=b"text"))
    mirror.publish(WINDOWS, b"other")
    folder = empty.path / "bin" / "inngest"

    installed = empty.python(install_code())

    assert installed.stdout == f"Inngest CLI 1.43.0: {folder / 'inngest'}\n", installed.stderr
    assert (folder / "inngest").read_bytes() == CONTENT
    assert os.access(folder / "inngest", os.X_OK)
    lines = [f"{sha256(mirror.files[name])}  {name}\n" for name in (LINUX, WINDOWS)]
    assert (folder / "inngest.sha256").read_bytes() == "".join(lines).encode()
    assert mirror.requests == ["/mirror/v1.43.0/checksums.txt", f"/mirror/v1.43.0/{LINUX}"]


@pytest.mark.skipif(sys.platform == "win32", reason="the test's CLI is a shell script")
def test_install_again_does_nothing(empty: Workspace, mirror: Mirror) -> None:
    mirror.publish(LINUX, tar(inngest=CONTENT))
    empty.python(install_code())
    mirror.requests.clear()

    assert empty.python(install_code()).stdout.startswith("Inngest CLI 1.43.0: ")
    assert mirror.requests == []


def test_install_zip_for_windows(empty: Workspace, mirror: Mirror) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inngest.exe", CONTENT)
    mirror.publish(WINDOWS, buffer.getvalue())

    installed = empty.python(install_code("Windows", "AMD64"))

    assert installed.returncode == 0, installed.stderr
    assert (empty.path / "bin" / "inngest" / "inngest.exe").read_bytes() == CONTENT


def test_install_for_arm(empty: Workspace, mirror: Mirror) -> None:
    mirror.publish("inngest_1.43.0_darwin_arm64.tar.gz", tar(inngest=CONTENT))

    refused = empty.python(install_code("Linux", "riscv64"))
    assert empty.python(install_code("Darwin", "arm64")).returncode == 0
    assert refused.stderr.startswith(
        "ERROR:    There is no Inngest CLI for linux on riscv64: set INNGEST_BIN"
    )


def publish_wrong_checksum(mirror: Mirror) -> str:
    mirror.publish(LINUX, tar(inngest=CONTENT), digest="0" * 64)
    return f"/{LINUX} is not the file that checksums.txt means: its SHA-256 is {sha256(mirror.files[LINUX])}."


def publish_truncated(mirror: Mirror) -> str:
    mirror.publish(LINUX, tar(inngest=CONTENT))
    mirror.replies[LINUX] = [100, 100, 100]
    return "peer closed connection without sending complete message body"


def publish_nothing(mirror: Mirror) -> str:
    return "/v1.43.0/checksums.txt: the answer was 404 Not Found. Behind a proxy set HTTPS_PROXY; set INNGEST_DOWNLOAD_URL"


def publish_other_systems_only(mirror: Mirror) -> str:
    mirror.publish(WINDOWS, b"other")
    return f"/checksums.txt has no line for {LINUX}: is that the release 1.43.0?"


def publish_no_archive(mirror: Mirror) -> str:
    mirror.publish(LINUX, b"<html>not an archive</html>")
    return f"{LINUX} has no file inngest in it."


def publish_escaping_path(mirror: Mirror) -> str:
    mirror.publish(LINUX, tar(UP_inngest=CONTENT, UP_UP_UP_escaped=CONTENT))
    return f"{LINUX} has no file inngest in it."


def publish_stalled(mirror: Mirror) -> str:
    mirror.publish(LINUX, tar(inngest=CONTENT))
    mirror.replies[LINUX] = [None]
    return f"/{LINUX}: no answer in time. Behind a proxy"


@pytest.mark.parametrize(
    "publish",
    [
        publish_wrong_checksum,
        publish_truncated,
        publish_nothing,
        publish_other_systems_only,
        publish_no_archive,
        publish_escaping_path,
        publish_stalled,
    ],
)
def test_install_bad_release_leaves_nothing(
    empty: Workspace, mirror: Mirror, publish: Callable[[Mirror], str], tmp_path: Path
) -> None:
    message = publish(mirror)
    before = "install.TIMEOUT = 0.5\n"
    before += "install.ATTEMPTS = 1\n" if publish is publish_stalled else ""

    failed = empty.python(install_code(before=before))

    assert failed.returncode == 1
    assert message in failed.stderr
    assert failed.stderr.count("\n") == 1
    assert_nothing_is_left(empty)
    assert not list(tmp_path.rglob("escaped"))


def test_install_after_a_passing_failure(empty: Workspace, mirror: Mirror) -> None:
    mirror.publish(LINUX, tar(inngest=CONTENT))
    mirror.replies[LINUX] = [500, 100]

    assert empty.python(install_code()).returncode == 0
    assert mirror.requests.count(f"/mirror/v1.43.0/{LINUX}") == 3


def test_install_release_that_changed_is_refused(empty: Workspace, mirror: Mirror) -> None:
    mirror.publish(LINUX, tar(inngest=CONTENT))
    empty.python(install_code())
    (empty.path / "bin" / "inngest" / "inngest").unlink()
    mirror.files.clear()
    mirror.publish(LINUX, tar(inngest=b"another program"))

    failed = empty.python(install_code())

    assert failed.returncode == 1
    assert "is not the file that inngest.sha256 means" in failed.stderr
    assert "inngest" not in files(empty)


@pytest.mark.skipif(sys.platform == "win32", reason="simulated by a limit of POSIX systems")
def test_install_on_full_disk_leaves_nothing(empty: Workspace, mirror: Mirror) -> None:
    mirror.publish(LINUX, tar(inngest=os.urandom(100_000)))
    before = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"

    failed = empty.python(install_code(before=before))

    assert failed.returncode == 1
    folder = empty.path / "bin" / "inngest"
    assert (
        failed.stderr
        == f"ERROR:    The Dev Server was not installed in {folder}: File too large.\n"
    )
    assert_nothing_is_left(empty)


def test_install_twice_at_once(empty: Workspace, mirror: Mirror) -> None:
    mirror.publish(LINUX, tar(inngest=CONTENT))

    terminals = [empty.spawn("python", "-c", install_code()) for _ in range(3)]

    assert [terminal.wait() for terminal in terminals] == [0, 0, 0], [
        terminal.text for terminal in terminals
    ]
    assert (empty.path / "bin" / "inngest" / "inngest").read_bytes() == CONTENT
    assert not [name for name in files(empty) if name.startswith("inngest-install")]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_install_interrupted_leaves_nothing(empty: Workspace, mirror: Mirror, name: str) -> None:
    mirror.publish(LINUX, tar(inngest=CONTENT))
    mirror.replies[LINUX] = [None]
    before = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
    # which a shell's background job ignores
    before += "signal.signal(signal.SIGINT, signal.default_int_handler)"
    terminal = empty.spawn("python", "-c", install_code(before=before))
    wait_for(lambda: len(mirror.requests) == 2, "the download")

    terminal.process.send_signal(getattr(signal, name))

    assert terminal.wait() != 0
    assert "Traceback" not in terminal.text
    assert_nothing_is_left(empty)


def test_install_clears_what_a_killed_one_left(empty: Workspace, mirror: Mirror) -> None:
    mirror.publish(LINUX, tar(inngest=CONTENT))
    old, young = (
        empty.path / "bin" / "inngest" / f"inngest-install-{name}" for name in ("old", "young")
    )
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (time.time() - 7200,) * 2)

    empty.python(install_code())

    assert (old.exists(), young.exists()) == (False, True)


def test_install_through_a_proxy(empty: Workspace, mirror: Mirror) -> None:
    mirror.publish(LINUX, tar(inngest=CONTENT))
    empty.env["HTTP_PROXY"] = mirror.url.removesuffix("/mirror")

    installed = empty.python(
        install_code(), INNGEST_DOWNLOAD_URL="http://releases.example.com/inngest"
    )

    assert installed.returncode == 0, installed.stderr
    assert mirror.requests[1] == f"http://releases.example.com/inngest/v1.43.0/{LINUX}"


def test_start_dev_installs_what_is_missing(empty: Workspace, mirror: Mirror) -> None:
    failed = empty.python(install_code().replace('"install"]', '"dev"]'))

    assert failed.returncode == 1
    assert mirror.requests == ["/mirror/v1.43.0/checksums.txt"]
    assert "/checksums.txt: the answer was 404" in failed.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="the test's CLI is a shell script")
def test_find_cli_in_the_order_of_places(workspace: Workspace, tmp_path: Path) -> None:
    code = (
        "import platform; platform.system, platform.machine = lambda: 'Linux', lambda: 'aarch64'\n"
    )
    code += "from inngest_devtools.dev_server.inngest_cli import find_cli; print(find_cli())"
    folder = workspace.path / "bin" / "inngest"
    named = Path(workspace.env["INNGEST_BIN"])
    on_path = write_launcher(tmp_path / "inngest")
    workspace.env["PATH"] = str(tmp_path)

    found = []
    for path in (on_path, folder / "inngest-linux-arm64", folder / "inngest"):
        write_launcher(path)
        found.append(workspace.python(code, INNGEST_BIN="").stdout.strip())

    assert found == [str(on_path), str(folder / "inngest-linux-arm64"), str(folder / "inngest")]
    assert workspace.python(code).stdout.strip() == str(named)


@pytest.mark.skipif(sys.platform == "win32", reason="a mode of POSIX systems")
def test_find_cli_that_may_not_be_executed(empty: Workspace) -> None:
    path = empty.path / "bin" / "inngest" / "inngest"
    path.write_bytes(CONTENT)

    failed = empty.dev_server("start")

    assert failed.returncode == 1
    assert failed.stderr == f'ERROR:    {path} may not be executed: run `chmod +x "{path}"`.\n'
