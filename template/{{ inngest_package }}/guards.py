"""What guards the endpoint in production before the SDK reads a request: its size, its signature
and its age.
"""

import hashlib
import hmac
import logging
import re
import time
from dataclasses import dataclass

from fastapi import HTTPException, Request, status

logger = logging.getLogger(__name__)

# Bytes. Inngest sends 4 MiB at most (pkg/consts/consts.go, MaxSDKRequestBodySize) and has the SDK
# fetch what is more.
MAX_BODY_SIZE = 5 * 1024 * 1024

SIGNATURE_HEADER = "x-inngest-signature"


@dataclass(frozen=True)
class Guard:
    """Lets a request pass that Inngest signed, lately, over the very bytes that came.

    The SDK checks a signature too, but first parses the body and writes it anew: seconds, for a
    large one of a stranger. Inngest signs each attempt when it makes it, so neither retries nor
    runs that sleep for a month grow old.

    Args:
        keys: Signing keys, each of which may have signed.
        window: Seconds between the signature's time and this machine's clock, either way.
    """

    keys: tuple[str, ...]
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
        for signature in signatures:
            self._check_signature(signature, body)

    def _check_signature(self, signature: str, body: bytes) -> None:
        match = re.fullmatch(r"t=([0-9]{1,12})&s=([0-9a-f]{64})", signature)
        if not match:
            raise HTTPException(status.HTTP_401_UNAUTHORIZED, f"{SIGNATURE_HEADER} is malformed.")
        timestamp, digest = match.groups()
        difference = round(time.time()) - int(timestamp)
        if abs(difference) > self.window:
            problem = (
                f"The request's signature is {difference} s old, {self.window} s are allowed: "
                "it was sent again, or the clocks of this machine and of Inngest differ."
            )
            logger.warning(problem)
            raise HTTPException(status.HTTP_401_UNAUTHORIZED, problem)
        if not any(hmac.compare_digest(digest, sign(body, key, timestamp)) for key in self.keys):
            raise HTTPException(status.HTTP_401_UNAUTHORIZED, "The signature is not Inngest's.")


def sign(body: bytes, key: str, timestamp: str) -> str:
    """The digest of a request: HMAC-SHA256 by the key, without its prefix, over the body and the
    time.

    Args:
        timestamp: Seconds since 1970, as text.
    """
    bare_key = re.sub(r"^signkey-\w+-", "", key)
    return hmac.new(bare_key.encode(), body + timestamp.encode(), hashlib.sha256).hexdigest()


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_SIZE:
            raise HTTPException(413, f"The body has more than {MAX_BODY_SIZE} bytes.")
    request._body = bytes(body)
    return request._body
