"""A real Radarr, as its client sees it. What it shares with Sonarr is tested in test_api_servarr.py."""

from collections.abc import Generator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import responses

from media_servers.application import RADARR
from media_servers.errors import FailedError, RefusedError, UnclearError, UnknownIdError
from media_servers.radarr.api import RadarrApi
from tests.fixtures.media import SettableClock
from tests.fixtures.servarr import PROFILES, Answers, access, failure, fault, missing, movie, page, queued

ROOTS = [{"id": 1, "path": "/movies", "accessible": True}]
FOUND = movie(8, "Faust", id=None, hasFile=False, statistics=None, path="", added="0001-01-01T00:00:00Z")


@pytest.fixture
def answers() -> Generator[Answers]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Answers(mock)


@pytest.fixture
def radarr() -> RadarrApi:
    return RadarrApi(access(RADARR), SettableClock())  # 2026-01-05 12:00 UTC.


@pytest.fixture
def addable(answers: Answers) -> Answers:
    """Put up a Radarr that knows what is to be added, and has it not."""
    answers.at("/movie", [], tmdbId=900008)
    answers.at("/qualityprofile", PROFILES)
    answers.at("/rootfolder", ROOTS)
    answers.at("/movie/lookup/tmdb", FOUND, tmdbId=900008)
    return answers


def test_a_movie_of_the_library_is_told_with_its_dates(radarr: RadarrApi, answers: Answers) -> None:
    answers.at("/movie", [movie()])

    (shown,) = radarr.movies(term=None, offset=0, limit=20).items

    assert shown.model_dump() == {
        "movie_id": 3,
        "tmdb_id": 900003,
        "title": "Nosferatu",
        "year": 1922,
        "runtime_minutes": 94,
        "monitored": True,
        "state": "downloaded",
        "in_cinemas_at": datetime(1922, 3, 4, tzinfo=UTC),
        "digital_at": datetime(2018, 5, 1, tzinfo=UTC),
        "physical_at": None,
        "size_bytes": 5640000000,
        "path": "/movies/Nosferatu (1922)",
        "added_at": datetime(2023, 2, 1, 8, tzinfo=UTC),
    }
    assert answers.asked("/queue") == []
    assert answers.asked("/movie") == [{"excludeLocalCovers": "true"}]


def test_the_states_of_movies_without_a_file_need_the_queue(radarr: RadarrApi, answers: Answers) -> None:
    coming = missing(5, "C", isAvailable=False, digitalRelease=None, year=0, runtime=None)
    answers.at("/movie", [missing(3, "A"), missing(4, "B"), coming, movie(6, "D", statistics=None), {"id": 9}])
    answers.at("/queue", page([queued(movieId=4), queued(902)]), pageSize=1000)

    page_ = radarr.movies(term=None, offset=0, limit=20)

    assert [one.state for one in page_.items] == ["missing", "downloading", "announced", "downloaded"]
    assert (page_.items[2].year, page_.items[2].runtime_minutes, page_.items[3].size_bytes) == (None, 0, 5640000000)
    assert (page_.total, page_.unreadable) == (4, 1)


def test_later_pages_are_of_the_same_library_and_of_the_queue_as_it_is(radarr: RadarrApi, answers: Answers) -> None:
    answers.at("/movie", [missing(number, f"M{number}") for number in range(1, 5)])
    answers.at("/queue", page([queued(movieId=3)]))

    pages = [radarr.movies(term=None, offset=offset, limit=2) for offset in (0, 2)]

    assert [one.state for page_ in pages for one in page_.items] == ["missing", "missing", "downloading", "missing"]
    assert (len(answers.asked("/movie")), len(answers.asked("/queue"))) == (1, 2)


def test_a_filter_finds_the_original_title_too(radarr: RadarrApi, answers: Answers) -> None:
    answers.at("/movie", [movie(1, "The Boat", originalTitle="Das Boot"), movie(2, "Faust")])

    assert [one.movie_id for one in radarr.movies(term="boot", offset=0, limit=9).items] == [1]


def test_one_movie_is_shown_and_an_unknown_one_told(radarr: RadarrApi, answers: Answers) -> None:
    answers.at("/movie/3", missing(3, "Nosferatu"))
    answers.at("/movie/9", {"title": "Not Found", "status": 404}, status=404)
    answers.at("/queue", page([queued(movieId=3)]))

    assert radarr.one_movie(3).state == "downloading"
    for ask in (
        lambda: radarr.one_movie(9),
        lambda: radarr.search_movie(9),
        lambda: radarr.delete(9, delete_files=True),
    ):
        with pytest.raises(UnknownIdError, match="No movie has the id 9: get_movies lists the ids"):
            ask()
    assert answers.methods() == {"GET"}


def test_a_search_of_the_catalogue_tells_what_is_in_the_library_already(radarr: RadarrApi, answers: Answers) -> None:
    answers.at("/movie/lookup", [movie(), FOUND | {"overview": "w " * 500}], term="faust")

    found = radarr.lookup("faust", offset=0, limit=1)
    rest = radarr.lookup("faust", offset=1, limit=1).items

    assert ([one.movie_id for one in found.items], [one.movie_id for one in rest]) == ([3], [None])
    assert (rest[0].tmdb_id, len(rest[0].overview) <= 200) == (900008, True)
    assert len(answers.asked("/movie/lookup")) == 1


def test_what_is_wanted_comes_page_by_page_and_may_not_be_out_yet(radarr: RadarrApi, answers: Answers) -> None:
    records = [missing(4, "B"), missing(5, "C", isAvailable=False)]
    answers.at("/wanted/missing", page(records, 30), page=1, pageSize=2, monitored="true")
    answers.at("/queue", page([]))

    page_ = radarr.wanted(offset=0, limit=2)

    assert ([one.state for one in page_.items], page_.total, page_.next_offset) == (["missing", "announced"], 30, 2)
    assert answers.asked("/wanted/missing")[0]["sortKey"] == "movieMetadata.digitalRelease"


def test_the_calendar_sorts_by_the_first_release_in_the_period(radarr: RadarrApi, answers: Answers) -> None:
    disc = movie(1, "Disc", digitalRelease="2025-12-01T00:00:00Z", physicalRelease="2026-01-08T00:00:00Z")
    cinema = movie(2, "Cinema", inCinemas="2026-01-06T00:00:00Z", digitalRelease="2026-03-01T00:00:00Z")
    online = movie(3, "Online", digitalRelease="2026-01-12T00:00:00Z")
    outside = movie(4, "Outside", digitalRelease="2026-01-13T00:00:00Z")
    answers.at("/calendar", [online, disc, outside, cinema], unmonitored="false")

    page_ = radarr.calendar(date(2026, 1, 5), None, offset=0, limit=2)

    assert ([one.title for one in page_.items], page_.total, page_.next_offset) == (["Cinema", "Disc"], 3, 2)
    (asked,) = answers.asked("/calendar")
    assert (asked["start"], asked["end"]) == ("2026-01-05T00:00:00Z", "2026-01-12T23:59:59Z")


def test_the_queue_tells_the_movie_if_there_is_one(radarr: RadarrApi, answers: Answers) -> None:
    known = queued(movieId=3, movie=movie(), trackedDownloadState="importPending")
    answers.at("/queue", page([known, queued(902)]), includeUnknownMovieItems="true", includeMovie="true")

    items = radarr.queue(offset=0, limit=20).items

    assert [(one.movie_id, one.title, one.status) for one in items] == [
        (3, "Nosferatu", "import_pending"),
        (None, None, "downloading"),
    ]


def test_an_added_movie_says_which_profile_and_folder_it_got(radarr: RadarrApi, addable: Answers) -> None:
    addable.at("/movie", missing(8, "Faust"), status=201, method="POST")

    added = radarr.add(900008, monitored=True, search_now=True, quality_profile=4)

    assert (added.movie_id, added.quality_profile, added.root_folder) == (8, "HD-1080p", "/movies")
    sent = addable.sent("/movie")
    assert (sent["tmdbId"], sent["qualityProfileId"], sent["rootFolderPath"]) == (900008, 4, "/movies")
    assert (sent["minimumAvailability"], sent["addOptions"]["searchForMovie"]) == ("released", True)
    assert "path" not in sent


def test_a_movie_is_in_the_library_once(radarr: RadarrApi, answers: Answers) -> None:
    answers.at("/movie", [movie()], tmdbId=900003)

    with pytest.raises(RefusedError, match=r"Nosferatu is in the library already: its movie_id is 3\."):
        radarr.add(900003, monitored=True, search_now=False)
    assert answers.methods() == {"GET"}


def test_a_movie_that_somebody_else_adds_meanwhile_is_refused_with_its_id(radarr: RadarrApi, addable: Answers) -> None:
    addable.at("/movie", [fault("TmdbId", "This movie has already been added")], status=400, method="POST")
    addable.at("/movie", [movie(8, "Faust")], tmdbId=900008)

    with pytest.raises(RefusedError, match="Faust is in the library already: its movie_id is 8"):
        radarr.add(900008, monitored=True, search_now=False)


def test_what_radarr_refuses_to_add_is_told_in_its_words(radarr: RadarrApi, addable: Answers) -> None:
    addable.at("/movie", [fault("Path", "Path is too long")], status=400, method="POST")

    with pytest.raises(RefusedError, match=r"Radarr refuses this \(HTTP 400, Path: Path is too long\)"):
        radarr.add(900008, monitored=True, search_now=False)


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (500, failure("Movie with tmdbId 5 was not found, it may have been removed from TMDb.")),
        (404, {"message": "NotFound"}),
        (204, None),
        (200, {"title": "", "tmdbId": 0}),
    ],
)
def test_an_unknown_movie_cannot_be_added(radarr: RadarrApi, addable: Answers, status: int, document: Any) -> None:
    addable.at("/movie", [], tmdbId=5)
    addable.at("/movie/lookup/tmdb", document, status=status, tmdbId=5)
    addable.at("/movie/lookup", [FOUND, "strange"], term="tmdb:5")

    with pytest.raises(UnknownIdError, match="No movie has the TMDB id 5: search_movies finds the ids"):
        radarr.add(5, monitored=True, search_now=False)
    assert addable.methods() == {"GET"}


def test_a_catalogue_out_of_reach_is_told(radarr: RadarrApi, addable: Answers) -> None:
    addable.at("/movie", [], tmdbId=5)
    addable.at("/movie/lookup/tmdb", failure("HTTP request failed: [503]"), status=500, tmdbId=5)
    addable.at("/movie/lookup", failure("Search for 'x' failed."), status=503)

    with pytest.raises(FailedError, match="Radarr could not search its catalogue on the internet"):
        radarr.add(5, monitored=True, search_now=False)
    with pytest.raises(FailedError, match="catalogue on the internet"):
        radarr.lookup("x", offset=0, limit=1)


def test_searching_for_what_is_not_monitored_is_refused(radarr: RadarrApi, answers: Answers) -> None:
    with pytest.raises(RefusedError, match="set monitored as well"):
        radarr.add(900008, monitored=False, search_now=True)
    assert answers.methods() == set()


def test_an_addition_whose_answer_makes_no_sense_may_have_been_made(radarr: RadarrApi, addable: Answers) -> None:
    addable.at("/movie", {"title": "No id"}, status=201, method="POST")

    with pytest.raises(UnclearError, match=r"may have been made\. Look with get_movies"):
        radarr.add(900008, monitored=True, search_now=False)


def test_a_search_is_begun_for_a_movie_that_exists(radarr: RadarrApi, answers: Answers) -> None:
    answers.at("/movie/3", movie())
    answers.at("/command", {"id": 5, "name": "MoviesSearch", "status": "started"}, status=201, method="POST")

    assert radarr.search_movie(3).model_dump() == {"command_id": 5, "name": "MoviesSearch", "status": "started"}
    assert answers.sent("/command") == {"name": "MoviesSearch", "movieIds": [3]}


def test_a_movie_is_deleted_with_its_files_only_if_told(radarr: RadarrApi, answers: Answers) -> None:
    answers.at("/movie/3", movie())
    answers.at("/movie/3", {}, method="DELETE")

    assert radarr.delete(3, delete_files=True).title == "Nosferatu"
    radarr.delete(3, delete_files=False)

    assert [asked["deleteFiles"] for asked in answers.asked("/movie/3", "DELETE")] == ["true", "false"]


def test_a_movie_that_is_gone_meanwhile_is_told(radarr: RadarrApi, answers: Answers) -> None:
    answers.at("/movie/3", movie())
    answers.at("/movie/3", {}, status=404, method="DELETE")

    with pytest.raises(UnknownIdError, match="No movie has the id 3"):
        radarr.delete(3, delete_files=False)


def test_version_and_health_are_radarrs(radarr: RadarrApi, answers: Answers) -> None:
    answers.at("/system/status", {"appName": "Radarr", "version": "5.26.2.10099"})
    answers.at("/health", [])

    assert (radarr.version().application, radarr.version().version) == ("Radarr", "5.26.2.10099")
    assert radarr.health().healthy
