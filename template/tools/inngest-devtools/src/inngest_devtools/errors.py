"""What a command prints as a line instead of a traceback."""


class DevtoolsError(Exception):
    """What is wrong, where, and what to type; the message may have several lines."""


class NotChecked(DevtoolsError):
    """Why it is not known whether something is wrong."""


def render_error(error: object) -> str:
    """As every command prints it."""
    return f"ERROR:    {error}".replace("\n", "\n          ")
