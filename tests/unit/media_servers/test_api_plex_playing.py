"""What PlexApi tells of players, users and scans."""

from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from media_servers.plex.api import COUNT_S, HEALTH_S, PlexApi
from media_servers.plex.names import KEPT_S, PATIENCE_S
from tests.fixtures import plex_answers as xml
from tests.fixtures.media import SettableClock
from tests.fixtures.plex_answers import ACCESS, asked, container, params, plex_that_says

PLAYED, ACCOUNTS, DEVICES = "/status/sessions/history/all", "/accounts", "/devices"
REFRESH = "/library/sections/1/refresh"
HISTORY = {PLAYED: xml.HISTORY, ACCOUNTS: xml.ACCOUNTS, DEVICES: xml.DEVICES}


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def plex(clock: SettableClock) -> PlexApi:
    return PlexApi(ACCESS, clock)


def test_a_session_tells_who_watches_what_where_and_how_far(plex: PlexApi) -> None:
    with plex_that_says({"/status/sessions": xml.SESSIONS}) as wire:
        session = plex.sessions()[0]

    assert (session.session_id, session.user, session.player) == ("abc5", "anna", "Living room")
    assert (session.state, session.transcoding) == ("playing", True)
    assert (session.position_s, session.progress) == (600, 22.2)
    assert (session.item.type, session.item.show_title, session.item.rating_key) == ("episode", "Tidewatch", 221)
    assert asked(wire) == ["/status/sessions"]


def test_a_stream_that_is_only_copied_is_no_transcoding(plex: PlexApi) -> None:
    with plex_that_says({"/status/sessions": xml.SESSIONS}):
        session = plex.sessions()[1]

    assert (session.transcoding, session.state, session.progress) == (False, "paused", 25.0)
    assert (session.session_id, session.player, session.user) == ("6", "Plexamp", "bo")
    assert (session.item.artist, session.item.album) == ("The Buoys", "Low Tide")


def test_live_television_has_no_length_and_may_have_no_user(plex: PlexApi) -> None:
    with plex_that_says({"/status/sessions": xml.SESSIONS}):
        session = plex.sessions()[2]

    assert (session.item.type, session.item.title, session.item.rating_key) == ("clip", "News", None)
    assert (session.user, session.player, session.state) == (None, None, None)
    assert (session.position_s, session.progress, session.item.duration_s) == (0, None, None)


def test_nothing_playing_is_an_empty_list(plex: PlexApi) -> None:
    with plex_that_says({"/status/sessions": '<MediaContainer size="0"></MediaContainer>'}):
        assert plex.sessions() == []


def test_the_history_has_names_dates_and_pages(plex: PlexApi) -> None:
    with plex_that_says(HISTORY) as wire:
        page = plex.history(offset=0, limit=3)

    episode, movie, track = page.items
    assert (page.total, page.next_offset) == (40, 3)
    assert (episode.user, episode.player) == ("anna", "Living room")
    assert episode.viewed_at == datetime.fromtimestamp(1767300000, UTC)
    assert (episode.item.show_title, episode.item.season, episode.item.episode) == ("Tidewatch", 2, 4)
    assert (episode.item.views, episode.item.viewed_at, episode.item.library_id) == (None, None, 2)
    assert (track.user, track.player, track.viewed_at, track.item.artist) == ("bo", None, None, "The Buoys")
    assert (movie.item.title, movie.item.rating_key) == ("Gone", None)
    assert asked(wire) == [PLAYED, ACCOUNTS, DEVICES]
    assert params(wire, 0)["sort"] == "viewedAt:desc"


def test_the_account_of_a_user_who_has_left_has_no_name(plex: PlexApi) -> None:
    with plex_that_says(HISTORY):
        assert (plex.history(offset=0, limit=3).items[1].user, plex.history(offset=0, limit=3).items[1].player) == (
            None,
            None,
        )


def test_names_are_asked_for_every_ten_minutes_not_for_every_page(plex: PlexApi, clock: SettableClock) -> None:
    with plex_that_says(HISTORY) as wire:
        plex.history(offset=0, limit=3)
        clock.advance(KEPT_S)
        plex.history(offset=3, limit=3)
        assert asked(wire).count(ACCOUNTS) == 1

        clock.advance(1)
        plex.history(offset=6, limit=3)

    assert (asked(wire).count(ACCOUNTS), asked(wire).count(DEVICES), asked(wire).count(PLAYED)) == (2, 2, 3)


def test_a_history_without_names_is_better_than_none(plex: PlexApi) -> None:
    """Only the server's owner may see the accounts."""
    with plex_that_says({PLAYED: xml.HISTORY, DEVICES: xml.DEVICES}) as wire:
        wire.get(f"{xml.URL}{ACCOUNTS}", status=403)
        (viewing, *_) = plex.history(offset=0, limit=3).items

    assert (viewing.user, viewing.player) == (None, "Living room")


def test_an_empty_history_asks_for_no_names(plex: PlexApi) -> None:
    with plex_that_says({PLAYED: container(totalSize=0)}) as wire:
        page = plex.history(offset=0, limit=3)

    assert (page.items, page.total, page.next_offset) == ([], 0, None)
    assert asked(wire) == [PLAYED]


def test_a_scan_is_begun_once_and_tells_the_library(plex: PlexApi) -> None:
    with plex_that_says({"/library/sections": xml.SECTIONS, REFRESH: ""}) as wire:
        started = plex.scan(1)

    assert started.model_dump() == {"library_id": 1, "title": "Films", "already_scanning": False}
    assert asked(wire) == ["/library/sections", REFRESH]


def test_a_scan_of_a_library_that_is_being_scanned_says_so(plex: PlexApi) -> None:
    with plex_that_says({"/library/sections": xml.SECTIONS, "/library/sections/2/refresh": ""}):
        assert plex.scan(2).already_scanning


def test_the_version_is_plex_s_own(plex: PlexApi) -> None:
    with plex_that_says({"/": xml.ROOT}) as wire:
        version = plex.version()

    assert (version.application, version.version) == ("Plex Media Server", "1.42.2.10156-f737b826c")
    assert asked(wire) == ["/"]


def test_health_is_one_question(plex: PlexApi) -> None:
    with plex_that_says({"/": xml.ROOT}) as wire:
        health = plex.health()

    assert (health.healthy, health.issues) == (True, [])
    assert asked(wire) == ["/"]


def test_every_question_goes_with_the_token_in_a_header_and_our_name(plex: PlexApi) -> None:
    answers = {**HISTORY, "/": xml.ROOT, "/library/sections": xml.SECTIONS, REFRESH: "", "/hubs/search": container()}
    with plex_that_says(answers) as wire:
        plex.version()
        plex.history(offset=0, limit=1)
        plex.search("x", offset=0, limit=1)
        plex.scan(1)

    sent: list[responses.Call] = list(wire.calls)
    assert {call.request.headers["X-Plex-Token"] for call in sent} == {xml.TOKEN}
    assert {call.request.headers["X-Plex-Client-Identifier"] for call in sent} == {"mcp-orchestrator-media-servers"}
    assert {call.request.headers["X-Plex-Product"] for call in sent} == {"MCP Orchestrator"}
    assert {call.request.headers["Accept"] for call in sent} == {"application/xml"}
    assert not [call.request.url for call in sent if xml.TOKEN in (call.request.url or "")]


def test_extras_are_not_waited_for_as_long_as_what_was_asked_for(plex: PlexApi) -> None:
    counts = {f"/library/sections/{number}/all": container() for number in range(1, 5)}
    with plex_that_says({**HISTORY, **counts, "/": xml.ROOT, "/library/sections": xml.SECTIONS}) as wire:
        plex.health()
        plex.libraries()
        plex.history(offset=0, limit=1)

    within = {asked_for: patience_s(call) for asked_for, call in zip(asked(wire), wire.calls, strict=True)}
    assert within["/library/sections"] == within[PLAYED] == ACCESS.timeout_s
    assert within["/"] == HEALTH_S
    assert within["/library/sections/4/all"] == COUNT_S
    assert within[ACCOUNTS] == within[DEVICES] == PATIENCE_S
    assert max(HEALTH_S, COUNT_S, PATIENCE_S) < ACCESS.timeout_s


def patience_s(call: responses.Call) -> float:
    sent: Any = call.request
    _, reading_s = sent.req_kwargs["timeout"]
    return float(reading_s)
