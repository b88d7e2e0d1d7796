"""The stub of Plex, driven by python-plexapi, which was written against the real one."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import requests
from plexapi.exceptions import BadRequest, NotFound, Unauthorized

from tests.backends.plex import PlexStub
from tests.backends.plex_playing import GUEST

MINUTE = 60_000
PlexServer: Any = import_module("plexapi.server").PlexServer  # It is not typed.


@pytest.fixture
def plex() -> Iterator[PlexStub]:
    with PlexStub() as stub:
        yield stub


@pytest.fixture
def server(plex: PlexStub) -> Iterator[Any]:
    with requests.Session() as session:
        yield PlexServer(plex.url, plex.secret, session=session, timeout=10)


def named(items: Any) -> list[str]:
    return [item.title for item in items]


def read(thing: Any) -> None:
    """Read all that plexapi makes of an element: much of it only now."""
    thing._autoReload = False  # noqa: SLF001 -- the library's own switch
    made: set[str] = {*vars(thing), *thing._cached_data_properties}  # noqa: SLF001 -- it tells them nowhere else
    for name in sorted(made):
        if not name.startswith("_"):
            getattr(thing, name)


def test_a_server_is_opened(plex: PlexStub, server: Any) -> None:
    assert (server.friendlyName, server.version, server.myPlex) == ("Stub", plex.version, True)
    assert server.identity().claimed is True
    assert server.account().signInState == "ok"


def test_a_wrong_token_is_told_as_such(plex: PlexStub) -> None:
    with requests.Session() as session, pytest.raises(Unauthorized):
        PlexServer(plex.url, "wrong", session=session)


def test_maintenance_is_told_as_a_bad_request(plex: PlexStub) -> None:
    plex.maintain()

    with requests.Session() as session, pytest.raises(BadRequest, match="Maintenance"):
        PlexServer(plex.url, plex.secret, session=session)


def test_every_library_is_listed_with_its_size(server: Any) -> None:
    sections = server.library.sections()

    assert [(section.type, section.totalSize) for section in sections] == [
        ("movie", 9),
        ("show", 4),
        ("artist", 2),
        ("photo", 1),
        ("movie", 0),
    ]
    assert server.library.section("tv shows").totalViewSize("episode") == 35


def test_every_attribute_of_everything_can_be_read(plex: PlexStub, server: Any) -> None:
    plex.play("Metropolis", transcoded=True)
    plex.play("Aria", account=GUEST)
    found = [
        *server.library.onDeck(),
        *server.library.recentlyAdded(),
        *server.history(),
        *server.search("a", limit=50),
    ]
    listed = [item for section in server.library.sections() for item in section.search()]
    in_full = [server.fetchItem(key) for key in plex.library.items]

    for thing in [*found, *listed, *in_full]:
        read(thing)

    assert len(in_full) == len(plex.library.items)


def test_a_long_library_is_read_in_pages(plex: PlexStub, server: Any) -> None:
    plex.fill(250)
    movies = server.library.section("Movies")
    plex.seen.clear()

    everything = movies.all()

    assert len(everything) == 259
    assert len({item.ratingKey for item in everything}) == 259
    assert [request.headers["x-plex-container-start"] for request in plex.seen] == ["0", "100", "200"]
    assert named(movies.search(container_start=257, container_size=10, maxresults=10)) == ["東京物語", "VTS_01_1"]


def test_movies_are_found_by_what_plexapi_allows_to_ask(server: Any) -> None:
    movies = server.library.section("Movies")

    assert named(movies.search(genre="Horror")) == ["Häxan", "Nosferatu"]
    assert named(movies.search(director="Fritz Lang")) == ["Metropolis"]
    assert named(movies.search(unwatched=False)) == ["Metropolis", "Nosferatu"]
    assert named(movies.search(filters={"year>>": 1925, "title<": "The"})) == ["The General"]
    assert named(movies.search(sort="year:desc", maxresults=2)) == ["東京物語", "Metropolis"]
    assert movies.get("Metropolis").media[0].parts[0].size > 0
    assert named(movies.recentlyAdded(maxresults=2)) == ["VTS_01_1", "holiday_final_FINAL"]


def test_shows_are_walked_down_and_up(server: Any) -> None:
    show = server.library.section("TV Shows").get("Les Misérables")

    assert [season.index for season in show.seasons()] == [0, 1, 2]
    assert len(show.episodes()) == 9
    assert show.episode(season=2, episode=3).grandparentTitle == "Les Misérables"
    assert show.season(1).episodes()[0].show() == show
    assert named(server.library.section("TV Shows").recentlyAddedEpisodes(maxresults=1)) == ["2004-03-02 20 15 00"]


def test_music_and_photos_are_walked_too(server: Any) -> None:
    artist = server.library.section("Music").get("Johann Sebastian Bach")
    album = server.library.section("Photos").all()[0]

    assert named(artist.tracks()) == ["Aria", "Variatio 1", "Variatio 2", "Variatio 3"]
    assert named(album.photos()) == ["IMG_0001", "IMG_0002", "IMG_0003"]


def test_what_is_on_deck_has_its_place(server: Any) -> None:
    deck = server.library.onDeck()

    assert [(item.type, item.viewOffset) for item in deck] == [
        ("episode", 420_000),
        ("movie", 1_860_000),
        ("episode", 0),
    ]
    assert named(server.library.section("TV Shows").onDeck()) == ["Episode 1", "Episode 4"]
    assert named(server.continueWatching()) == named(deck)


def test_sessions_have_their_player_user_and_conversion(plex: PlexStub, server: Any) -> None:
    plex.play("Metropolis", state="buffering", offset=5 * MINUTE, transcoded=True)
    plex.play("Aria", account=GUEST, device=9)

    film, track = server.sessions()

    assert (film.type, film.player.state, film.usernames) == ("movie", "buffering", ["owner"])
    assert (film.transcodeSession.videoDecision, film.session.bandwidth) == ("transcode", 8123)
    assert (track.type, track.transcodeSession, track.usernames) == ("track", None, ["guest"])
    assert len(server.transcodeSessions()) == 1


def test_the_history_is_read_by_who_what_and_since_when(plex: PlexStub, server: Any) -> None:
    plex.watch("Häxan", account=GUEST)
    plex.delete("Nosferatu")

    history = server.history()

    assert named(history)[:2] == ["Häxan", "Episode 3"]
    assert [entry.ratingKey for entry in history if entry.title == "Nosferatu"] == [None, None]
    assert named(server.history(accountID=GUEST)) == ["Häxan"]
    assert named(server.history(mindate=history[0].viewedAt)) == ["Häxan"]
    assert len(server.history(maxresults=2)) == 2
    assert named(plex_item.source() for plex_item in history[:1]) == ["Häxan"]


def test_a_search_finds_items_and_tags(server: Any) -> None:
    assert named(server.search("metropolis", mediatype="movie")) == ["Metropolis"]
    assert [item.tag for item in server.search("horror", mediatype="genre")] == ["Horror"]
    assert server.search("no such thing") == []


def test_a_scan_is_started_seen_and_called_off(plex: PlexStub, server: Any) -> None:
    movies = server.library.section("Movies")

    movies.update()

    assert [activity.type for activity in server.activities] == ["library.update.section"]
    assert movies.reload().refreshing is True
    plex.scanned()
    assert movies.reload().refreshing is False
    movies.refresh()
    movies.cancelUpdate()
    assert server.activities == []


def test_items_are_marked_as_played_and_not(plex: PlexStub, server: Any) -> None:
    film = server.library.section("Movies").get("Häxan")

    film.markPlayed()
    assert plex.item("Häxan").view_count == 1
    film.markUnplayed()
    assert plex.item("Häxan").view_count == 0
    film.updateProgress(3 * MINUTE)
    assert plex.item("Häxan").view_offset == 3 * MINUTE


def test_an_item_that_is_not_there_is_told_as_such(server: Any) -> None:
    with pytest.raises(NotFound):
        server.fetchItem(99_999)
    with pytest.raises(NotFound):
        server.library.sectionByID(99)
    with pytest.raises(NotFound):
        server.library.section("Movies").get("no such film")


def test_what_stands_around_the_libraries_is_read(server: Any) -> None:
    assert [account.name for account in server.systemAccounts()] == ["", "owner", "guest"]
    assert [device.platform for device in server.systemDevices()] == ["Roku", "Chrome", "Android"]
    assert named(server.clients()) == ["Living Room TV"]
    assert [agent.name for agent in server.agents()] == ["Plex Movie"]
    assert "BackupDatabase" in [task.name for task in server.butlerTasks()]
    assert server.settings.get("friendlyName").value == "Stub"
    assert server.playlists() == []


def test_a_text_that_xml_cannot_hold_is_told_as_plex_tells_it(plex: PlexStub, server: Any) -> None:
    plex.item("Häxan").facts["summary"] = "vertical \x0b tab"

    assert server.library.section("Movies").get("Häxan").summary == "vertical  tab"
