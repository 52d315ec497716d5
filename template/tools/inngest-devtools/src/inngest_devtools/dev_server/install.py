"""Installs the pinned release of the Inngest CLI: all of it, checked, or nothing."""

import hashlib
import os
import shutil
import ssl
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from inngest_devtools.dev_server.inngest_cli import (
    FOLDER,
    MACHINE,
    SUFFIX,
    SYSTEM,
    VERSION,
    read_version,
)
from inngest_devtools.errors import DevtoolsError
from inngest_devtools.logs import console
from inngest_devtools.project import read_variable
from inngest_devtools.words import t
from rich.progress import track

DOWNLOAD_URL = (
    "https://github.com/inngest/inngest/releases/download"  # INNGEST_DOWNLOAD_URL names a mirror
)
TIMEOUT = 20.0  # seconds without a byte
ATTEMPTS = 3
OLD = "inngest-old-"  # how the name of a CLI begins that was replaced while it ran
HEADERS = {"Accept-Encoding": "identity"}  # the archive itself is what has the digest
CHUNK = 65536  # bytes
DIGESTS = (
    FOLDER / "inngest.sha256"
)  # committed: whoever installs after the first gets the same files


def install() -> Path:
    """Get the pinned release into bin/inngest, unless it is there: downloaded, checked and
    unpacked.
    """
    target = FOLDER / f"inngest{SUFFIX}"
    if target.is_file() and read_version(target) == VERSION:
        return target
    if SYSTEM not in ("linux", "darwin", "windows") or MACHINE not in ("amd64", "arm64"):
        raise DevtoolsError(
            t(
                "There is no Inngest CLI for {system} on {machine}: set INNGEST_BIN to one that "
                "runs here.",
                system=SYSTEM,
                machine=MACHINE,
            )
        )
    archive = f"inngest_{VERSION}_{SYSTEM}_{MACHINE}.{'zip' if SYSTEM == 'windows' else 'tar.gz'}"
    base = f"{(read_variable('INNGEST_DOWNLOAD_URL') or DOWNLOAD_URL).rstrip('/')}/v{VERSION}"
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        _remove_leftovers()
        with tempfile.TemporaryDirectory(prefix="inngest-install-", dir=FOLDER) as name:
            _install(base, archive, Path(name), target)
    except OSError as error:
        raise DevtoolsError(
            t(
                "The Dev Server was not installed in {folder}: {error}.",
                folder=FOLDER,
                error=error.strerror or error,
            )
        ) from None
    return target


def _remove_leftovers() -> None:
    """What an install that was killed left an hour ago or more; a younger folder may belong to one
    that runs.
    """
    for file in FOLDER.glob(f"{OLD}*"):
        with suppress(OSError):  # it still runs
            file.unlink()
    for folder in FOLDER.glob("inngest-install-*"):
        if time.time() - folder.stat().st_mtime > 3600:
            shutil.rmtree(folder, ignore_errors=True)


def _install(base: str, archive: str, folder: Path, target: Path) -> None:
    checksums, unpacked = folder / "checksums.txt", folder / target.name
    source = DIGESTS if _read_digest(DIGESTS, archive) else checksums
    if source == checksums:
        _download(f"{base}/checksums.txt", checksums)
    if not (expected := _read_digest(source, archive)):
        raise DevtoolsError(
            t(
                "{base}/checksums.txt has no line for {archive}: is that the release {version}?",
                base=base,
                archive=archive,
                version=VERSION,
            )
        )
    _download(f"{base}/{archive}", folder / archive)
    digest = hashlib.sha256((folder / archive).read_bytes()).hexdigest()
    if digest != expected:
        raise DevtoolsError(
            t(
                "{base}/{archive} is not the file that {name} means: its SHA-256 is {digest}.",
                base=base,
                archive=archive,
                name=source.name,
                digest=digest,
            )
        )
    unpacked.write_bytes(_unpack(folder / archive, target.name))
    unpacked.chmod(0o755)
    if source == checksums:
        os.replace(checksums, DIGESTS)
    _replace(unpacked, target)


def _replace(new: Path, target: Path) -> None:
    """Put a file in the place of another, which on Windows may be running or under a scan."""
    for attempt in range(ATTEMPTS):
        time.sleep(attempt / 2)
        try:
            if sys.platform == "win32" and target.exists():
                # A program that runs can be renamed, but not replaced; what is old goes next time.
                target.rename(target.with_name(f"{OLD}{time.time_ns()}"))
            os.replace(new, target)
            return
        except PermissionError:
            if attempt == ATTEMPTS - 1:
                raise


def _read_digest(path: Path, archive: str) -> str | None:
    lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
    return next((line.split()[0].lower() for line in lines if line.split()[1:] == [archive]), None)


def _download(url: str, path: Path) -> None:
    """Fetch a file, in several attempts where that can help."""
    import httpx  # takes a third of a second, and is seldom needed

    for attempt in range(ATTEMPTS):
        time.sleep(attempt / 2)
        try:
            with httpx.stream(
                "GET", url, headers=HEADERS, follow_redirects=True, timeout=TIMEOUT, verify=_trust()
            ) as reply:
                reply.raise_for_status()
                _save(reply.iter_raw(CHUNK), int(reply.headers.get("content-length", 0)), path)
            return
        except httpx.HTTPStatusError as error:
            problem = t(
                "the answer was {status_code} {reason_phrase}",
                status_code=error.response.status_code,
                reason_phrase=error.response.reason_phrase,
            )
            if error.response.is_client_error:
                break
        except httpx.TimeoutException:
            problem = t("no answer in time")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            problem = str(error) or type(error).__name__
    raise DevtoolsError(
        t(
            "{url}: {problem}. Behind a proxy set HTTPS_PROXY; set INNGEST_DOWNLOAD_URL to a "
            "mirror; or put the CLI into bin/inngest by hand.",
            url=url,
            problem=problem,
        )
    )


def _trust() -> ssl.SSLContext:
    """The system's certificates, among which a company's proxy has its own, and certifi's."""
    import certifi
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where())
    return context


def _save(chunks: Iterator[bytes], size: int, path: Path) -> None:
    hidden = not console.is_terminal
    with path.open("wb") as file:
        for chunk in track(
            chunks, path.name, size / CHUNK or None, console=console, transient=True, disable=hidden
        ):
            file.write(chunk)


def _unpack(archive: Path, name: str) -> bytes:
    """The one file that is wanted, by its name: no path of an archive is ever written to."""
    try:
        if archive.suffix == ".zip":
            with zipfile.ZipFile(archive) as zipped:
                return zipped.read(name)
        with tarfile.open(archive) as tar:
            if file := tar.extractfile(name):
                return file.read()
    except (KeyError, tarfile.TarError, zipfile.BadZipFile):
        pass
    raise DevtoolsError(t("{archive} has no file {name} in it.", archive=archive.name, name=name))
