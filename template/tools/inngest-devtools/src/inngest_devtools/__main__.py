"""What `inngest-dev`, `dev` and `dev-server` run, and `python -m inngest_devtools`."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while the rest is imported is no traceback

from inngest_devtools.cli import main, main_dev  # noqa: E402

__all__ = ["main", "main_dev"]

if __name__ == "__main__":
    main()
