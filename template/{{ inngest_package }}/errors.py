"""The one error with which Inngest says that it cannot start."""


class ConfigurationError(Exception):
    """What is wrong, where, and what to write instead: one readable line for each problem.

    An ordinary exception: the app around this package decides whether it ends for it, and pytest
    reports it.
    """
