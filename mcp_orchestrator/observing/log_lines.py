"""How an event of the log reads on stderr: for people, for programs, or for the systemd journal. An event a line."""

import json
import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

LogFormat = Literal["text", "json"]

_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_LONGEST = 16 * 1024  # Characters of one text; what a server said may be of any length. Arbitrary.


def formatter(log_format: LogFormat, *, for_journal: bool) -> logging.Formatter:
    """Return what makes the lines. `for_journal`: each begins with its priority; the journal knows the time."""
    lines: logging.Formatter
    lines = JsonLines() if log_format == "json" else TextLines(with_time=not for_journal)
    return ForJournal(lines) if for_journal else lines


def leads_to_journal(descriptor: int, environ: Mapping[str, str] = os.environ) -> bool:
    """Say if a file descriptor is the journal's. Source: systemd.exec(5), $JOURNAL_STREAM."""
    try:
        found = os.fstat(descriptor)
    except OSError:  # It is closed.
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what was logged beside the message, by `extra`: server, tool, request_id, and others."""
    return {key: value for key, value in vars(record).items() if key not in _USUAL and value is not None}


class JsonLines(logging.Formatter):
    """An object a line: ts (ISO 8601, UTC), level, logger, message; further fields as keys; exception, a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        event = {
            "ts": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _bounded(record.getMessage()),
        }
        if trace := _trace(self, record):
            event["exception"] = trace
        event = {**event, **fields_of(record), **event}  # No field takes the place of these, which stand first.
        return json.dumps(event, default=str)


class TextLines(logging.Formatter):
    """Time, level, logger and message, with the fields in brackets. A traceback stands below, indented."""

    def __init__(self, *, with_time: bool) -> None:
        super().__init__()
        self._with_time = with_time

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        where = f"{record.name}: {_on_one_line(record.getMessage())}"
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname} {where}" if self._with_time else where
        if fields := " ".join(f"{key}={_on_one_line(str(value))}" for key, value in fields_of(record).items()):
            line = f"{line} [{fields}]"
        trace = _trace(self, record)
        return "\n".join([line, *(f"  {below}" for below in trace.splitlines())])


class ForJournal(logging.Formatter):
    """Puts the syslog priority before every line that another one makes. Source: sd-daemon(3)."""

    def __init__(self, lines: logging.Formatter) -> None:
        super().__init__()
        self._lines = lines

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        priority = f"<{_priority(record.levelno)}>"
        return "\n".join(f"{priority}{line}" for line in self._lines.format(record).split("\n"))


def _priority(level: int) -> int:
    """Return the syslog priority of a level of `logging`, also of one between those that have names."""
    known = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
    return next((priority for least, priority in known if level >= least), 7)


def _trace(lines: logging.Formatter, record: logging.LogRecord) -> str:
    if record.exc_info:
        return lines.formatException(record.exc_info)
    return record.stack_info or ""


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _on_one_line(text: str) -> str:
    """Escape what would begin a line of its own, or move about on a terminal: others may have written it."""
    text = _bounded(text)
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
