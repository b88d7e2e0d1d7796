"""Sonarr, Radarr and Plex as others write them down in an hour: few fields, few paths, no queries, loose types."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.backends.plain import Plain
from tests.fixtures.plain_applications import (
    PLEX_JSON,
    PLEX_XML,
    RADARR,
    SERIES,
    SONARR,
    TOOLS,
    PlainAsker,
    asking,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def sonarr() -> Iterator[PlainAsker]:
    with Plain(SONARR) as stub, asking("sonarr", stub) as asker:
        yield asker


@pytest.fixture
def radarr() -> Iterator[PlainAsker]:
    with Plain(RADARR) as stub, asking("radarr", stub) as asker:
        yield asker


@pytest.fixture
def plex() -> Iterator[PlainAsker]:
    with Plain(PLEX_XML) as stub, asking("plex", stub) as asker:
        yield asker


@pytest.fixture
def plex_of_json() -> Iterator[PlainAsker]:
    with Plain(PLEX_JSON) as stub, asking("plex", stub) as asker:
        yield asker


@pytest.mark.parametrize("name", ["sonarr", "radarr", "plex", "plex_of_json"])
def test_every_tool_answers(name: str, request: pytest.FixtureRequest) -> None:
    asker: PlainAsker = request.getfixturevalue(name)

    for tool, arguments in TOOLS[asker.name]:
        assert asker.ask(tool, **arguments), tool


def test_what_a_series_does_not_tell_is_null(sonarr: PlainAsker) -> None:
    bare, full = sonarr.items("get_series")

    assert (full["series_id"], full["tvdb_id"], full["episodes"], full["size_bytes"]) == (1, 5001, 10, 1234)
    assert {bare[name] for name in ("tvdb_id", "monitored", "seasons", "episodes", "downloaded", "size_bytes")} == {
        None
    }
    assert (bare["title"], bare["status"], bare["next_airing"]) == ("Bare", "unknown", "2026-11-25T01:00:00Z")


def test_a_series_without_a_path_of_its_own_is_found_in_the_list(sonarr: PlainAsker) -> None:
    assert sonarr.ask("get_series_by_id", series_id=2)["title"] == "Bare"
    assert "No series has the id 99" in sonarr.refusal("get_series_by_id", series_id=99)
    assert "No episode has the id 99" in sonarr.refusal("search_episode", episode_id=99)


def test_episodes_of_other_series_are_left_out_and_days_are_dates(sonarr: PlainAsker) -> None:
    first, second = sonarr.items("get_episodes", series_id=1)

    assert (first["state"], first["size_bytes"], first["air_at"]) == ("downloaded", None, "2015-12-14T00:00:00Z")
    assert (second["state"], second["size_bytes"]) == ("downloading", 0)
    assert sonarr.items("get_episodes", series_id=1, season=1) == [first, second]
    assert "choose one of 1" in sonarr.refusal("get_episodes", series_id=1, season=4)


def test_lists_without_a_total_are_taken_whole_and_get_their_titles(sonarr: PlainAsker) -> None:
    wanted = sonarr.ask("get_wanted", limit=1, offset=1)
    [entry] = sonarr.items("get_queue")

    assert ([one["episode_id"] for one in wanted["items"]], wanted["total"]) == ([13], 2)
    assert wanted["items"][0]["series_title"] == entry["series_title"] == SERIES
    assert (entry["remaining_bytes"], entry["progress"]) == (250, 75.0)


def test_a_calendar_that_gives_everything_is_cut_to_the_period(sonarr: PlainAsker) -> None:
    airing = sonarr.items("get_calendar", start="2026-11-20", end="2026-11-30")

    assert [(one["episode_id"], one["air_at"]) for one in airing] == [(14, "2026-11-24T00:00:00Z"), (16, None)]


def test_a_series_is_added_though_nothing_can_be_chosen_and_ids_cannot_be_looked_up(sonarr: PlainAsker) -> None:
    missing = sonarr.refusal("add_series", tvdb_id=4)
    added = sonarr.ask("add_series", tvdb_id=5002)

    assert "No series has the TVDB id 4" in missing
    assert (added["series_id"], added["title"], added["root_folder"]) == (77, "New", None)
    [sent] = sonarr.sent("POST /api/v3/series")
    assert (sent["tvdbId"], "rootFolderPath" in sent, "qualityProfileId" in sent) == (5002, False, False)
    sonarr.ask("add_series", tvdb_id=5002, quality_profile=3, root_folder="/tv")
    assert [sent["qualityProfileId"] for sent in sonarr.sent("POST /api/v3/series")[1:]] == [3]
    assert "nothing at" in sonarr.refusal("add_series", tvdb_id=5002, quality_profile="HD")


def test_a_queue_that_cannot_be_read_is_not_taken_for_empty(radarr: PlainAsker) -> None:
    states = {movie["title"]: movie["state"] for movie in radarr.items("get_movies")}

    assert states == {"Held": "downloaded", "Missing": "no_file", "Unmapped": "announced"}
    assert "/api/v3/queue (HTTP 404)" in radarr.refusal("get_queue")


def test_a_movie_is_looked_up_by_a_term_if_it_cannot_be_by_its_id(radarr: PlainAsker) -> None:
    added = radarr.ask("add_movie", tmdb_id=603)

    assert (added["movie_id"], added["tmdb_id"], added["quality_profile"]) == (77, 603, "Any")
    assert "GET /api/v3/movie/lookup" in radarr.lines()
    assert "No movie has the TMDB id 4" in radarr.refusal("add_movie", tmdb_id=4)


def test_an_application_that_has_no_list_of_complaints_is_healthy(sonarr: PlainAsker, plex: PlainAsker) -> None:
    assert sonarr.ask("health_check")["issues"] == ["Notice: Sonarr has no list of complaints to look into."]
    assert plex.ask("health_check")["healthy"]


def test_a_plex_is_searched_in_the_way_it_knows(plex: PlainAsker) -> None:
    found = plex.items("search", term="held")

    assert [(one["rating_key"], one["type"]) for one in found] == [(100, "movie"), (None, "other")]
    assert plex.ask("get_version")["version"] == "1.40.0"


def test_a_plex_that_gives_whole_lists_is_cut_and_sorted_here(plex: PlainAsker) -> None:
    page = plex.ask("get_library_items", library_id=1, limit=1, offset=1)
    latest = plex.items("get_recently_added", library_id=1)

    assert ([one["title"] for one in page["items"]], page["total"]) == (["Later"], 2)
    assert [one["title"] for one in plex.items("get_recently_added", limit=2, offset=1)] == ["Held"]
    assert [one["title"] for one in latest] == ["Later", "Held"]
    assert "No library has the id 9" in plex.refusal("get_library_items", library_id=9)
    assert "/library/sections/2/all (HTTP 404)" in plex.refusal("get_library_items", library_id=2)


def test_a_library_is_scanned_by_the_method_that_plex_takes(plex: PlainAsker, plex_of_json: PlainAsker) -> None:
    for asker, method in ((plex, "GET"), (plex_of_json, "POST")):
        assert asker.ask("scan_library", library_id=1)["title"] == "Movies"
        assert asker.lines()[-1] == f"{method} /library/sections/1/refresh"


def test_a_plex_that_writes_json_is_read(plex_of_json: PlainAsker) -> None:
    [session] = plex_of_json.items("get_sessions")
    [library, *_] = plex_of_json.items("get_libraries")
    items: list[dict[str, Any]] = plex_of_json.items("get_library_items", library_id=1)

    assert (session["user"], session["player"], session["progress"]) == ("alex", "TV", 50.0)
    assert (session["transcoding"], session["item"]["title"]) == (True, "Held")
    assert (library["items"], library["scanning"]) == (2, True)
    assert [(one["rating_key"], one["duration_s"]) for one in items] == [(100, 9000), (101, None)]
