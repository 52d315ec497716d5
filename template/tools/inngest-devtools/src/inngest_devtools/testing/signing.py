"""The signing key, by which an app and a server in production know each other."""

import hashlib
import hmac
import re
import time


def sign(body: bytes, signing_key: str, timestamp: int | None = None) -> str:
    """The `x-inngest-signature` of a body.

    A request's is of the body's canonical form (RFC 8785), a response's of its bytes.

    Args:
        timestamp: Seconds since the epoch; now by default.
    """
    timestamp = round(time.time()) if timestamp is None else timestamp
    key = bare_key(signing_key).encode()
    digest = hmac.new(key, body + str(timestamp).encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp}&s={digest}"


def bare_key(signing_key: str) -> str:
    """A key without its prefix, such as `signkey-prod-`."""
    return re.sub(r"^signkey-\w+-", "", signing_key)


def hash_key(signing_key: str) -> str:
    """What an app shows of its key, in place of the key, when it asks the server for something."""
    return hashlib.sha256(bytes.fromhex(bare_key(signing_key))).hexdigest()
