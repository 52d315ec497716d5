"""What guards the endpoint in production before the SDK reads a request: its size, its signature
and its age.
"""

import hashlib
import hmac
import json
import logging
import re
import time
from dataclasses import dataclass, field

from fastapi import HTTPException, Request, status

logger = logging.getLogger(__name__)

# Bytes. Inngest sends 4 MiB at most (pkg/consts/consts.go, MaxSDKRequestBodySize) and has the SDK
# fetch what is more.
MAX_BODY_SIZE = 5 * 1024 * 1024

# Bytes. A request for a sync holds an address and little else.
MAX_SYNC_SIZE = 16 * 1024

SIGNATURE_HEADER = "x-inngest-signature"


@dataclass(frozen=True)
class Guard:
    """Lets a request pass that Inngest signed, lately, over the very bytes that came.

    The SDK checks a signature too, but first parses the body and writes it anew: seconds, for a
    large one of a stranger. What Inngest sends to run a function is canonical JSON already
    (RFC 8785; pkg/execution/driver/driver.go), so the bytes that it signs are those that come.
    What it sends to have an app synced it signs in canonical form and sends as Go writes it, with
    `\\u0026` for the `&` of an address (pkg/deploy/deploy.go): of that, both forms may hold.

    Inngest signs each attempt when it makes it, so neither retries nor runs that sleep for a month
    grow old.

    Args:
        keys: Signing keys, each of which may have signed.
        window: Seconds between the signature's time and this machine's clock, either way.
    """

    keys: tuple[str, ...] = field(repr=False)  # tools that report errors show locals
    window: int

    async def check(self, request: Request) -> None:
        """Read the request's body and check it; the SDK finds it in the request.

        Raises:
            HTTPException: 413 for a body that Inngest would not send, 401 for a signature that does
                not hold.
        """
        body = await _read_body(request)
        # The SDK reads the last of several such headers, a proxy may read the first: every one has
        # to pass.
        signatures = request.headers.getlist(SIGNATURE_HEADER)
        if not signatures:
            raise HTTPException(status.HTTP_401_UNAUTHORIZED, f"{SIGNATURE_HEADER} is missing.")
        is_sync = request.method == "PUT" and len(body) <= MAX_SYNC_SIZE
        for signature in signatures:
            timestamp, digest = self._read_signature(signature)
            if self._is_signed(body, timestamp, digest):
                continue
            if is_sync and self._is_signed(_canonicalize(body), timestamp, digest):
                continue
            raise HTTPException(status.HTTP_401_UNAUTHORIZED, "The signature is not Inngest's.")

    def _read_signature(self, signature: str) -> tuple[str, str]:
        """Its time and its digest, if it is neither malformed nor old."""
        match = re.fullmatch(r"t=([0-9]{1,12})&s=([0-9a-f]{64})", signature)
        if not match:
            raise HTTPException(status.HTTP_401_UNAUTHORIZED, f"{SIGNATURE_HEADER} is malformed.")
        timestamp, digest = match.groups()
        age = round(time.time()) - int(timestamp)
        if abs(age) > self.window:
            shown = f"{age} s old" if age > 0 else f"{-age} s ahead of this machine's clock"
            problem = (
                f"The request's signature is {shown}, {self.window} s are allowed: "
                "it was sent again, or the clocks of this machine and of Inngest differ."
            )
            logger.warning(problem)
            raise HTTPException(status.HTTP_401_UNAUTHORIZED, problem)
        return timestamp, digest

    def _is_signed(self, body: bytes, timestamp: str, digest: str) -> bool:
        return any(hmac.compare_digest(digest, sign(body, key, timestamp)) for key in self.keys)


def sign(body: bytes, key: str, timestamp: str) -> str:
    """The digest of a request: HMAC-SHA256 by the key, without its prefix, over the body and the
    time.

    Args:
        timestamp: Seconds since 1970, as text.
    """
    bare_key = re.sub(r"^signkey-\w+-", "", key)
    return hmac.new(bare_key.encode(), body + timestamp.encode(), hashlib.sha256).hexdigest()


def _canonicalize(body: bytes) -> bytes:
    """RFC 8785, as far as texts, whole numbers and objects of them go; other bodies as they are."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="replace")


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_SIZE:
            raise HTTPException(413, f"The body has more than {MAX_BODY_SIZE} bytes.")
    request._body = bytes(body)
    return request._body
