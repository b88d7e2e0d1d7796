"""What a line of the log looks like, for people, programs and the journal."""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mcp_orchestrator.observing.log_lines import LogFormat, fields_of, formatter, leads_to_journal

CALL: Mapping[str, Any] = {"server": "sonarr", "tool": "get_series", "request_id": 12}


def record(message: str, *args: object, level: int = logging.WARNING, error: bool = False, **extra: Any) -> Any:
    """Return an event as `logging` makes it."""
    what = ValueError("two\nlines")
    exc_info = (type(what), what, None) if error else None
    made = logging.getLogger("a.b").makeRecord("a.b", level, "file", 1, message, args, exc_info, extra=extra)
    made.created = 1_800_000_000.25
    return made


def line(log_format: LogFormat, event: logging.LogRecord, *, for_journal: bool = False) -> str:
    return formatter(log_format, for_journal=for_journal).format(event)


def test_json_is_one_object_with_the_fields_of_the_call_as_keys() -> None:
    said = json.loads(line("json", record("it took %d s", 3, **CALL)))

    assert said == {
        "ts": "2027-01-15T08:00:00.250Z",
        "level": "warning",
        "logger": "a.b",
        "message": "it took 3 s",
        **CALL,
    }


def test_json_stays_one_line_whatever_is_in_it() -> None:
    written = line("json", record("one\ntwo\x1b[2J\ud800\u2028", error=True, where=Path("/x")))

    said = json.loads(written)
    assert len(written.splitlines()) == 1
    assert written.isascii()
    assert said["message"] == "one\ntwo\x1b[2J\ud800\u2028"
    assert said["exception"].splitlines()[-2:] == ["ValueError: two", "lines"]
    assert said["where"] == "/x"


def test_no_field_takes_the_place_of_what_every_line_has() -> None:
    assert json.loads(line("json", record("x", level_=1, ts="then", logger="mine")))["ts"] == "2027-01-15T08:00:00.250Z"


def test_text_has_the_fields_in_brackets_and_no_line_of_somebody_elses() -> None:
    written = line("text", record("sonarr said %s", "\nERROR fake: \x1b[2J", **CALL))

    assert written.endswith(
        r" WARNING a.b: sonarr said \nERROR fake: \x1b[2J [server=sonarr tool=get_series request_id=12]"
    )
    assert len(written.splitlines()) == 1


def test_in_text_a_traceback_stands_below_indented() -> None:
    first, *below = line("text", record("it broke", error=True)).splitlines()

    assert first.endswith("WARNING a.b: it broke")
    assert below[-2:] == ["  ValueError: two", "  lines"]
    assert all(written.startswith("  ") for written in below)


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (35, 4), (logging.INFO, 6), (logging.DEBUG, 7)],
)
def test_for_the_journal_each_line_begins_with_its_priority_and_has_no_time(level: int, priority: int) -> None:
    written = line("text", record("it broke", level=level, error=True), for_journal=True).splitlines()

    assert written[0] == f"<{priority}>a.b: it broke"
    assert all(below.startswith(f"<{priority}>  ") for below in written[1:])


def test_for_the_journal_json_begins_with_its_priority_too() -> None:
    written = line("json", record("x"), for_journal=True)

    assert written.startswith("<4>{")
    assert json.loads(written[3:])["message"] == "x"


def test_a_text_without_end_has_one() -> None:
    for log_format in ("text", "json"):
        assert len(line(log_format, record("x" * 100_000))) < 20_000


def test_what_uvicorn_adds_for_colours_is_no_field() -> None:
    assert fields_of(record("x", color_message="\x1b[1mx", server="a", tool=None)) == {"server": "a"}


def test_stderr_leads_to_the_journal_if_it_is_the_one_systemd_names(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("wb") as file:
        here = os.fstat(file.fileno())
        named = {"JOURNAL_STREAM": f"{here.st_dev}:{here.st_ino}"}

        assert leads_to_journal(file.fileno(), named)
        assert not leads_to_journal(file.fileno(), {})
        assert not leads_to_journal(file.fileno(), {"JOURNAL_STREAM": f"{here.st_dev}:{here.st_ino + 1}"})
    assert not leads_to_journal(file_of_nobody(), named)


def file_of_nobody() -> int:
    """Return a descriptor that is closed."""
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor
