"""What PlexApi makes of Plex's lists. What is being played, and what goes wrong, have files of their own."""

from datetime import UTC, datetime

import pytest

from media_servers.errors import UnknownIdError
from media_servers.plex.api import FOUND_PER_TYPE, PlexApi
from tests.fixtures import plex_answers as xml
from tests.fixtures.plex_answers import ACCESS, asked, container, hub, params, plex_that_says

ALL, ON_DECK, SECTIONS, RECENT = (
    "/library/sections/1/all",
    "/library/onDeck",
    "/library/sections",
    "/library/recentlyAdded",
)


def at(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)


@pytest.fixture
def plex() -> PlexApi:
    return PlexApi(ACCESS)


def test_libraries_of_all_four_types_are_listed_and_counted(plex: PlexApi) -> None:
    counts = {f"/library/sections/{number}/all": container(totalSize=number * 1000, offset=0) for number in range(1, 5)}

    with plex_that_says({SECTIONS: xml.SECTIONS, **counts}) as wire:
        films, series, music, photos = plex.libraries()

    assert (films.library_id, films.title, films.type, films.items) == (1, "Films", "movie", 1000)
    assert (films.scanning, films.scanned_at) == (False, at(1767000100))
    assert (series.type, series.items, series.scanning, series.scanned_at) == ("show", 2000, True, None)
    assert (music.type, music.title, music.items) == ("artist", "Music & more", 3000)
    assert (photos.type, photos.items) == ("photo", 4000)
    assert asked(wire) == [SECTIONS, *counts]
    assert params(wire)["X-Plex-Container-Size"] == "0"


def test_where_counting_fails_the_list_is_still_there_and_no_other_library_is_waited_for(plex: PlexApi) -> None:
    with plex_that_says({SECTIONS: xml.SECTIONS, ALL: container(totalSize=12)}) as wire:
        libraries = plex.libraries()

    assert [library.items for library in libraries] == [12, None, None, None]
    assert asked(wire)[-1] == "/library/sections/2/all"


def test_items_of_a_library_come_page_by_page_from_plex_itself(plex: PlexApi) -> None:
    with plex_that_says({ALL: container(xml.MOVIE, xml.MOVIE_UNSEEN, totalSize=1402, offset=40)}) as wire:
        page = plex.items(1, offset=40, limit=2)

    assert (page.total, page.offset, page.next_offset, page.unreadable) == (1402, 40, 42, 0)
    assert [item.title for item in page.items] == ["Metropolis", "Faust"]
    (call,) = wire.calls
    part = {"X-Plex-Container-Start": "40", "X-Plex-Container-Size": "2"}
    assert part.items() <= call.request.headers.items()
    assert part.items() <= params(wire).items()
    assert params(wire)["sort"] == "titleSort"


def test_a_movie_has_seconds_and_dates_in_utc(plex: PlexApi) -> None:
    with plex_that_says({ALL: container(xml.MOVIE, totalSize=1, librarySectionID=1)}):
        (movie,) = plex.items(1, offset=0, limit=10).items

    assert movie.model_dump() == {
        "rating_key": 101,
        "library_id": 1,
        "type": "movie",
        "title": "Metropolis",
        "year": 1927,
        "duration_s": 9180,
        "added_at": at(1600000200),
        "views": 2,
        "viewed_at": at(1766000000),
    }  # Nothing of what only episodes or tracks have.


def test_what_plex_leaves_out_is_null_and_never_makes_another_request(plex: PlexApi) -> None:
    with plex_that_says({ALL: container(xml.MOVIE_UNSEEN, totalSize=1)}) as wire:
        (movie,) = plex.items(1, offset=0, limit=10).items

    assert (movie.year, movie.duration_s, movie.viewed_at) == (None, None, None)
    assert (movie.views, movie.library_id) == (0, 1)
    assert asked(wire) == [ALL]


def test_shows_seasons_and_episodes_say_where_they_belong(plex: PlexApi) -> None:
    with plex_that_says({RECENT: container(xml.SHOW, xml.SEASON, xml.EPISODE, totalSize=3)}):
        show, season, episode = plex.recently_added(None, offset=0, limit=10).items

    assert (show.type, show.views, show.show_title, show.season) == ("show", 7, None, None)
    assert (season.type, season.show_title, season.season, season.episode) == ("season", "Tidewatch", 3, None)
    assert (episode.show_title, episode.season, episode.episode) == ("Tidewatch", 2, 4)
    assert {show.library_id, season.library_id, episode.library_id} == {2}


def test_music_and_photos_say_what_they_are(plex: PlexApi) -> None:
    entries = (xml.ARTIST, xml.ALBUM, xml.TRACK, xml.PHOTOALBUM, xml.PHOTO)
    with plex_that_says({RECENT: container(*entries, totalSize=5, librarySectionID=3)}):
        artist, album, track, photoalbum, photo = plex.recently_added(None, offset=0, limit=10).items

    assert (artist.type, artist.title, artist.library_id) == ("artist", "The Buoys", 3)
    assert (album.type, album.artist, album.album, album.episode) == ("album", "The Buoys", None, None)
    assert (track.type, track.artist, track.album, track.duration_s) == ("track", "The Buoys", "Low Tide", 201)
    assert (photoalbum.type, photo.type) == ("photoalbum", "photo")


def test_a_strange_entry_costs_itself_not_the_list(plex: PlexApi) -> None:
    broken = '<Video type="episode" title="!" ratingKey="8" skipParent="maybe" key="/k" />'
    with plex_that_says({ALL: container(broken, xml.MOVIE, totalSize=7)}):
        page = plex.items(1, offset=0, limit=2)

    assert [item.title for item in page.items] == ["Metropolis"]
    assert (page.unreadable, page.total, page.next_offset) == (1, 7, 2)


def test_a_strange_value_costs_itself_not_the_entry(plex: PlexApi) -> None:
    odd = '<Video type="movie" ratingKey="x" year="soon" duration="-4" addedAt="once" viewCount="many" key="/k" />'
    new = '<Video type="hologram" title="Of a type from the future" ratingKey="7" key="/k" />'
    with plex_that_says({ALL: container(odd, new, totalSize=2)}):
        item, other = plex.items(1, offset=0, limit=10).items

    assert (item.title, item.rating_key, item.year) == ("(no title)", None, None)
    assert (item.duration_s, item.added_at, item.views) == (None, None, None)
    assert (other.type, other.title, other.rating_key) == ("other", "Of a type from the future", 7)


def test_characters_that_xml_forbids_in_a_title_do_not_cost_the_list(plex: PlexApi) -> None:
    with plex_that_says({ALL: container(xml.MOVIE.replace("Metropolis", "Metro\x0bpolis"), totalSize=1)}):
        (movie,) = plex.items(1, offset=0, limit=10).items

    assert movie.title == "Metropolis"


def test_a_page_that_does_not_say_how_long_the_list_is_is_not_cut_again(plex: PlexApi) -> None:
    with plex_that_says({ON_DECK: container(xml.MOVIE, xml.MOVIE_UNSEEN, offset=20)}):
        page = plex.on_deck(offset=20, limit=20)

    assert [begun.item.title for begun in page.items] == ["Metropolis", "Faust"]
    assert (page.total, page.next_offset) == (22, None)


@pytest.mark.parametrize("sizes", [{}, {"totalSize": 3}])
def test_a_list_that_comes_whole_all_the_same_is_cut_here(plex: PlexApi, sizes: dict[str, int]) -> None:
    with plex_that_says({ON_DECK: container(xml.EPISODE, xml.MOVIE, xml.MOVIE_UNSEEN, **sizes)}):
        first = plex.on_deck(offset=0, limit=2)
        second = plex.on_deck(offset=2, limit=2)

    assert [entry.item.title for entry in (*first.items, *second.items)] == ["Slack Water", "Metropolis", "Faust"]
    assert (first.total, first.next_offset, second.next_offset) == (3, 2, None)


def test_on_deck_tells_where_to_go_on(plex: PlexApi) -> None:
    with plex_that_says({ON_DECK: container(xml.EPISODE, xml.MOVIE_UNSEEN, totalSize=2)}) as wire:
        begun, following = plex.on_deck(offset=0, limit=10).items

    assert (begun.item.title, begun.position_s, following.position_s) == ("Slack Water", 600, 0)
    assert asked(wire) == [ON_DECK]


def test_what_is_new_in_one_library_is_asked_of_that_library(plex: PlexApi) -> None:
    path = "/library/sections/2/recentlyAdded"
    with plex_that_says({path: container(xml.EPISODE, totalSize=99, librarySectionID=2)}) as wire:
        page = plex.recently_added(2, offset=0, limit=1)

    assert (page.items[0].title, page.next_offset) == ("Slack Water", 1)
    assert asked(wire) == [path]


def test_search_has_movies_shows_episodes_then_music_and_no_people(plex: PlexApi) -> None:
    actor = '<Directory key="/library/sections/1/all?actor=5" type="tag" id="5" tag="Tide" />'
    hubs = (
        hub("track", xml.TRACK),
        hub("actor", actor),
        hub("episode", xml.EPISODE),
        hub("show", xml.SHOW),
        hub("collection", '<Directory ratingKey="900" type="collection" title="Tides" key="/c/900" />'),
        hub("movie", xml.MOVIE, xml.MOVIE_UNSEEN),
        hub("place"),
    )
    with plex_that_says({"/hubs/search": container(*hubs)}) as wire:
        page = plex.search("tide & time", offset=0, limit=4)
        rest = plex.search("tide & time", offset=4, limit=4)

    assert [item.type for item in page.items] == ["movie", "movie", "show", "episode"]
    assert [item.title for item in page.items][:2] == ["Metropolis", "Faust"]
    assert (page.total, page.next_offset, page.unreadable) == (5, 4, 0)
    assert [item.type for item in rest.items] == ["track"]
    assert (params(wire)["query"], params(wire)["limit"]) == ("tide & time", str(FOUND_PER_TYPE))
    assert asked(wire) == ["/hubs/search"] * 2


def test_an_unknown_library_is_told_with_the_tool_that_lists_them(plex: PlexApi) -> None:
    page = "<html><head><title>Not Found</title></head><body><h1>404 Not Found</h1></body></html>"
    with plex_that_says({SECTIONS: xml.SECTIONS}) as wire:
        for what in ("all", "recentlyAdded"):
            wire.get(f"{xml.URL}/library/sections/9/{what}", status=404, body=page, content_type="text/html")
        for ask in (
            lambda: plex.items(9, offset=0, limit=1),
            lambda: plex.recently_added(9, offset=0, limit=1),
            lambda: plex.scan(9),
        ):
            with pytest.raises(UnknownIdError, match=r"^No library has the id 9: get_libraries lists the ids\.$"):
                ask()

    assert not [path for path in asked(wire) if path.endswith("refresh")]
