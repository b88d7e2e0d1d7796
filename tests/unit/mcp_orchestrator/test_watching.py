"""Who watches a face hears of every status and incident, and can do its servers no harm."""

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from actors.call import ServerName
from actors.status import Incident, ServerStatus
from mcp_orchestrator import MCPOrchestrator
from tests.fixtures.faces import blocking, facing
from tests.fixtures.manual_time import until

A = ServerName("a")


class Notes:
    """Writes down all it hears."""

    def __init__(self) -> None:
        self.statuses: list[ServerStatus] = []
        self.incidents: list[Incident] = []

    def on_status(self, status: ServerStatus) -> None:
        """See Watcher."""
        self.statuses.append(status)

    def on_incident(self, incident: Incident) -> None:
        """See Watcher."""
        self.incidents.append(incident)

    @property
    def kinds(self) -> list[str]:
        """What has happened, in order."""
        return [incident.kind for incident in self.incidents]


class Broken(Notes):
    """Raises whenever it is told something."""

    def on_status(self, status: ServerStatus) -> None:
        """See Watcher."""
        raise RuntimeError(status.server)

    def on_incident(self, incident: Incident) -> None:
        """See Watcher."""
        raise RuntimeError(incident.kind)


class Interrupted(Notes):
    """While it is told the first status, an actor publishes the next one."""

    def __init__(self, publish: Callable[[ServerStatus], None]) -> None:
        super().__init__()
        self._publish = publish

    def on_status(self, status: ServerStatus) -> None:
        """See Watcher."""
        if not self.statuses:
            newer = replace(status, in_flight=9)
            self._publish(newer)
            self.statuses.append(newer)
        self.statuses.append(status)


def test_how_things_are_is_told_at_once() -> None:
    with blocking("a", "b") as (face, _):
        notes = Notes()
        face.watch(notes)

        assert [(status.server, status.ready) for status in notes.statuses] == [("a", True), ("b", True)]
        assert notes.incidents == []


def test_every_change_is_told_and_the_last_is_what_holds() -> None:
    with facing(MCPOrchestrator, "a") as (face, _):
        notes = Notes()
        face.watch(notes)
        face.connect_all()
        face.call_tool("a", "get_queue")

        until(lambda: notes.statuses[-1].statistics.succeeded == 1)
        assert notes.statuses[-1] is face.get_statuses()[0]
        assert notes.kinds == ["connected"]
        assert notes.incidents == face.get_incidents()


def test_nobody_is_left_with_what_is_over_by_then() -> None:
    with blocking("a") as (face, _):
        board = face._board  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- as an actor, at the worst time
        notes = Interrupted(lambda status: board.statuses.update({A: status}))

        face.watch(notes)

        assert [status.in_flight for status in notes.statuses] == [9, 0, 9]


def test_who_watches_no_more_hears_nothing_and_the_others_go_on() -> None:
    with blocking("a") as (face, _):
        first, second = Notes(), Notes()
        stop, _ = face.watch(first), face.watch(second)
        heard = len(first.statuses)

        stop()
        stop()
        face.disconnect("a")

        until(lambda: second.kinds == ["disconnected"])
        assert (len(first.statuses), first.kinds) == (heard, [])


def test_one_that_watches_twice_stops_once_at_a_time() -> None:
    with blocking("a") as (face, _):
        notes = Notes()
        stop, _ = face.watch(notes), face.watch(notes)

        stop()
        face.disconnect("a")

        until(lambda: notes.kinds == ["disconnected"])


def test_a_restart_changes_nothing_for_who_watches() -> None:
    with blocking("a") as (face, _):
        notes = Notes()
        face.watch(notes)

        face.restart()

        until(lambda: notes.kinds[-1:] == ["connected"])
        assert notes.kinds[0] == "stopped"
        assert notes.statuses[-1].ready


def test_one_that_raises_is_logged_and_no_server_pays_for_it(caplog: pytest.LogCaptureFixture) -> None:
    with facing(MCPOrchestrator, "a") as (face, _):
        notes = Notes()
        face.watch(Broken())
        face.watch(notes)

        assert face.connect_all() == {"a": True}
        assert face.call_tool("a", "get_queue").data

        until(lambda: notes.kinds == ["connected"])
        assert face.get_server_status("a")["generation"] == 0
    record = next(record for record in caplog.records if record.name == "mcp_orchestrator.watching")
    assert (record.levelno, record.message) == (logging.ERROR, "somebody who watches the servers has failed")
    assert record.exc_info is not None
