"""The control API where it runs: in the daemon, and in an application of somebody else's."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.manual_time import until
from tests.fixtures.stdio import wait_until_gone
from tests.integration.control.conftest import Asking, application, daemon, written

pytestmark = [pytest.mark.slow, pytest.mark.integration]


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asking, Path]]:
    """Return a daemon, and the folder of its configuration."""
    folder = tmp_path_factory.mktemp("daemon")
    with daemon(folder) as asking:
        yield asking, folder


def first(events: Iterator[tuple[str, Any]], wanted: str, **facts: object) -> Any:
    """Return the data of the next event of this kind that says so."""
    return next(data for kind, data in events if kind == wanted and facts.items() <= data.items())


def test_a_child_that_is_killed_shows_with_what_happened_and_that_it_came_back(serving: tuple[Asking, Path]) -> None:
    asking, _ = serving
    with asking.events() as events:
        before = next(server for server in first(events, "overview")["servers"] if server["server"] == "a")

        os.kill(before["pid"], signal.SIGKILL)

        assert first(events, "incident", server="a")["kind"] == "lost"
        after = first(events, "server", server="a", state="ready")
        assert after["pid"] not in (None, before["pid"])
        assert first(events, "sample")["servers"].keys() == {"a", "b"}


def test_a_reload_shows_to_who_reads_the_events_as_a_new_overview(serving: tuple[Asking, Path]) -> None:
    asking, folder = serving
    with asking.events() as events:
        first(events, "overview")
        try:
            written(folder, "a")
            assert asking.ask("POST", "/reload")["touched"] == ["b"]
            assert [server["server"] for server in first(events, "overview")["servers"]] == ["a"]

            (folder / "daemon.json").write_text("{", encoding="utf-8")
            with pytest.raises(AssertionError, match="ConfigurationError"):
                asking.ask("POST", "/reload")
            assert "daemon.json" in first(events, "configuration")["error"]
            assert asking.ask("POST", "/call", {"server": "a", "tool": "get_status"})["success"]
        finally:
            written(folder, "a", "b")
            assert asking.ask("POST", "/reload")["touched"] == ["b"]


def test_a_server_that_was_switched_off_has_no_child_and_comes_back(serving: tuple[Asking, Path]) -> None:
    asking, _ = serving
    until(lambda: asking.ask("GET", "/servers/b")["connected"])
    pid = asking.ask("GET", "/servers/b")["pid"]

    assert asking.ask("POST", "/servers/b/disable")["server"]["state"] == "disabled"

    wait_until_gone(pid)
    assert asking.ask("POST", "/servers/b/enable")["server"]["enabled"]
    until(lambda: asking.ask("GET", "/servers/b")["connected"])


def test_an_application_with_a_reader_of_events_ends_when_told_and_leaves_no_child() -> None:
    with application() as asking, asking.events() as events:
        (server,) = first(events, "overview")["servers"]
        assert server["connected"]

        asking.running.signal(signal.SIGTERM)

        assert list(events)[-1][1]["state"] == "draining"
        asking.running.end()
        assert "Application shutdown complete" in asking.running.text
        assert "Traceback" not in asking.running.text
        wait_until_gone(server["pid"])
