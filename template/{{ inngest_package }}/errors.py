"""The one error that ends the start."""


class StartupError(SystemExit):
    """Ends the process with its message and no traceback: what is wrong, where, and what to do about it.

    A SystemExit, so that uvicorn, its reloader and a plain `python -c` all print just the message and exit with 1.
    """

    def __init__(self, message: str) -> None:
        super().__init__(f"ERROR:    {message}")
