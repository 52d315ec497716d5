"""What guards /api/inngest in production beyond the SDK, which checks who signed a request but not when."""

import logging
import re
import time
from dataclasses import dataclass

from fastapi import HTTPException, Request, status

logger = logging.getLogger(__name__)

# Bytes. Inngest sends 4 MiB at most (pkg/consts/consts.go, MaxSDKRequestBodySize) and has the SDK fetch what is more.
MAX_BODY_SIZE = 5 * 1024 * 1024

SIGNATURE_HEADER = "x-inngest-signature"


@dataclass(frozen=True)
class SignatureAge:
    """A dependency that refuses a signature from another time: whoever recorded a request cannot send it again later.

    Inngest signs each attempt anew, so neither retries nor runs that sleep for a month grow old.

    Args:
        window: Seconds between the signature's time and this machine's clock, either way.
    """

    window: int

    async def __call__(self, request: Request) -> None:
        # The SDK reads the last of several such headers, a proxy may read the first: every one has to pass.
        for signature in request.headers.getlist(SIGNATURE_HEADER):
            self._check(signature)

    def _check(self, signature: str) -> None:
        match = re.fullmatch(r"t=([0-9]{1,12})&s=[0-9a-f]{64}", signature)
        if not match:
            raise HTTPException(status.HTTP_401_UNAUTHORIZED, f"{SIGNATURE_HEADER} is malformed.")
        difference = round(time.time()) - int(match[1])
        if abs(difference) > self.window:
            problem = (
                f"The request's signature is {difference} s old, {self.window} s are allowed: "
                "it was sent again, or the clocks of this machine and of Inngest differ."
            )
            logger.warning(problem)
            raise HTTPException(status.HTTP_401_UNAUTHORIZED, problem)
