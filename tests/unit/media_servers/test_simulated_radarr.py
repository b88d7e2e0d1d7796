from datetime import date, timedelta

import pytest

from media_servers.errors import BackendError, RefusedError, UnknownIdError
from media_servers.radarr.simulated import COMING_DAYS, FIRST_TMDB_ID, HELD_AT_FIRST, SimulatedRadarr
from media_servers.titles import FILMS
from tests.fixtures.media import SettableClock, known

DAY_S = 86400
TODAY = date(2026, 1, 5)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def radarr(clock: SettableClock) -> SimulatedRadarr:
    return SimulatedRadarr(clock)


def test_the_library_begins_with_films_of_every_state(radarr: SimulatedRadarr) -> None:
    movies = radarr.movies(term=None, offset=0, limit=100)

    assert movies.total == HELD_AT_FIRST
    assert {movie.state for movie in movies.items} >= {"announced", "downloading", "downloaded"}
    assert {movie.state for movie in movies.items if movie.size_bytes} == {"downloaded"}


def test_lookup_knows_which_films_are_in_the_library(radarr: SimulatedRadarr) -> None:
    (held,) = radarr.lookup("nosferatu", offset=0, limit=10).items
    (free,) = radarr.lookup("living dead", offset=0, limit=10).items

    assert held.movie_id is not None
    assert radarr.one_movie(held.movie_id).title == "Nosferatu"
    assert free.movie_id is None


def test_the_queue_holds_wanted_movies_and_they_arrive_in_the_library(
    radarr: SimulatedRadarr, clock: SettableClock
) -> None:
    queue = radarr.queue(offset=0, limit=10)
    assert queue.items[0].status == "downloading"
    assert known(queue.items[0].progress) > 0

    clock.advance(DAY_S)

    assert radarr.queue(offset=0, limit=10).total == 0
    assert {radarr.one_movie(known(item.movie_id)).state for item in queue.items} == {"downloaded"}


def test_a_restoration_comes_out_is_fetched_and_is_there(radarr: SimulatedRadarr, clock: SettableClock) -> None:
    coming = radarr.calendar(TODAY, TODAY + timedelta(days=60), offset=0, limit=10)
    releases = [known(movie.digital_at) for movie in coming.items]
    assert [release.date() - TODAY for release in releases] == [timedelta(days) for days in COMING_DAYS]
    first = coming.items[0]
    assert first.state == "announced"

    clock.advance(releases[0].timestamp() - clock())
    assert radarr.one_movie(first.movie_id).state == "downloading"
    clock.advance(DAY_S)
    assert radarr.one_movie(first.movie_id).state == "downloaded"


def test_an_added_movie_is_only_wanted_without_a_search_and_fetched_with_one(
    radarr: SimulatedRadarr, clock: SettableClock
) -> None:
    wanted = radarr.add(FIRST_TMDB_ID + 35, monitored=True, search_now=False)
    fetched = radarr.add(FIRST_TMDB_ID + 36, monitored=True, search_now=True)

    assert (wanted.state, fetched.state) == ("missing", "downloading")
    clock.advance(DAY_S)
    assert radarr.one_movie(fetched.movie_id).state == "downloaded"
    missing = [movie.movie_id for movie in radarr.wanted(offset=0, limit=100).items]
    assert wanted.movie_id in missing
    assert fetched.movie_id not in missing


def test_a_movie_that_is_not_monitored_is_not_wanted(radarr: SimulatedRadarr) -> None:
    added = radarr.add(FIRST_TMDB_ID + 35, monitored=False, search_now=False)

    assert added.movie_id not in {movie.movie_id for movie in radarr.wanted(offset=0, limit=100).items}


def test_a_movie_is_in_the_library_once(radarr: SimulatedRadarr) -> None:
    with pytest.raises(RefusedError, match="is in the library already: its movie_id is 1"):
        radarr.add(FIRST_TMDB_ID, monitored=True, search_now=False)


def test_a_search_fetches_what_is_missing_once_and_nothing_else(radarr: SimulatedRadarr, clock: SettableClock) -> None:
    clock.advance(3600 * 20)
    missing = radarr.add(FIRST_TMDB_ID + 35, monitored=True, search_now=False).movie_id
    there = next(movie for movie in radarr.movies(term=None, offset=0, limit=100).items if movie.size_bytes).movie_id

    commands = [radarr.search_movie(movie_id).command_id for movie_id in (missing, missing, there)]

    assert commands == [1, 2, 3]
    assert [item.movie_id for item in radarr.queue(offset=0, limit=10).items] == [missing]


def test_a_deleted_movie_leaves_library_and_queue_and_its_id_is_not_used_again(radarr: SimulatedRadarr) -> None:
    gone = known(radarr.queue(offset=0, limit=1).items[0].movie_id)
    tmdb_id = radarr.one_movie(gone).tmdb_id

    radarr.delete(gone, delete_files=False)

    assert gone not in {item.movie_id for item in radarr.queue(offset=0, limit=10).items}
    with pytest.raises(UnknownIdError, match="get_movies lists the ids"):
        radarr.delete(gone, delete_files=False)
    assert radarr.add(known(tmdb_id), monitored=True, search_now=False).movie_id == HELD_AT_FIRST + 1


def test_unknown_ids_are_refused_with_the_tool_that_lists_them(radarr: SimulatedRadarr) -> None:
    with pytest.raises(BackendError, match="search_movies finds"):
        radarr.add(FIRST_TMDB_ID + len(FILMS), monitored=True, search_now=False)
    with pytest.raises(BackendError, match="get_movies lists"):
        radarr.search_movie(1000)


def test_the_seed_decides_what_is_missing() -> None:
    one, same, other = (SimulatedRadarr(SettableClock(), seed=seed).wanted(offset=0, limit=100) for seed in (1, 1, 2))

    assert one == same != other
