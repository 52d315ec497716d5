"""The one error that a command prints as a line instead of a traceback."""


class DevtoolsError(Exception):
    """What is wrong, where, and what to type; the message may have several lines."""


def render_error(error: object) -> str:
    """As every command prints it."""
    return f"ERROR:    {error}".replace("\n", "\n          ")
