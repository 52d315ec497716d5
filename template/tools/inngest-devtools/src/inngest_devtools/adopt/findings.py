"""What `adopt` says of one matter."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """A matter, how it stands, and what to type.

    Args:
        status: "ok"; "warn" is worth a word; "fail" keeps Inngest from running.
        is_blocking: Whether the project has to change first, before the rest is worth looking at.
    """

    name: str
    status: Literal["ok", "warn", "fail"]
    detail: str
    fix: str = ""
    is_blocking: bool = False
