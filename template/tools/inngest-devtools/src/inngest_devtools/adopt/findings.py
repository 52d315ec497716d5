"""What `adopt` says of one matter."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """A matter, how it stands, and what to type.

    Args:
        status: "ok"; "warn" is worth a word; "fail" keeps Inngest from running.
    """

    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    fix: str = ""
