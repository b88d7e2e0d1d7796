"""The queue of a real Sonarr, and what changes it."""

from collections.abc import Generator
from typing import Any

import pytest
import responses

from media_servers.application import SONARR
from media_servers.errors import BackendError, FailedError, RefusedError, UnclearError, UnknownIdError
from media_servers.sonarr.api import SonarrApi
from tests.fixtures.media import SettableClock
from tests.fixtures.servarr import (
    PROFILES,
    ROOTS,
    Answers,
    access,
    episode,
    failure,
    fault,
    page,
    queued,
    series,
)

FOUND = series(8, "New", id=None, path=None, statistics=None)


@pytest.fixture
def answers() -> Generator[Answers]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Answers(mock)


@pytest.fixture
def sonarr() -> SonarrApi:
    return SonarrApi(access(SONARR), SettableClock())


@pytest.fixture
def addable(answers: Answers) -> Answers:
    """Put up a Sonarr that knows what is to be added, and has it not."""
    answers.at("/series", [], tvdbId=700008)
    answers.at("/qualityprofile", PROFILES)
    answers.at("/rootfolder", ROOTS)
    answers.at("/series/lookup", [series(), FOUND], term="tvdb:700008")
    return answers


def test_the_queue_tells_what_is_on_its_way(sonarr: SonarrApi, answers: Answers) -> None:
    known = queued(seriesId=7, episodeId=41, seasonNumber=2, series=series(), episode=episode())
    answers.at("/queue", page([known], 21), includeUnknownSeriesItems="true", includeSeries="true", pageSize=20)

    page_ = sonarr.queue(offset=0, limit=20)

    assert page_.items[0].model_dump(mode="json") == {
        "queue_id": 901,
        "release": "Tidewatch.S02E01.1080p",
        "status": "downloading",
        "message": None,
        "size_bytes": 2000000000,
        "remaining_bytes": 500000000,
        "progress": 75.0,
        "complete_at": "2026-01-05T12:05:00Z",
        "series_id": 7,
        "episode_id": 41,
        "series_title": "Tidewatch",
        "season": 2,
        "episode": 1,
    }
    assert (page_.total, page_.next_offset) == (21, 20)
    assert answers.asked("/queue")[0]["sortKey"] == "timeleft"


def test_a_download_that_belongs_to_nothing_is_told_without_a_series(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/queue", page([queued(size=0, sizeleft=0, estimatedCompletionTime=None), {"title": "No id"}]))

    page_ = sonarr.queue(offset=0, limit=20)

    (item,) = page_.items
    assert (item.series_id, item.episode_id, item.series_title, item.season, item.episode) == (None,) * 5
    assert (item.progress, item.complete_at, page_.unreadable) == (0, None, 1)


@pytest.mark.parametrize(
    ("status", "state", "told"),
    [
        ("downloading", "downloading", "downloading"),
        ("queued", "downloading", "queued"),
        ("paused", None, "paused"),
        ("delay", None, "delayed"),
        ("fallback", None, "delayed"),
        ("warning", "downloading", "warning"),
        ("downloadClientUnavailable", None, "client_unavailable"),
        ("completed", "importPending", "import_pending"),
        ("completed", "importBlocked", "import_blocked"),
        ("completed", "importing", "importing"),
        ("completed", "imported", "completed"),
        ("completed", "failedPending", "failed"),
        ("completed", None, "completed"),
        ("failed", "ignored", "failed"),
        ("Downloading", None, "downloading"),
        ("somethingNew", "somethingNew", "unknown"),
    ],
)
def test_every_status_of_a_download_is_told(
    sonarr: SonarrApi, answers: Answers, status: str, state: str | None, told: str
) -> None:
    answers.at("/queue", page([queued(status=status, trackedDownloadState=state)]))

    assert sonarr.queue(offset=0, limit=20).items[0].status == told


def test_what_holds_a_download_up_is_told_once_and_cut(sonarr: SonarrApi, answers: Answers) -> None:
    remarks: list[dict[str, Any]] = [
        {"title": "a.mkv", "messages": ["Not an upgrade", "Not an upgrade"]},
        {"title": "One or more episodes missing", "messages": []},
        {"title": "b.mkv", "messages": ["x" * 500]},
    ]
    answers.at("/queue", page([queued(errorMessage="Sample", statusMessages=remarks)]))

    message = sonarr.queue(offset=0, limit=20).items[0].message

    assert message is not None
    assert message.startswith("Sample; Not an upgrade; One or more episodes missing; xxx")
    assert len(message) == 300


def test_an_added_series_says_which_profile_and_folder_it_got(sonarr: SonarrApi, addable: Answers) -> None:
    addable.at("/series", series(8, "New", statistics=None), status=201, method="POST")

    added = sonarr.add(700008, monitored=True, search_now=True)

    assert (added.series_id, added.title, added.episodes) == (8, "New", None)
    assert (added.quality_profile, added.root_folder) == ("Any", "/tv")
    sent = addable.sent("/series")
    assert {name: sent[name] for name in ("tvdbId", "title", "seasons")} == {
        name: FOUND[name] for name in ("tvdbId", "title", "seasons")
    }
    assert (sent["qualityProfileId"], sent["rootFolderPath"], sent["monitored"]) == (1, "/tv", True)
    assert sent["addOptions"] == {"monitor": "all", "searchForMissingEpisodes": True}


def test_a_series_may_be_added_unmonitored_with_a_profile_and_a_folder_of_ones_own(
    sonarr: SonarrApi, addable: Answers
) -> None:
    addable.at("/series", series(8, "New"), status=201, method="POST")

    added = sonarr.add(700008, monitored=False, search_now=False, quality_profile="hd-1080p", root_folder=2)

    assert (added.quality_profile, added.root_folder) == ("HD-1080p", "/tv")
    sent = addable.sent("/series")
    assert (sent["qualityProfileId"], sent["monitored"]) == (4, False)
    assert sent["addOptions"] == {"monitor": "none", "searchForMissingEpisodes": False}


def test_a_series_in_the_library_is_refused_with_its_id_even_without_the_catalogue(
    sonarr: SonarrApi, answers: Answers
) -> None:
    answers.at("/series", [series()], tvdbId=700007)

    with pytest.raises(RefusedError, match=r"Tidewatch is in the library already: its series_id is 7\."):
        sonarr.add(700007, monitored=True, search_now=False)
    assert answers.methods() == {"GET"}


def test_a_series_that_somebody_else_adds_meanwhile_is_refused_with_its_id(sonarr: SonarrApi, addable: Answers) -> None:
    refusal = [fault("TvdbId", "This series has already been added")]
    addable.at("/series", refusal, status=400, method="POST")
    addable.at("/series", [series(8, "New")], tvdbId=700008)

    with pytest.raises(RefusedError, match="New is in the library already: its series_id is 8"):
        sonarr.add(700008, monitored=True, search_now=False)


def test_what_sonarr_refuses_to_add_is_told_in_its_words(sonarr: SonarrApi, addable: Answers) -> None:
    refusal = [fault("Path", "Path '/tv/New' is already configured for an existing series")]
    addable.at("/series", refusal, status=400, method="POST")

    with pytest.raises(RefusedError, match=r"Sonarr refuses this \(HTTP 400, Path: Path '/tv/New' is already"):
        sonarr.add(700008, monitored=True, search_now=False)


def test_an_unknown_series_cannot_be_added(sonarr: SonarrApi, addable: Answers) -> None:
    addable.at("/series", [], tvdbId=5)
    addable.at("/series/lookup", [], term="tvdb:5")

    with pytest.raises(UnknownIdError, match="No series has the TVDB id 5: search_series finds the ids"):
        sonarr.add(5, monitored=True, search_now=False)


def test_searching_for_what_is_not_monitored_is_refused_and_nobody_asked(sonarr: SonarrApi, answers: Answers) -> None:
    with pytest.raises(RefusedError, match="set monitored as well"):
        sonarr.add(700008, monitored=False, search_now=True)
    assert answers.methods() == set()


@pytest.mark.parametrize(("status", "document"), [(500, failure("locked")), (201, {"title": "No id"}), (201, [])])
def test_an_addition_whose_answer_makes_no_sense_may_have_been_made(
    sonarr: SonarrApi, addable: Answers, status: int, document: Any
) -> None:
    addable.at("/series", document, status=status, method="POST")

    with pytest.raises(UnclearError, match=r"may have been made\. Look with get_series"):
        sonarr.add(700008, monitored=True, search_now=False)


def test_nothing_is_added_while_the_catalogue_is_out_of_reach(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/series", [])
    answers.at("/qualityprofile", PROFILES)
    answers.at("/rootfolder", ROOTS)
    answers.at("/series/lookup", failure("Unable to communicate with SkyHook."), status=503)

    with pytest.raises(FailedError, match="catalogue on the internet"):
        sonarr.add(700008, monitored=True, search_now=False)
    assert answers.methods() == {"GET"}


def test_a_search_is_begun_for_an_episode_that_exists(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/episode/41", episode())
    answers.at("/command", {"id": 77, "name": "EpisodeSearch", "status": "queued"}, status=201, method="POST")

    assert sonarr.search_episode(41).command_id == 77
    assert answers.sent("/command") == {"name": "EpisodeSearch", "episodeIds": [41]}


def test_no_search_is_begun_for_an_unknown_episode(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/episode/9", {"message": "NotFound"}, status=404)

    with pytest.raises(UnknownIdError, match="No episode has the id 9: get_episodes lists the ids"):
        sonarr.search_episode(9)
    assert answers.methods() == {"GET"}


def test_a_series_is_deleted_with_its_files_only_if_told(sonarr: SonarrApi, answers: Answers) -> None:
    answers.at("/series/7", series())
    answers.at("/series/7", {}, method="DELETE")

    deleted = [sonarr.delete(7, delete_files=told).model_dump() for told in (True, False)]

    assert deleted == [{"series_id": 7, "title": "Tidewatch", "files_deleted": told} for told in (True, False)]
    asked = answers.asked("/series/7", "DELETE")
    assert [query["deleteFiles"] for query in asked] == ["true", "false"]
    assert {query["addImportListExclusion"] for query in asked} == {"false"}


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (404, UnknownIdError, "No series has the id 7"),
        (500, UnclearError, "Look with get_series_by_id"),
        (409, RefusedError, "HTTP 409, busy"),
    ],
)
def test_a_deletion_that_goes_wrong_is_told(
    sonarr: SonarrApi, answers: Answers, status: int, kind: type[BackendError], told: str
) -> None:
    answers.at("/series/7", series())
    answers.at("/series/7", {"message": "busy"}, status=status, method="DELETE")

    with pytest.raises(kind, match=told):
        sonarr.delete(7, delete_files=False)
