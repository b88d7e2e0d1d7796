"""Asking a daemon to reload, and waiting until it has: the record between the two."""

import os
import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from actors.errors import ConfigurationError
from mcp_orchestrator.daemon.configuration import Configuration
from mcp_orchestrator.daemon.reloading import Record, ask, record_of
from tests.fixtures.manual_time import in_background

HERE = os.getpid()


@pytest.fixture
def configuration() -> Configuration:
    """Return one that was never reloaded."""
    return Configuration({"a": {"command": ["x"]}})


@contextmanager
def at_sighup(do: Callable[[], object]) -> Generator[None]:
    """Be the daemon, which does this a while after it is asked."""
    asked = Event()

    def obey() -> None:
        asked.wait()
        time.sleep(0.1)
        do()

    before = signal.signal(signal.SIGHUP, lambda _, __: asked.set())
    obeying = in_background(obey)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
        asked.set()
        obeying.result(5.0)


def test_the_record_is_where_systemd_or_the_session_has_what_is_fleeting() -> None:
    assert record_of(7, {"RUNTIME_DIRECTORY": "/run/a:/run/b"}) == Path("/run/a/mcp-orchestrator-7.json")
    assert record_of(7, {"XDG_RUNTIME_DIR": "/run/user/1"}) == Path("/run/user/1/mcp-orchestrator-7.json")
    assert record_of(7, {}) is None


def test_who_asks_waits_for_a_reload_that_began_after_he_asked(tmp_path: Path, configuration: Configuration) -> None:
    path = tmp_path / "record"
    record = Record(path)
    configuration.began_at, configuration.touched = time.monotonic(), ["of one that was under way"]
    record.write(configuration)

    def reload() -> None:
        configuration.began_at, configuration.touched = time.monotonic(), ["a"]
        record.write(configuration)

    with at_sighup(reload):
        assert ask(HERE, path, 5.0)["touched"] == ["a"]


def test_who_asks_reads_what_is_wrong_with_the_file(tmp_path: Path, configuration: Configuration) -> None:
    path = tmp_path / "record"
    Record(path).write(configuration)

    def reload() -> None:
        configuration.began_at, configuration.error = time.monotonic(), "o.toml: not TOML"
        Record(path).write(configuration)

    with at_sighup(reload), pytest.raises(ConfigurationError, match=r"o\.toml: not TOML"):
        ask(HERE, path, 5.0)


def test_who_asks_in_vain_waits_no_longer_than_he_said(tmp_path: Path, configuration: Configuration) -> None:
    path = tmp_path / "record"
    Record(path).write(configuration)

    with at_sighup(lambda: None), pytest.raises(TimeoutError):
        ask(HERE, path, 0.05)


def test_a_process_without_a_record_gets_no_signal(tmp_path: Path, configuration: Configuration) -> None:
    got: list[int] = []
    record = Record(tmp_path / "record")
    record.write(configuration)
    record.remove()
    before = signal.signal(signal.SIGHUP, lambda number, _: got.append(number))

    with pytest.raises(ProcessLookupError):
        ask(HERE, tmp_path / "record", 1.0)

    signal.signal(signal.SIGHUP, before)
    assert got == []


def test_a_record_that_cannot_be_written_harms_nobody(tmp_path: Path, configuration: Configuration) -> None:
    for path in (None, tmp_path / "no such folder" / "record"):
        record = Record(path)
        record.write(configuration)
        record.remove()
