"""What the stand-in refuses."""


class Unsupported(NotImplementedError):
    """Not imitated here: run this test with `pytest --inngest-dev-server`.

    Mark it with `real_server` if it needs that one.
    """
