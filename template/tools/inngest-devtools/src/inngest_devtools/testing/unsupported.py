"""What one of the two servers cannot do."""

from inngest_devtools.words import t


class Unsupported(NotImplementedError):
    """What the stand-in does not imitate, by name: only a real Dev Server can run this test."""

    def __str__(self) -> str:
        return t(
            "{what}: the stand-in does not imitate this. Run the test with `pytest"
            " --inngest-dev-server`, and mark it with `real_server` if it needs that.",
            what=self.args[0],
        )


class OnlyInVirtualTime(Unsupported):
    """What only the stand-in can do."""

    def __str__(self) -> str:
        return t(
            "{what} works in virtual time alone: mark the test with `virtual_time`.",
            what=self.args[0],
        )
