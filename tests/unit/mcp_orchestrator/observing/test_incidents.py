"""Incidents as a daemon logs and counts them."""

import asyncio
import logging

import pytest

from actors.call import ServerName
from actors.status import Incident
from mcp_orchestrator.observing.incidents import IncidentLog, level_of
from tests.fixtures.manual_time import in_background, on_a_loop

NAME = ServerName("sonarr")


def incident(kind: str, text: str = "") -> Incident:
    return Incident(at=0.0, server=NAME, kind=kind, text=text)


@on_a_loop
async def test_from_whatever_thread_it_is_logged_and_counted_on_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    log = IncidentLog()
    log.begin()

    with caplog.at_level(logging.INFO):
        in_background(lambda: log.on_incident(incident("lost", "reset by peer"))).result(5)
        log.on_incident(incident("lost"))
        assert not log.counts
        await asyncio.sleep(0)

    assert log.counts == {(NAME, "lost"): 2}
    assert [r.getMessage() for r in caplog.records] == ["sonarr: lost: reset by peer", "sonarr: lost"]
    assert vars(caplog.records[0]) | {"server": NAME, "incident": "lost"} == vars(caplog.records[0])


def test_what_comes_before_or_after_its_time_is_left_out() -> None:
    log = IncidentLog()
    log.on_incident(incident("lost"))

    @on_a_loop
    async def begin() -> None:
        log.begin()

    begin()
    log.on_incident(incident("lost"))

    assert not log.counts


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("auth_required", logging.ERROR),
        ("crash_loop", logging.ERROR),
        ("breaker_open", logging.WARNING),
        ("connect_failed", logging.WARNING),
        ("connected", logging.INFO),
        ("breaker_closed", logging.INFO),
        ("disabled", logging.INFO),
        ("reconfigured", logging.INFO),
        ("not known yet", logging.WARNING),
    ],
)
def test_a_person_is_called_only_for_what_does_not_mend_itself(kind: str, level: int) -> None:
    assert level_of(kind) == level
