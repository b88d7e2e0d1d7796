"""The Plex server as its users run it, against a stand-in of Plex: what goes wrong."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.backends.plex import PlexStub
from tests.backends.plex_library import MOVIES
from tests.backends.stub import BAD_GATEWAY, LOGIN_PAGE, Answer
from tests.fixtures.asking_plex import Asker, asking

pytestmark = pytest.mark.integration


@pytest.fixture
def plex() -> Iterator[PlexStub]:
    with PlexStub() as stub:
        yield stub


@pytest.fixture
def server(plex: PlexStub) -> Iterator[Asker]:
    with asking(plex) as asker:
        yield asker


READS: Mapping[str, Mapping[str, Any]] = {
    "get_libraries": {},
    "get_library_items": {"library_id": MOVIES},
    "get_recently_added": {},
    "get_on_deck": {},
    "get_sessions": {},
    "search": {"term": "metropolis"},
    "get_history": {},
    "get_version": {},
}


def test_a_wrong_token_is_told_by_every_tool(plex: PlexStub) -> None:
    with asking(plex, PLEX_TOKEN="wrong-canary") as server:  # noqa: S106 -- it opens nothing
        for tool, arguments in READS.items():
            text = server.refusal(tool, **arguments)
            assert "PLEX_TOKEN" in text
            assert "wrong-canary" not in text
        assert "PLEX_TOKEN" in server.refusal("scan_library", library_id=MOVIES)
        health = server.ask("health_check")
        assert health["healthy"] is False
        assert len(health["issues"]) == 1
        assert plex.library.sections[MOVIES].refreshing is False


def test_a_plex_that_is_down_is_told_and_found_again_when_it_is_up(plex: PlexStub, server: Asker) -> None:
    plex.stop()

    for tool, arguments in READS.items():
        assert "Plex" in server.refusal(tool, **arguments)
    assert "Plex" in server.refusal("scan_library", library_id=MOVIES)
    assert server.ask("health_check")["healthy"] is False

    plex.start()
    assert server.ask("get_library_items", library_id=MOVIES)["total"] == 9
    assert server.ask("health_check")["healthy"] is True


def test_a_server_starts_while_plex_is_down(plex: PlexStub) -> None:
    plex.stop()

    with asking(plex) as server:
        assert server.ask("health_check")["healthy"] is False
        plex.start()
        assert server.ask("get_version")["version"] == plex.version


@pytest.mark.parametrize("tool", ["get_library_items", "get_recently_added", "scan_library"])
def test_an_unknown_library_is_told_with_the_tool_that_lists_them(server: Asker, tool: str) -> None:
    text = server.refusal(tool, library_id=99)

    assert "99" in text
    assert "get_libraries" in text


def test_maintenance_is_told_as_such_and_is_over_when_it_is(plex: PlexStub, server: Asker) -> None:
    plex.maintain()

    for tool, arguments in READS.items():
        text = server.refusal(tool, **arguments)
        assert "maintenance" in text
        assert "database migrations" in text
    health = server.ask("health_check")
    assert health["healthy"] is False

    plex.maintained()
    assert server.ask("health_check")["healthy"] is True


def test_half_answers_and_other_programs_pages_are_errors(plex: PlexStub, server: Asker) -> None:
    for tool, arguments in READS.items():
        for instead in (LOGIN_PAGE, Answer(body=b"{}"), Answer(body=b"<MediaContainer size='1'><Video")):
            plex.instead = instead
            assert "Plex" in server.refusal(tool, **arguments)
    plex.instead = None
    plex.next("half", "half", "half", "half")
    assert "Plex" in server.refusal("get_libraries")


def test_a_bad_gateway_in_between_is_an_error_and_one_alone_is_not_noticed(plex: PlexStub, server: Asker) -> None:
    plex.next(BAD_GATEWAY)
    assert server.ask("get_library_items", library_id=MOVIES)["total"] == 9

    plex.instead = BAD_GATEWAY
    assert "502" in server.refusal("get_library_items", library_id=MOVIES)


def test_a_plex_that_hangs_is_too_slow(plex: PlexStub) -> None:
    with asking(plex, PLEX_TIMEOUT_S="0.5") as server:
        plex.next("hung", "hung", "hung", "hung")

        text = server.refusal("get_sessions")

        assert "PLEX_TIMEOUT_S" in text
        plex.resume()


def test_a_scan_whose_answer_is_lost_may_have_begun(plex: PlexStub, server: Asker) -> None:
    server.items("get_libraries")
    scans = f"/library/sections/{MOVIES}/refresh"
    plex.lose(scans)

    text = server.refusal("scan_library", library_id=MOVIES)

    assert "get_libraries" in text
    assert [one.path for one in plex.seen].count(scans) == 1
    assert server.items("get_libraries")[0]["scanning"] is True
