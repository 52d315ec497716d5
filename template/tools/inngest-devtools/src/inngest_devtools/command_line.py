"""How every command ends: an error is one line, and a reader who has read enough is none."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from inngest_devtools.errors import DevtoolsError, render_error


@contextmanager
def clean_end() -> Iterator[None]:
    """Run a command in this."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except DevtoolsError as error:
        print(render_error(error), file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:  # as of `inngest-dev adopt | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes at its end
        raise SystemExit(1) from None
