"""Every tool once, through the official client, over the simulated backends."""

from datetime import datetime
from typing import Any

import pytest

from media_servers.plex.simulated import SimulatedPlex
from media_servers.plex.tools import make_server as make_plex
from media_servers.radarr.simulated import FIRST_TMDB_ID, SimulatedRadarr
from media_servers.radarr.tools import make_server as make_radarr
from media_servers.sabnzbd.simulated import SimulatedSabnzbd
from media_servers.sabnzbd.tools import make_server as make_sabnzbd
from media_servers.server import MediaServer
from media_servers.sonarr.library import FIRST_TVDB_ID
from media_servers.sonarr.simulated import SimulatedSonarr
from media_servers.sonarr.tools import make_server as make_sonarr
from tests.fixtures.media import SettableClock, ask


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def sabnzbd(clock: SettableClock) -> MediaServer:
    return make_sabnzbd(SimulatedSabnzbd(clock))


@pytest.fixture
def sonarr(clock: SettableClock) -> MediaServer:
    return make_sonarr(SimulatedSonarr(clock))


@pytest.fixture
def radarr(clock: SettableClock) -> MediaServer:
    return make_radarr(SimulatedRadarr(clock))


@pytest.fixture
def plex(clock: SettableClock) -> MediaServer:
    return make_plex(SimulatedPlex(clock))


@pytest.fixture(params=["sabnzbd", "sonarr", "radarr", "plex"])
def any_server(request: pytest.FixtureRequest) -> MediaServer:
    server: MediaServer = request.getfixturevalue(request.param)
    return server


def test_every_server_tells_its_version_and_that_it_is_simulated(any_server: MediaServer) -> None:
    version = ask(any_server, "get_version")

    assert version["version"].endswith("(simulated)")
    assert any_server.name in version["application"].lower()


def test_every_server_tells_its_health_and_when(any_server: MediaServer) -> None:
    assert ask(any_server, "health_check") == {"healthy": True, "issues": [], "checked_at": "2026-01-05T12:00:00Z"}


def test_sabnzbd_get_queue_pages(sabnzbd: MediaServer) -> None:
    first = ask(sabnzbd, "get_queue", limit=2)
    second = ask(sabnzbd, "get_queue", limit=2, offset=first["next_offset"])

    assert (len(first["items"]), first["next_offset"], second["offset"]) == (2, 2, 2)
    assert not {item["nzo_id"] for item in first["items"]} & {item["nzo_id"] for item in second["items"]}
    assert ask(sabnzbd, "get_queue", limit=100)["next_offset"] is None
    datetime.fromisoformat(first["items"][0]["added_at"])


def test_sabnzbd_get_history_filters_by_status(sabnzbd: MediaServer) -> None:
    failed = ask(sabnzbd, "get_history", status="failed")["items"]
    done = ask(sabnzbd, "get_history", status="completed")["items"]

    assert {(entry["path"] is None, entry["fail_message"] is None) for entry in failed} == {(True, False)}
    assert {(entry["path"] is None, entry["fail_message"] is None) for entry in done} == {(False, True)}


def test_sabnzbd_get_status_agrees_with_the_queue(sabnzbd: MediaServer) -> None:
    status, queue = ask(sabnzbd, "get_status"), ask(sabnzbd, "get_queue")

    assert (status["state"], status["queued"]) == ("downloading", queue["total"])
    assert status["remaining_bytes"] == queue["remaining_bytes"]


@pytest.mark.parametrize("source", [{"url": "https://indexer.invalid/a.nzb"}, {"path": "/watch/a.nzb"}])
def test_sabnzbd_add_nzb_adds_twice_what_is_added_twice(sabnzbd: MediaServer, source: dict[str, str]) -> None:
    added = [ask(sabnzbd, "add_nzb", **source, category="tv", priority="force") for _ in range(2)]

    first, second = ask(sabnzbd, "get_queue", limit=2)["items"]
    assert [one["nzo_id"] for one in added] == [first["nzo_id"], second["nzo_id"]]
    assert (first["name"], first["category"], first["priority"]) == ("a", "tv", "force")


def test_sabnzbd_pause_queue_and_resume_queue(sabnzbd: MediaServer) -> None:
    assert [ask(sabnzbd, "pause_queue") for _ in range(2)] == [{"paused": True, "resumes_in_s": None}] * 2
    assert ask(sabnzbd, "get_queue")["paused"]
    assert ask(sabnzbd, "resume_queue") == {"paused": False, "resumes_in_s": None}
    assert not ask(sabnzbd, "get_queue")["paused"]


def test_sabnzbd_pause_download_and_resume_download(sabnzbd: MediaServer) -> None:
    nzo_id = ask(sabnzbd, "get_queue")["items"][0]["nzo_id"]

    assert ask(sabnzbd, "pause_download", nzo_id=nzo_id) == {"nzo_id": nzo_id, "paused": True}
    assert ask(sabnzbd, "get_queue")["items"][0]["status"] == "paused"
    assert ask(sabnzbd, "resume_download", nzo_id=nzo_id) == {"nzo_id": nzo_id, "paused": False}
    assert ask(sabnzbd, "get_queue")["items"][0]["status"] == "downloading"


def test_sabnzbd_delete_download(sabnzbd: MediaServer) -> None:
    before = ask(sabnzbd, "get_queue")

    deleted = ask(sabnzbd, "delete_download", nzo_id=before["items"][0]["nzo_id"], delete_files=True)

    assert (deleted["deleted_from"], deleted["files_deleted"]) == ("queue", True)
    assert ask(sabnzbd, "get_queue")["total"] == before["total"] - 1


def test_sabnzbd_retry_download(sabnzbd: MediaServer) -> None:
    failed = ask(sabnzbd, "get_history", status="failed", limit=1)["items"][0]

    again = ask(sabnzbd, "retry_download", nzo_id=failed["nzo_id"])

    assert (again["name"], again["retried_nzo_id"]) == (failed["name"], failed["nzo_id"])
    assert again["nzo_id"] in {item["nzo_id"] for item in ask(sabnzbd, "get_queue", limit=100)["items"]}


def test_sabnzbd_set_priority(sabnzbd: MediaServer) -> None:
    nzo_id = ask(sabnzbd, "get_queue")["items"][2]["nzo_id"]

    answer = ask(sabnzbd, "set_priority", nzo_id=nzo_id, priority="high")

    assert answer == {"nzo_id": nzo_id, "priority": "high", "position": 0}


def test_sabnzbd_set_config_shows_in_get_config(sabnzbd: MediaServer) -> None:
    changed = ask(sabnzbd, "set_config", section="misc", keyword="bandwidth_perc", value=10)

    assert (changed["previous"], changed["value"]) == (100, 10)
    shown = {"keyword": "bandwidth_perc", "value": 10, "changeable": True}
    assert shown in ask(sabnzbd, "get_config")["items"]
    ask(sabnzbd, "set_config", section="misc", keyword="enable_unrar", value=False)
    shown = {"keyword": "enable_unrar", "value": False, "changeable": True}
    assert shown in ask(sabnzbd, "get_config", section="misc")["items"]


def test_sonarr_get_series_and_get_series_by_id(sonarr: MediaServer) -> None:
    (series,) = ask(sonarr, "get_series", term="tidewatch")["items"]

    assert ask(sonarr, "get_series_by_id", series_id=series["series_id"]) == series


def test_sonarr_search_series_then_add_series_then_get_episodes(sonarr: MediaServer) -> None:
    (found,) = ask(sonarr, "search_series", term="peat")["items"]

    added = ask(sonarr, "add_series", tvdb_id=found["tvdb_id"], search_now=True)

    episodes = ask(sonarr, "get_episodes", series_id=added["series_id"], season=2)
    assert {episode["season"] for episode in episodes["items"]} == {2}
    assert {episode["state"] for episode in episodes["items"]} == {"downloading"}
    assert (found["tvdb_id"], added["title"]) == (FIRST_TVDB_ID + 9, "Peat and Stone")


def test_sonarr_get_wanted_then_search_episode_then_get_queue(sonarr: MediaServer) -> None:
    episode = next(item for item in ask(sonarr, "get_wanted")["items"] if item["state"] == "missing")

    command = ask(sonarr, "search_episode", episode_id=episode["episode_id"])

    assert command == {"command_id": 1, "name": "EpisodeSearch", "status": "queued"}
    assert episode["episode_id"] in {item["episode_id"] for item in ask(sonarr, "get_queue")["items"]}


def test_sonarr_get_calendar_takes_dates(sonarr: MediaServer) -> None:
    episodes = ask(sonarr, "get_calendar", start="2026-01-05", end="2026-01-11")["items"]

    assert episodes
    assert all("2026-01-05" <= episode["air_at"] <= "2026-01-12" for episode in episodes)


def test_sonarr_delete_series(sonarr: MediaServer) -> None:
    assert ask(sonarr, "delete_series", series_id=1) == {
        "series_id": 1,
        "title": "Tidewatch",
        "files_deleted": False,
    }
    assert ask(sonarr, "get_series", term="tidewatch")["total"] == 0


def test_radarr_get_movies_and_get_movie_by_id(radarr: MediaServer) -> None:
    (movie,) = ask(radarr, "get_movies", term="caligari")["items"]

    assert ask(radarr, "get_movie_by_id", movie_id=movie["movie_id"]) == movie


def test_radarr_search_movies_then_add_movie_then_search_movie_then_get_queue(radarr: MediaServer) -> None:
    (found,) = ask(radarr, "search_movies", term="charade")["items"]
    added = ask(radarr, "add_movie", tmdb_id=found["tmdb_id"], monitored=False)

    command = ask(radarr, "search_movie", movie_id=added["movie_id"])

    assert (found["tmdb_id"], command["name"]) == (FIRST_TMDB_ID + 38, "MoviesSearch")
    assert "Charade" in {item["title"] for item in ask(radarr, "get_queue")["items"]}


def test_radarr_get_wanted_and_get_calendar(radarr: MediaServer) -> None:
    assert {movie["size_bytes"] for movie in ask(radarr, "get_wanted")["items"]} == {0}
    assert [movie["state"] for movie in ask(radarr, "get_calendar")["items"]] == ["announced", "announced"]


def test_radarr_delete_movie(radarr: MediaServer) -> None:
    deleted = ask(radarr, "delete_movie", movie_id=10, delete_files=True)

    assert deleted == {"movie_id": 10, "title": "Nosferatu", "files_deleted": True}
    assert ask(radarr, "get_movies", term="nosferatu")["total"] == 0


def test_plex_get_libraries_then_get_library_items(plex: MediaServer) -> None:
    for library in ask(plex, "get_libraries")["items"]:
        items = ask(plex, "get_library_items", library_id=library["library_id"], limit=5)

        assert items["total"] == library["items"]
        assert {item["type"] for item in items["items"]} == {library["type"]}


def test_plex_get_recently_added_search_and_get_history(plex: MediaServer) -> None:
    assert len(ask(plex, "get_recently_added", limit=3)["items"]) == 3
    assert ask(plex, "get_recently_added", library_id=1, limit=1)["items"][0]["type"] == "movie"
    assert ask(plex, "search", term="sherlock")["items"][0]["title"] == "Sherlock Jr."
    assert ask(plex, "get_history", limit=1)["next_offset"] == 1


def test_plex_get_sessions_and_get_on_deck_agree(plex: MediaServer) -> None:
    deck: list[dict[str, Any]] = ask(plex, "get_on_deck")["items"]

    for session in ask(plex, "get_sessions")["items"]:
        assert {"item": session["item"], "position_s": session["position_s"]} in deck


def test_plex_scan_library(plex: MediaServer, clock: SettableClock) -> None:
    assert ask(plex, "scan_library", library_id=1) == {
        "library_id": 1,
        "title": "Movies",
        "already_scanning": False,
    }
    assert ask(plex, "scan_library", library_id=1)["already_scanning"]
    clock.advance(60)
    assert not ask(plex, "get_libraries")["items"][0]["scanning"]
