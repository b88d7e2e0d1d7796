"""The stub of Radarr lives as the real one does, and its answers have the shapes of Radarr's OpenAPI document."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from radarr.models.command_resource import CommandResource
from radarr.models.health_resource import HealthResource
from radarr.models.movie_file_resource import MovieFileResource
from radarr.models.movie_resource import MovieResource
from radarr.models.quality_profile_resource import QualityProfileResource
from radarr.models.queue_resource import QueueResource
from radarr.models.root_folder_resource import RootFolderResource
from radarr.models.system_resource import SystemResource

from tests.backends.radarr import RadarrStub
from tests.fixtures.servarr_asking import ask, told, unknown_names

NEW = {"tmdbId": 700201, "qualityProfileId": 4, "rootFolderPath": "/movies/", "minimumAvailability": "released"}


@pytest.fixture
def radarr() -> Iterator[RadarrStub]:
    with RadarrStub() as stub:
        yield stub


def test_answers_have_the_shapes_of_the_openapi_document(radarr: RadarrStub) -> None:
    ask(radarr, "command", "POST", body={"name": "MoviesSearch", "movieIds": [2]})
    everything = {"includeMovie": "true", "includeUnknownMovieItems": "true"}
    answers = [
        *((MovieResource, one) for one in told(radarr, "movie")),
        *((MovieResource, one) for one in told(radarr, "movie/lookup", term="harbour")),
        *((MovieFileResource, one) for one in told(radarr, "moviefile", movieId=1)),
        *((QueueResource, one) for one in told(radarr, "queue", **everything)["records"]),
        *((CommandResource, {**one, "body": None}) for one in told(radarr, "command")),
        *((HealthResource, one) for one in told(radarr, "health")),
        *((RootFolderResource, one) for one in told(radarr, "rootfolder")),
        *((QualityProfileResource, one) for one in told(radarr, "qualityprofile")),
        (SystemResource, told(radarr, "system/status")),
        (MovieResource, told(radarr, "movie/lookup/tmdb", tmdbId=700202)),
    ]

    assert [name for model, answer in answers for name in unknown_names(answer, model)] == []


def test_the_library_has_what_is_odd_in_real_ones(radarr: RadarrStub) -> None:
    library = {one["title"]: one for one in told(radarr, "movie")}

    assert {one["status"] for one in library.values()} == {"released", "inCinemas", "tba", "deleted"}
    assert {"overview", "releaseDate", "digitalRelease", "studio"}.isdisjoint(library["無題の映画"])
    assert "digitalRelease" not in library["Größer als wir: Ω"]  # In cinemas alone, and long ago.
    assert library["Größer als wir: Ω"]["isAvailable"] is True
    assert library["Next Tuesday"]["isAvailable"] is False
    assert library["The Clockmaker's River"]["movieFile"]["size"] == library["The Clockmaker's River"]["sizeOnDisk"]


def test_what_is_wanted_has_no_file_whether_it_can_be_had_or_not(radarr: RadarrStub) -> None:
    wanted = told(radarr, "wanted/missing", sortKey="movieMetadata.year", sortDirection="ascending", pageSize=2)
    unmonitored = told(radarr, "wanted/missing", monitored="false")

    assert wanted["totalRecords"] == 3
    assert [one["isAvailable"] for one in wanted["records"]] == [False, True]
    assert [one["status"] for one in unmonitored["records"]] == ["deleted"]
    assert told(radarr, "wanted/missing", page=7)["records"] == []


def test_the_calendar_has_what_is_released_in_any_form(radarr: RadarrStub) -> None:
    soon = (radarr.now + timedelta(days=14)).isoformat()
    past = (radarr.now - timedelta(days=3000)).isoformat()

    assert [one["title"] for one in told(radarr, "calendar", end=soon)] == ["Next Tuesday"]
    assert len(told(radarr, "calendar", start=past, end=soon)) == 2


def test_a_movie_is_added_searched_for_fetched_and_deleted(radarr: RadarrStub) -> None:
    made = ask(radarr, "movie", "POST", body=NEW)
    key = made.json()["id"]
    ask(radarr, "command", "POST", body={"name": "MoviesSearch", "movieIds": [key]})
    [entry] = radarr.grab()
    under_way = told(radarr, "queue", includeMovie="true")["records"]
    radarr.arrive(entry)
    arrived = told(radarr, f"movie/{key}")
    deleted = ask(radarr, f"movie/{key}", "DELETE", deleteFiles="true", addImportExclusion="true")
    again = ask(radarr, f"movie/{key}", "DELETE")

    assert made.status_code == 201
    assert made.json()["path"] == "/movies/Harbour Lights (2018)"
    assert [one["movie"]["title"] for one in under_way if one["id"] == entry] == ["Harbour Lights"]
    assert arrived["hasFile"] is True
    assert (deleted.status_code, deleted.content) == (200, b"")
    assert radarr.folders_deleted == ["/movies/Harbour Lights (2018)"]
    assert radarr.exclusions == [700201]
    assert ask(radarr, f"movie/{key}").status_code == 404
    assert again.status_code == 404
    assert again.json()["message"] == f"Movie with ID {key} does not exist"


def test_what_arrives_is_not_wanted_any_more(radarr: RadarrStub) -> None:
    radarr.arrive(radarr.queue[0].id)

    assert told(radarr, "wanted/missing")["totalRecords"] == 2
    assert told(radarr, "movie/2")["statistics"]["movieFileCount"] == 1


def test_a_new_movie_is_searched_for_at_once_if_asked(radarr: RadarrStub) -> None:
    options = {"searchForMovie": True, "monitor": "movieOnly"}

    key = ask(radarr, "movie", "POST", body={**NEW, "monitored": False, "addOptions": options}).json()["id"]

    assert [command["body"]["movieIds"] for command in told(radarr, "command")] == [[key]]
    assert len(radarr.grab()) == 1
    assert told(radarr, f"movie/{key}")["monitored"] is False


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"tmdbId": 700101}, "TmdbId", "MovieExistsValidator"),
        ({"tmdbId": 1}, "TmdbId", None),
        ({"tmdbId": 0, "title": "Harbour"}, "TmdbId", "NotEmptyValidator"),
        ({"qualityProfileId": 0}, "QualityProfileId", "GreaterThanValidator"),
        ({"qualityProfileId": 99}, "QualityProfileId", "QualityProfileExistsValidator"),
        ({"rootFolderPath": "/elsewhere"}, "RootFolderPath", "RootFolderExistsValidator"),
    ],
)
def test_a_wrong_movie_is_refused_with_a_list_of_what_is_wrong(
    radarr: RadarrStub, change: dict[str, object], field: str, code: str | None
) -> None:
    refused = ask(radarr, "movie", "POST", body={**NEW, **change})

    [wrong] = refused.json()
    assert refused.status_code == 400
    assert (wrong["propertyName"], wrong.get("errorCode"), wrong["severity"]) == (field, code, "error")
    assert len(told(radarr, "movie")) == 5


def test_a_name_that_no_enumeration_has_is_the_frameworks_error(radarr: RadarrStub) -> None:
    refused = ask(radarr, "movie", "POST", body={**NEW, "minimumAvailability": "preDB"})

    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == ["minimumAvailability"]


def test_a_lookup_knows_what_is_in_the_library(radarr: RadarrStub) -> None:
    [there] = told(radarr, "movie/lookup", term="tmdb:700101")
    new = told(radarr, "movie/lookup", term="harbour lights")

    assert (there["id"], there["hasFile"]) == (1, True)
    assert ["id" in one for one in new] == [False, False]
    assert told(radarr, "movie/lookup", term="tmdb:1") == []
    assert ask(radarr, "movie/lookup/tmdb", tmdbId=1).status_code == 500
    assert ask(radarr, "movie/lookup").status_code == 503


def test_a_large_library_comes_whole(radarr: RadarrStub) -> None:
    radarr.fill(2000)

    assert len(told(radarr, "movie")) == 2005
    assert told(radarr, "wanted/missing")["totalRecords"] == 203
    assert told(radarr, "movie", tmdbId=1_000_007)[0]["title"] == "Movie No. 00007"


def test_radarr_has_no_language_profiles(radarr: RadarrStub) -> None:
    assert ask(radarr, "languageprofile").status_code == 404
