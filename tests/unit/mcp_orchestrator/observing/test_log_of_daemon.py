"""What a daemon logs, and how, as its configuration and its command line say."""

import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest

from actors.errors import ConfigurationError
from mcp_orchestrator.cli import logs
from mcp_orchestrator.config import load

SERVERS = {"a": {"command": ["true"]}}
logger = logging.getLogger("mcp_orchestrator.test")


@pytest.fixture(autouse=True)
def _on_stderr(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    with logs.on_stderr():
        yield


def written(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Log an event of each level; return the lines of it."""
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        logger.log(level, "%s happened", logging.getLevelName(level), extra={"server": "a"})
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("level", "verbose", "lines"),
    [("debug", 0, 3), ("info", 0, 2), ("warning", 0, 1), ("error", 0, 0), ("error", 1, 2), ("error", 2, 3)],
)
def test_the_level_is_the_configured_one_unless_the_command_line_says_more(
    level: str, verbose: int, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.of_daemon("text", level, verbose)

    assert len(written(capsys)) == lines


def test_json_is_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.of_daemon("json", "info", 0)

    events = [json.loads(line) for line in written(capsys)]
    assert [(event["level"], event["server"]) for event in events] == [("info", "a"), ("warning", "a")]


def test_into_the_journal_lines_have_priorities(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stderr = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{stderr.st_dev}:{stderr.st_ino}")
    logs.of_daemon("text", "info", 0)

    assert written(capsys) == [
        "<6>mcp_orchestrator.test: INFO happened [server=a]",
        "<4>mcp_orchestrator.test: WARNING happened [server=a]",
    ]


@pytest.mark.parametrize("settings", [{"log_format": "xml"}, {"log_level": "loud"}, {"log_level": "INFO"}])
def test_a_log_that_cannot_be_is_an_error_that_names_its_key(settings: dict[str, Any]) -> None:
    (key,) = settings

    with pytest.raises(ConfigurationError, match=rf"daemon\.{key}"):
        load({"daemon": settings, "servers": SERVERS})
