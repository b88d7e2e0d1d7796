"""The stub of Sonarr lives as the real one does, and its answers have the shapes of Sonarr's OpenAPI document."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sonarr.models.command_resource import CommandResource
from sonarr.models.episode_file_resource import EpisodeFileResource
from sonarr.models.episode_resource import EpisodeResource
from sonarr.models.health_resource import HealthResource
from sonarr.models.quality_profile_resource import QualityProfileResource
from sonarr.models.queue_resource import QueueResource
from sonarr.models.root_folder_resource import RootFolderResource
from sonarr.models.series_resource import SeriesResource
from sonarr.models.system_resource import SystemResource

from tests.backends.sonarr import SonarrStub
from tests.fixtures.servarr_asking import ask, told, unknown_names

NEW = {"title": "Tidewater Patrol", "tvdbId": 300201, "qualityProfileId": 4, "rootFolderPath": "/tv", "monitored": True}

READ_ONLY = {"ended", "languageProfileId", "percentOfEpisodes"}  # The models do not write them.


@pytest.fixture
def sonarr() -> Iterator[SonarrStub]:
    with SonarrStub() as stub:
        yield stub


def test_answers_have_the_shapes_of_the_openapi_document(sonarr: SonarrStub) -> None:
    ask(sonarr, "command", "POST", body={"name": "EpisodeSearch", "episodeIds": [1]})
    everything = {"includeSeries": "true", "includeEpisode": "true", "includeUnknownSeriesItems": "true"}
    answers = [
        *((SeriesResource, one) for one in told(sonarr, "series")),
        *((SeriesResource, one) for one in told(sonarr, "series/lookup", term="tidewater")),
        *((EpisodeResource, one) for one in told(sonarr, "episode", seriesId=2, includeEpisodeFile="true")),
        *((EpisodeFileResource, one) for one in told(sonarr, "episodefile", seriesId=1)),
        *((QueueResource, one) for one in told(sonarr, "queue", **everything)["records"]),
        *((CommandResource, {**one, "body": None}) for one in told(sonarr, "command")),
        *((HealthResource, one) for one in told(sonarr, "health")),
        *((RootFolderResource, one) for one in told(sonarr, "rootfolder")),
        *((QualityProfileResource, one) for one in told(sonarr, "qualityprofile")),
        (SystemResource, told(sonarr, "system/status")),
        (EpisodeResource, told(sonarr, f"episode/{sonarr.queue[0].item}")),
    ]

    assert {name for model, answer in answers for name in unknown_names(answer, model)} <= READ_ONLY


def test_the_library_has_what_is_odd_in_real_ones(sonarr: SonarrStub) -> None:
    library = {one["status"]: one for one in told(sonarr, "series")}

    assert set(library) == {"ended", "continuing", "upcoming", "deleted"}
    assert {"overview", "nextAiring", "firstAired", "network"}.isdisjoint(library["upcoming"])
    assert library["upcoming"]["year"] == 0
    assert len(library["ended"]["overview"]) > 4000
    assert library["ended"]["statistics"]["seasonCount"] == 2
    assert [season["seasonNumber"] for season in library["ended"]["seasons"]] == [0, 1, 2]
    assert library["deleted"]["monitored"] is False


def test_episodes_are_asked_for_by_series_season_or_id(sonarr: SonarrStub) -> None:
    all_of_it = told(sonarr, "episode", seriesId=1)
    specials = told(sonarr, "episode", seriesId=1, seasonNumber=0)
    some = told(sonarr, "episode", episodeIds=[all_of_it[0]["id"], all_of_it[3]["id"]])

    assert [len(all_of_it), len(specials), len(some)] == [8, 2, 2]
    assert "airDateUtc" not in specials[0]
    assert told(sonarr, "episode", seriesId=4711) == []
    assert ask(sonarr, "episode").json()["message"] == "BadRequest: seriesId or episodeIds must be provided"


def test_what_is_wanted_has_aired_is_monitored_and_has_no_file(sonarr: SonarrStub) -> None:
    latest = told(sonarr, "wanted/missing", pageSize=2, sortKey="episodes.airDateUtc", sortDirection="descending")
    unmonitored = told(sonarr, "wanted/missing", monitored="false", includeSeries="true")

    assert latest["totalRecords"] == 3
    assert [one["episodeNumber"] for one in latest["records"]] == [4, 3]
    assert "series" not in latest["records"][0]
    assert {one["series"]["status"] for one in unmonitored["records"]} == {"deleted"}


def test_the_calendar_has_what_airs_between_two_dates(sonarr: SonarrStub) -> None:
    start, end = sonarr.now - timedelta(days=10), sonarr.now + timedelta(days=10)
    period = {"start": start.isoformat(), "end": end.isoformat()}

    airing = told(sonarr, "calendar", **period)

    assert [one["episodeNumber"] for one in airing] == [3, 4, 5]
    assert told(sonarr, "calendar", start="1990-01-01", end="1990-02-01", unmonitored="true") == []
    assert ask(sonarr, "calendar", start="soon").status_code == 400


def test_a_series_is_added_searched_for_fetched_and_deleted(sonarr: SonarrStub) -> None:
    made = ask(sonarr, "series", "POST", body=NEW)
    key = made.json()["id"]
    first = told(sonarr, "episode", seriesId=key, seasonNumber=1)[0]
    ask(sonarr, "command", "POST", body={"name": "EpisodeSearch", "episodeIds": [first["id"]]})
    [entry] = sonarr.grab()
    under_way = told(sonarr, "queue", includeEpisode="true", pageSize=50)["records"]
    sonarr.arrive(entry)
    arrived = told(sonarr, f"episode/{first['id']}")
    deleted = ask(sonarr, f"series/{key}", "DELETE", deleteFiles="true", addImportListExclusion="true")

    assert made.status_code == 201
    assert made.json()["statistics"]["totalEpisodeCount"] == 0  # They are fetched afterwards.
    assert [one["episodeId"] for one in under_way if one["id"] == entry] == [first["id"]]
    assert arrived["hasFile"] is True
    assert (deleted.status_code, deleted.content) == (200, b"")
    assert sonarr.folders_deleted == ["/tv/Tidewater Patrol"]
    assert sonarr.exclusions == [300201]
    assert ask(sonarr, f"series/{key}").status_code == 404


def test_what_arrives_is_not_wanted_any_more(sonarr: SonarrStub) -> None:
    sonarr.arrive(sonarr.queue[0].id)

    assert told(sonarr, "wanted/missing")["totalRecords"] == 2
    assert told(sonarr, "queue")["totalRecords"] == 2
    assert told(sonarr, "series/2")["statistics"]["episodeFileCount"] == 2


def test_a_new_series_is_searched_for_at_once_if_asked(sonarr: SonarrStub) -> None:
    options = {"monitor": "firstSeason", "searchForMissingEpisodes": True}
    key = ask(sonarr, "series", "POST", body={**NEW, "addOptions": options}).json()["id"]

    found = sonarr.grab()

    assert [command["name"] for command in told(sonarr, "command")] == ["MissingEpisodeSearch"]
    assert len(found) == 2
    assert {one["seasonNumber"] for one in told(sonarr, "episode", seriesId=key) if one["monitored"]} == {1}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"tvdbId": 300101}, "TvdbId", "SeriesExistsValidator"),
        ({"tvdbId": 0}, "TvdbId", "GreaterThanValidator"),
        ({"tvdbId": 1}, "TvdbId", None),
        ({"title": " "}, "Title", "NotEmptyValidator"),
        ({"qualityProfileId": 0}, "QualityProfileId", "GreaterThanValidator"),
        ({"qualityProfileId": 99}, "QualityProfileId", "QualityProfileExistsValidator"),
        ({"rootFolderPath": "/elsewhere"}, "RootFolderPath", "RootFolderExistsValidator"),
    ],
)
def test_a_wrong_series_is_refused_with_a_list_of_what_is_wrong(
    sonarr: SonarrStub, change: dict[str, object], field: str, code: str | None
) -> None:
    refused = ask(sonarr, "series", "POST", body={**NEW, **change})

    [wrong] = refused.json()
    assert refused.status_code == 400
    assert (wrong["propertyName"], wrong.get("errorCode"), wrong["severity"]) == (field, code, "error")
    assert wrong["errorMessage"]
    assert len(told(sonarr, "series")) == 4


def test_a_value_of_the_wrong_type_is_the_frameworks_error(sonarr: SonarrStub) -> None:
    text = ask(sonarr, "series", "POST", body={**NEW, "qualityProfileId": "4"})
    monitor = ask(sonarr, "series", "POST", body={**NEW, "addOptions": {"monitor": "some"}})

    assert list(text.json()["errors"]) == ["$.qualityProfileId"]
    assert monitor.status_code == 400


def test_deleting_a_series_that_is_not_there_is_a_fault_of_the_server(sonarr: SonarrStub) -> None:
    gone = ask(sonarr, "series/4711", "DELETE")

    assert gone.status_code == 500
    assert gone.json()["message"] == "Expected query to return 1 rows but returned 0"
    assert ask(sonarr, "series/0", "DELETE").status_code == 400


def test_downloads_of_a_deleted_series_go_on_for_nobody(sonarr: SonarrStub) -> None:
    ask(sonarr, "series/2", "DELETE")

    assert told(sonarr, "queue")["totalRecords"] == 0
    assert told(sonarr, "queue", includeUnknownSeriesItems="true")["totalRecords"] == 4


def test_a_lookup_knows_what_is_in_the_library(sonarr: SonarrStub) -> None:
    [there] = told(sonarr, "series/lookup", term="tvdb:300101")
    new = told(sonarr, "series/lookup", term="Tidewater Patrol")

    assert there["id"] == 1
    assert [("id" in one, one["added"]) for one in new] == [(False, "0001-01-01T00:00:00Z")] * 2
    assert told(sonarr, "series/lookup", term="tvdb:1") == []
    assert ask(sonarr, "series/lookup").status_code == 503


def test_a_large_library_comes_whole(sonarr: SonarrStub) -> None:
    sonarr.fill(2000)

    library = told(sonarr, "series")

    assert len(library) == 2004
    assert told(sonarr, "wanted/missing")["totalRecords"] == 203
    assert told(sonarr, "series", tvdbId=1_000_007)[0]["title"] == "Series No. 00007"


def test_language_profiles_are_there_for_old_clients(sonarr: SonarrStub) -> None:
    assert [profile["id"] for profile in told(sonarr, "languageprofile")] == [1]
