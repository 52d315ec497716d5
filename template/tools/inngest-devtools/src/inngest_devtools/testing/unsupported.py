"""The one answer to what the stand-in does not imitate."""


class Unsupported(NotImplementedError):
    """Not imitated here, by name: run this test against the real server, `--inngest-dev-server`."""
