"""What is logged, on stderr: warnings, and with -v more."""

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager

from mcp_orchestrator.observing.log_lines import LogFormat, TextLines, formatter, leads_to_journal

_STDERR = 2  # The descriptor, whatever sys.stderr is just now.
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
    handler.setFormatter(TextLines(with_time=True))
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


def of_daemon(log_format: LogFormat, level: str, verbose: int) -> None:
    """Log as a daemon's configuration says; -v goes before its level. Into the journal, if stderr leads there."""
    lines = formatter(log_format, for_journal=leads_to_journal(_STDERR))
    root = logging.getLogger()
    root.setLevel(_LEVELS[min(verbose, len(_LEVELS) - 1)] if verbose else level.upper())
    for handler in root.handlers:
        if isinstance(handler, StderrHandler):
            handler.setFormatter(lines)
