"""What is logged, on stderr: warnings, and with -v more."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class StderrHandler(logging.Handler):
    """Writes to the stderr of the moment: the live table takes it over, to keep what is logged above itself."""

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        try:
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()
        except (OSError, ValueError):  # Nobody reads it any more.
            self.handleError(record)


@contextmanager
def on_stderr() -> Generator[None]:
    """Log warnings to stderr meanwhile."""
    root, handler = logging.getLogger(), StderrHandler()
    before = root.level
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def more(verbose: int) -> None:
    """Log what so many -v ask for."""
    logging.getLogger().setLevel(_LEVELS[min(verbose, len(_LEVELS) - 1)])
