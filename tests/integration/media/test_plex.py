"""The Plex server as its users run it, against a stand-in of Plex: what its tools tell."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.backends.plex import PlexStub
from tests.backends.plex_library import EMPTY, MOVIES, MUSIC, PHOTOS, SHOWS
from tests.backends.plex_playing import GUEST
from tests.fixtures.asking_plex import Asker, asking

MINUTE_MS = 60_000


pytestmark = pytest.mark.integration


@pytest.fixture
def plex() -> Iterator[PlexStub]:
    with PlexStub() as stub:
        yield stub


@pytest.fixture
def server(plex: PlexStub) -> Iterator[Asker]:
    with asking(plex) as asker:
        yield asker


def titles(items: list[dict[str, Any]]) -> list[str]:
    return [item["title"] for item in items]


def test_libraries_of_every_kind_are_listed_with_their_size(server: Asker) -> None:
    libraries = server.items("get_libraries")

    assert [(one["library_id"], one["type"], one["items"]) for one in libraries] == [
        (MOVIES, "movie", 9),
        (SHOWS, "show", 4),
        (MUSIC, "artist", 2),
        (PHOTOS, "photo", 1),
        (EMPTY, "movie", 0),
    ]
    assert libraries[0]["scanned_at"] == "2025-10-27T23:00:00Z"
    last = libraries[-1]
    assert (last["title"], last["scanned_at"], last["scanning"]) == ("Kinderfilme ü6", None, False)


def test_a_library_is_listed_by_title_with_all_that_is_missing_as_null(server: Asker) -> None:
    items = {item["title"]: item for item in server.items("get_library_items", library_id=MOVIES)}

    assert next(iter(items)) == 'Cops & "Robbers" <uncut> 🎬'
    film, tape = items["Metropolis"], items["VTS_01_1"]
    assert (film["year"], film["duration_s"], film["views"]) == (1927, 9180, 1)
    assert film["added_at"] == "2025-01-01T01:00:00Z"
    assert film["viewed_at"] == "2025-09-18T00:00:00Z"
    assert (tape["year"], tape["duration_s"], tape["viewed_at"]) == (None, None, None)
    (flash,) = [item for item in server.items("get_library_items", library_id=SHOWS) if item["title"] == "Flash Gordon"]
    assert (flash["type"], flash["views"]) == ("show", 3)
    assert [item["type"] for item in server.items("get_library_items", library_id=MUSIC)] == ["artist", "artist"]
    assert [item["type"] for item in server.items("get_library_items", library_id=PHOTOS)] == ["photoalbum"]
    nothing = server.ask("get_library_items", library_id=EMPTY)
    assert (nothing["items"], nothing["total"]) == ([], 0)


def test_a_library_of_thousands_is_given_in_pages_that_ask_plex_for_no_more(plex: PlexStub, server: Asker) -> None:
    plex.fill(5000)

    page = server.ask("get_library_items", library_id=MOVIES, offset=4990, limit=100)

    assert (len(page["items"]), page["total"]) == (19, 5009)
    asked = [one for one in plex.seen if one.path == f"/library/sections/{MOVIES}/all"]
    sizes = [one.headers.get("x-plex-container-size") or one.query["X-Plex-Container-Size"] for one in asked]
    assert all(int(size) <= 100 for size in sizes)
    assert titles(page["items"])[-1] == "VTS_01_1"
    assert server.ask("get_library_items", library_id=MOVIES, offset=9000)["items"] == []


def test_one_strange_entry_costs_no_list(plex: PlexStub, server: Asker) -> None:
    strange = plex.item("Häxan")
    strange.title = "a \x0b vertical tab"
    strange.facts |= {"year": "unknown", "duration": "", "rating": "?"}
    strange.type = "clip"
    plex.play("a \x0b vertical tab")

    films = {film["title"]: film for film in server.items("get_library_items", library_id=MOVIES)}

    assert len(films) == 9
    film = films["a  vertical tab"]
    assert (film["type"], film["year"], film["duration_s"]) == ("clip", None, None)
    (session,) = server.items("get_sessions")
    assert session["item"]["title"] == "a  vertical tab"


def test_what_was_added_lately_is_told_of_one_library_and_of_all(server: Asker) -> None:
    everything = server.items("get_recently_added", limit=100)
    episodes = server.items("get_recently_added", library_id=SHOWS, limit=3)

    dates = [item["added_at"] for item in everything]
    assert dates == sorted(dates, reverse=True)
    assert {"movie", "season", "album", "photo"} <= {item["type"] for item in everything}
    assert [item["type"] for item in episodes] == ["episode"] * 3
    assert (episodes[0]["show_title"], episodes[0]["episode"], episodes[0]["duration_s"]) == (
        "Taped off TV",
        None,
        None,
    )
    assert (episodes[1]["show_title"], episodes[1]["season"], episodes[1]["episode"]) == ("Judex", 1, 12)


def test_on_deck_says_where_to_go_on(plex: PlexStub, server: Asker) -> None:
    deck = server.ask("get_on_deck")["items"]

    assert [(entry["item"]["title"], entry["position_s"]) for entry in deck] == [
        ("Episode 1", 420),
        ("The General", 1860),
        ("Episode 4", 0),
    ]
    plex.watch("The General")
    assert "The General" not in [entry["item"]["title"] for entry in server.ask("get_on_deck")["items"]]


def test_sessions_say_who_plays_what_and_how_far(plex: PlexStub, server: Asker) -> None:
    assert server.items("get_sessions") == []
    film = plex.play("Metropolis", offset=51 * MINUTE_MS, transcoded=True)
    plex.play("Aria", account=GUEST, device=9, state="paused")
    plex.play("VTS_01_1", device=7, offset=MINUTE_MS)

    sessions = server.items("get_sessions")

    assert [(one["user"], one["player"], one["state"]) for one in sessions] == [
        ("owner", "Living Room TV", "playing"),
        ("guest", "Tablet", "paused"),
        ("owner", "Chrome", "playing"),
    ]
    assert (sessions[0]["item"]["title"], sessions[0]["position_s"]) == ("Metropolis", 3060)
    assert [one["transcoding"] for one in sessions] == [True, False, False]
    assert sessions[0]["progress"] == pytest.approx(33.3, abs=0.1)
    assert sessions[2]["progress"] is None
    assert (sessions[1]["item"]["artist"], sessions[1]["item"]["album"]) == (
        "Johann Sebastian Bach",
        "Goldberg-Variationen",
    )
    plex.stop_playing(film)
    assert len(server.items("get_sessions")) == 2


def test_a_search_finds_titles_of_every_kind_and_no_tags(server: Asker) -> None:
    assert titles(server.items("search", term="metropolis")) == ["Metropolis"]
    assert titles(server.items("search", term="häxan")) == ["Häxan"]
    assert titles(server.items("search", term="東京")) == ["東京物語"]
    assert [item["type"] for item in server.items("search", term="goldberg")] == ["album"]
    assert server.items("search", term="no such thing") == []
    everything = server.items("search", term="episode", limit=100)
    assert len(everything) == 34
    assert {item["type"] for item in everything} == {"episode"}


def test_a_scan_is_begun_seen_and_over(plex: PlexStub, server: Asker) -> None:
    plex.arrive("Safety Last!")

    begun = server.ask("scan_library", library_id=MOVIES)

    assert begun == {"library_id": MOVIES, "title": "Movies", "already_scanning": False}
    assert server.items("get_libraries")[0]["scanning"] is True
    assert server.ask("scan_library", library_id=MOVIES)["already_scanning"] is True
    plex.scanned()
    library = server.items("get_libraries")[0]
    assert (library["scanning"], library["items"]) == (False, 10)
    assert titles(server.items("get_recently_added", library_id=MOVIES, limit=1)) == ["Safety Last!"]


def test_the_history_is_latest_first_with_the_names_of_people_and_players(plex: PlexStub, server: Asker) -> None:
    plex.watch("Häxan", account=GUEST, device=None)
    plex.delete("Nosferatu")

    page = server.ask("get_history", limit=3)

    assert page["total"] == 7
    latest = page["items"][0]
    assert (latest["item"]["title"], latest["user"], latest["player"]) == ("Häxan", "guest", None)
    assert latest["viewed_at"] == "2025-10-28T00:01:00Z"
    episode = page["items"][1]
    assert (episode["item"]["show_title"], episode["item"]["season"], episode["item"]["episode"]) == (
        "Flash Gordon",
        1,
        3,
    )
    assert (episode["user"], episode["player"]) == ("owner", "Living Room TV")
    gone = [one["item"] for one in server.items("get_history", offset=3) if one["item"]["title"] == "Nosferatu"]
    assert [item["rating_key"] for item in gone] == [None, None]


def test_version_and_health_are_those_of_the_application(plex: PlexStub, server: Asker) -> None:
    assert server.ask("get_version")["version"] == plex.version
    health = server.ask("health_check")
    assert (health["healthy"], health["issues"]) == (True, [])
