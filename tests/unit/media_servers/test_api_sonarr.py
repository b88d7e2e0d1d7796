"""What is read of a real Sonarr."""

from collections.abc import Generator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import responses

from media_servers.application import SONARR
from media_servers.errors import BadAnswerError, FailedError, RefusedError, UnknownIdError
from media_servers.kept import KEEP_S
from media_servers.sonarr.api import SonarrApi
from tests.fixtures.media import SettableClock
from tests.fixtures.servarr import Answers, access, episode, failure, page, queued, series

NOTHING_QUEUED = page([])


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()  # 2026-01-05 12:00 UTC.


@pytest.fixture
def answers() -> Generator[Answers]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Answers(mock)


@pytest.fixture
def sonarr(clock: SettableClock) -> SonarrApi:
    return SonarrApi(access(SONARR), clock)


def test_a_series_of_the_library_is_told_with_its_counts(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/series", [series()])

    (shown,) = sonarr.series(term=None, offset=0, limit=20).items

    assert shown.model_dump() == {
        "series_id": 7,
        "tvdb_id": 700007,
        "title": "Tidewatch",
        "year": 2021,
        "status": "continuing",
        "monitored": True,
        "seasons": 2,
        "episodes": 20,
        "downloaded": 12,
        "size_bytes": 31500000000,
        "next_airing": datetime(2026, 1, 6, 20, tzinfo=UTC),
        "path": "/tv/Tidewatch",
        "added_at": datetime(2024, 11, 2, 10, 20, 30, tzinfo=UTC),
        "overview": "A lifeboat crew on a coast that is moving inland.",
    }


def test_what_sonarr_leaves_out_is_null_or_nothing(sonarr: SonarrApi, answers: Answers) -> None:
    bare = series(statistics=None, nextAiring=None, overview=None, seasons=None, year=0, added="0001-01-01T00:00:00Z")
    answers.at("/series", [bare | {"status": "resting"}])

    (shown,) = sonarr.series(term=None, offset=0, limit=20).items

    assert (shown.year, shown.next_airing, shown.added_at, shown.overview) == (None, None, None, "")
    assert (shown.episodes, shown.downloaded, shown.size_bytes, shown.seasons) == (None, None, None, None)
    assert shown.status == "unknown"


def test_null_is_as_good_as_left_out(sonarr: SonarrApi, answers: Answers) -> None:
    bare = series() | dict.fromkeys(("id", "overview", "year", "statistics", "seasons", "monitored", "added", "path"))
    answers.at("/series/lookup", [bare])

    page_ = sonarr.lookup("tidewatch", offset=0, limit=10)

    assert ([one.series_id for one in page_.items], page_.unreadable) == ([None], 0)


@pytest.mark.parametrize("status", ["continuing", "ended", "upcoming", "deleted"])
def test_every_status_of_a_series_is_told(sonarr: SonarrApi, answers: Answers, status: str) -> None:
    answers.at("/series/7", series(status=status))

    assert sonarr.one_series(7).status == status


def test_the_library_is_sorted_by_title_and_filtered_by_words_with_or_without_accents(
    sonarr: SonarrApi, answers: Answers
) -> None:
    answers.at("/series", [series(1, "the Wire"), series(2, "Ärger", sortTitle="arger"), series(3, "Slow Horses")])

    assert [one.title for one in sonarr.series(term=None, offset=0, limit=9).items] == [
        "Slow Horses",
        "the Wire",
        "Ärger",
    ]
    for term, title in (("WIRE", "the Wire"), ("arger", "Ärger"), ("ärger", "Ärger"), ("horses slow", "Slow Horses")):
        page_ = sonarr.series(term=term, offset=0, limit=9)
        assert ([one.title for one in page_.items], page_.total) == ([title], 1)


def test_a_strange_entry_costs_itself_and_is_counted(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/series", [series(), "a text", series(8, "No id", id=None), series(9, "Odd", year=float("inf"))])

    page_ = sonarr.series(term=None, offset=0, limit=20)

    assert ([one.series_id for one in page_.items], page_.total, page_.unreadable) == ([7], 1, 3)


def test_a_library_that_is_no_list_is_told(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/series", {"series": []})

    with pytest.raises(BadAnswerError, match="something else than its API promises"):
        sonarr.series(term=None, offset=0, limit=20)


def test_later_pages_are_of_the_list_that_the_first_page_fetched(
    sonarr: SonarrApi, answers: Answers, clock: SettableClock
) -> None:
    answers.at("/series", [series(number, f"Series {number}") for number in range(1, 6)])
    answers.at("/series", [series(9, "Another")])

    pages = [sonarr.series(term=None, offset=offset, limit=2) for offset in (0, 2, 4)]

    assert [one.series_id for page_ in pages for one in page_.items] == [1, 2, 3, 4, 5]
    assert [page_.next_offset for page_ in pages] == [2, 4, None]
    assert len(answers.asked("/series")) == 1
    clock.advance(KEEP_S)
    assert sonarr.series(term=None, offset=2, limit=2).total == 1
    assert sonarr.series(term=None, offset=0, limit=2).total == 1
    assert len(answers.asked("/series")) == 3


def test_overviews_are_cut_in_lists_and_longer_for_one(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/series", [series(overview="word " * 1000)])
    answers.at("/series/7", series(overview="word " * 1000))

    listed = sonarr.series(term=None, offset=0, limit=20).items[0].overview
    shown = sonarr.one_series(7).overview

    assert len(listed) <= 200
    assert listed.endswith("word…")
    assert 1900 < len(shown) <= 2000


@pytest.mark.parametrize("body", [{"message": "NotFound"}, {"title": "Not Found", "status": 404}])
def test_an_unknown_series_is_told_with_the_tool_that_lists_them(
    sonarr: SonarrApi, answers: Answers, body: dict[str, Any]
) -> None:
    answers.at("/series/99", body, status=404)

    for ask in (
        lambda: sonarr.one_series(99),
        lambda: sonarr.episodes(99, season=None, offset=0, limit=20),
        lambda: sonarr.delete(99, delete_files=True),
    ):
        with pytest.raises(UnknownIdError, match="No series has the id 99: get_series lists the ids"):
            ask()
    assert answers.methods() == {"GET"}


def test_a_search_tells_what_is_in_the_library_already_and_is_asked_once_for_all_pages(
    sonarr: SonarrApi, answers: Answers
) -> None:
    new = series(8, "New", id=None, path=None, added="0001-01-01T00:00:00Z", status="upcoming")
    answers.at("/series/lookup", [series(), new, {"tvdbId": 1}], term="ti de")

    first = sonarr.lookup("ti de", offset=0, limit=1)
    second = sonarr.lookup("ti de", offset=1, limit=1)

    assert [one.series_id for one in (*first.items, *second.items)] == [7, None]
    assert second.items[0].model_dump() == {
        "tvdb_id": 700008,
        "title": "New",
        "year": 2021,
        "status": "upcoming",
        "seasons": 2,
        "overview": "A lifeboat crew on a coast that is moving inland.",
        "series_id": None,
    }
    assert (first.total, first.unreadable) == (2, 1)
    assert len(answers.asked("/series/lookup")) == 1


def test_a_catalogue_out_of_reach_is_told(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/series/lookup", failure("Search for 'x' failed. Invalid response received from SkyHook."), status=503)

    with pytest.raises(FailedError, match="could not search its catalogue on the internet"):
        sonarr.lookup("x", offset=0, limit=10)


def test_episodes_are_told_in_order_with_their_state_and_size(sonarr: SonarrApi, answers: Answers) -> None:
    file = {"id": 5, "seriesId": 7, "size": 1234567890, "path": "/tv/Tidewatch/x.mkv"}
    answers.at("/series/7", series())
    answers.at(
        "/episode",
        [
            episode(43, 3, airDateUtc="2026-01-11T20:00:00Z"),
            episode(42, 2),
            episode(41, 1, hasFile=True, episodeFileId=5, episodeFile=file),
            episode(44, 4, airDateUtc=None, airDate=None, title=None),
            episode(45, 5, monitored=False),
            episode(31, 1, season=1, hasFile=True, episodeFileId=5, episodeFile=file),
        ],
        seriesId=7,
    )
    answers.at("/queue", page([queued(episodeId=42), queued(902)]), pageSize=1000)

    page_ = sonarr.episodes(7, season=2, offset=0, limit=20)

    assert [(one.episode_id, one.state) for one in page_.items] == [
        (41, "downloaded"),
        (42, "downloading"),
        (43, "unaired"),
        (44, "unaired"),
        (45, "missing"),
    ]
    assert [one.size_bytes for one in page_.items] == [1234567890, 0, 0, 0, 0]
    assert [one.monitored for one in page_.items] == [True, True, True, True, False]
    assert (page_.items[0].series_title, page_.items[3].air_at, page_.total) == ("Tidewatch", None, 5)


def test_the_queue_is_not_asked_for_when_every_episode_is_there(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/series/7", series(monitored=False))
    answers.at("/episode", [episode(41, hasFile=True, episodeFileId=5, episodeFile={"id": 5, "size": 9}), episode(42)])

    page_ = sonarr.episodes(7, season=None, offset=0, limit=1)

    assert (page_.items[0].monitored, page_.next_offset) == (False, 1)
    assert answers.asked("/queue") == []


def test_an_older_sonarr_is_asked_for_the_files(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/series/7", series())
    answers.at("/episode", [episode(41, hasFile=True, episodeFileId=5)])
    answers.at("/episodefile", [{"id": 5, "size": 77}, {"id": 6, "size": 78}], seriesId=7)

    assert sonarr.episodes(7, season=None, offset=0, limit=20).items[0].size_bytes == 77


def test_an_unknown_season_is_refused_with_those_there_are(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/series/7", series())
    answers.at("/episode", [episode()])

    with pytest.raises(UnknownIdError, match="Tidewatch has no season 9: choose one of 0, 1, 2"):
        sonarr.episodes(7, season=9, offset=0, limit=20)


def test_what_is_wanted_comes_page_by_page_from_sonarr(sonarr: SonarrApi, answers: Answers) -> None:
    records = [episode(number, number, series=series()) for number in (21, 22)]
    answers.at("/wanted/missing", page([*records, {"id": 1}], 45), page=2, pageSize=20, sortDirection="descending")
    answers.at("/queue", page([queued(episodeId=22)]))

    page_ = sonarr.wanted(offset=20, limit=20)

    assert [(one.series_title, one.state) for one in page_.items] == [
        ("Tidewatch", "missing"),
        ("Tidewatch", "downloading"),
    ]
    assert (page_.total, page_.next_offset, page_.unreadable) == (45, 40, 1)


def test_the_calendar_covers_both_days_in_utc_and_sorts_by_date(sonarr: SonarrApi, answers: Answers) -> None:
    times = ("2026-01-12T23:59:59Z", "2026-01-13T00:00:00Z", "2026-01-05T00:00:00Z", "2026-01-04T23:59:59Z", None)
    coming = [episode(number, number, airDateUtc=at, series=series()) for number, at in enumerate(times, 1)]
    answers.at("/calendar", coming)
    answers.at("/queue", NOTHING_QUEUED)

    page_ = sonarr.calendar(None, None, offset=0, limit=50)

    assert [one.episode_id for one in page_.items] == [3, 1]
    (asked,) = answers.asked("/calendar")
    assert (asked["start"], asked["end"]) == ("2026-01-05T00:00:00Z", "2026-01-12T23:59:59Z")
    assert asked["unmonitored"] == "false"


def test_a_calendar_the_wrong_way_round_is_refused_and_nobody_asked(sonarr: SonarrApi, answers: Answers) -> None:
    with pytest.raises(RefusedError, match="is before the start"):
        sonarr.calendar(date(2026, 2, 1), date(2026, 1, 1), offset=0, limit=50)
    assert answers.methods() == set()


def test_version_and_health_are_sonarrs(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/system/status", {"appName": "Sonarr", "version": "4.0.15.2941"})
    answers.at("/health", [])

    assert sonarr.version().version == "4.0.15.2941"
    assert sonarr.health().healthy
