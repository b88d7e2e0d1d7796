from datetime import date

import pytest

from media_servers.errors import BackendError, RefusedError, UnknownIdError
from media_servers.sonarr.backend import Episode
from media_servers.sonarr.library import FIRST_TVDB_ID
from media_servers.sonarr.simulated import FETCHED_AT_FIRST, HELD_AT_FIRST, SimulatedSonarr
from media_servers.titles import SHOWS
from tests.fixtures.media import SettableClock, known

DAY_S = 86400


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def sonarr(clock: SettableClock) -> SimulatedSonarr:
    return SimulatedSonarr(clock)


def state(sonarr: SimulatedSonarr, episode: Episode) -> str:
    page = sonarr.episodes(known(episode.series_id), season=episode.season, offset=0, limit=100)
    return next(one.state for one in page.items if one.episode_id == episode.episode_id)


def test_the_library_begins_with_some_shows_and_lookup_finds_the_others(sonarr: SimulatedSonarr) -> None:
    held = sonarr.series(term=None, offset=0, limit=100)

    assert held.total == HELD_AT_FIRST
    assert [series.title for series in held.items] == sorted(series.title for series in held.items)
    ids = [sonarr.lookup(show.title, offset=0, limit=10).items[0].series_id for show in SHOWS]
    assert ids == [*range(1, HELD_AT_FIRST + 1), *[None] * (len(SHOWS) - HELD_AT_FIRST)]


def test_counts_of_a_series_are_those_of_its_episodes(sonarr: SimulatedSonarr) -> None:
    for series in sonarr.series(term=None, offset=0, limit=100).items:
        episodes = sonarr.episodes(series.series_id, season=None, offset=0, limit=100).items
        downloaded = [episode for episode in episodes if episode.state == "downloaded"]

        assert series.episodes == len(episodes)
        assert series.downloaded == len(downloaded)
        assert series.size_bytes == sum(known(episode.size_bytes) for episode in downloaded)
        assert (series.status == "continuing") == any(episode.state == "unaired" for episode in episodes)


def test_the_queue_holds_wanted_episodes_and_they_arrive_in_the_library(
    sonarr: SimulatedSonarr, clock: SettableClock
) -> None:
    queue = sonarr.queue(offset=0, limit=10)
    wanted = {episode.episode_id: episode for episode in sonarr.wanted(offset=0, limit=100).items}
    assert queue.total == FETCHED_AT_FIRST
    assert [item.status for item in queue.items] == ["downloading", "queued", "queued"]
    assert {wanted[known(item.episode_id)].state for item in queue.items} == {"downloading"}

    clock.advance(3600)

    assert sonarr.queue(offset=0, limit=10).total == 0
    left = {episode.episode_id for episode in sonarr.wanted(offset=0, limit=100).items}
    assert left == set(wanted) - {item.episode_id for item in queue.items}


def test_an_episode_airs_is_fetched_and_is_there(sonarr: SimulatedSonarr, clock: SettableClock) -> None:
    coming = sonarr.calendar(None, None, offset=0, limit=1).items[0]
    assert state(sonarr, coming) == "unaired"

    clock.advance(known(coming.air_at).timestamp() - clock())
    assert state(sonarr, coming) == "downloading"
    assert coming.episode_id in {item.episode_id for item in sonarr.queue(offset=0, limit=100).items}

    clock.advance(3600)
    assert state(sonarr, coming) == "downloaded"


def test_a_month_in_one_look_ends_like_a_month_hour_by_hour() -> None:
    slow_clock, fast_clock = SettableClock(), SettableClock()
    slow, fast = SimulatedSonarr(slow_clock), SimulatedSonarr(fast_clock)

    for _ in range(30 * 24):
        slow_clock.advance(3600)
        slow.queue(offset=0, limit=1)
    fast_clock.advance(30 * DAY_S)

    assert slow.series(term=None, offset=0, limit=100) == fast.series(term=None, offset=0, limit=100)
    assert slow.wanted(offset=0, limit=100) == fast.wanted(offset=0, limit=100)


def test_episodes_of_a_series_that_is_not_monitored_are_left_alone(
    sonarr: SimulatedSonarr, clock: SettableClock
) -> None:
    before = sonarr.wanted(offset=0, limit=1).total

    added = sonarr.add(FIRST_TVDB_ID + 7, monitored=False, search_now=False)

    clock.advance(365 * DAY_S)
    assert sonarr.one_series(added.series_id).downloaded == 0
    assert sonarr.wanted(offset=0, limit=1).total <= before


def test_a_series_added_with_a_search_is_fetched_at_once(sonarr: SimulatedSonarr, clock: SettableClock) -> None:
    added = sonarr.add(FIRST_TVDB_ID + 8, monitored=True, search_now=True)

    queued = [item for item in sonarr.queue(offset=0, limit=100).items if item.series_id == added.series_id]
    assert len(queued) == added.episodes
    clock.advance(DAY_S)
    assert sonarr.one_series(added.series_id).downloaded == added.episodes


def test_a_series_is_in_the_library_once(sonarr: SimulatedSonarr) -> None:
    added = sonarr.add(FIRST_TVDB_ID + 9, monitored=True, search_now=False)

    with pytest.raises(RefusedError, match=f"is in the library already: its series_id is {added.series_id}"):
        sonarr.add(FIRST_TVDB_ID + 9, monitored=True, search_now=False)


def test_a_search_fetches_what_is_missing_once_and_nothing_else(sonarr: SimulatedSonarr, clock: SettableClock) -> None:
    clock.advance(3600)
    missing = sonarr.wanted(offset=0, limit=1).items[0].episode_id
    unaired = sonarr.calendar(None, None, offset=0, limit=1).items[0].episode_id

    commands = [sonarr.search_episode(episode_id).command_id for episode_id in (missing, missing, unaired)]

    assert commands == [1, 2, 3]
    assert [item.episode_id for item in sonarr.queue(offset=0, limit=10).items] == [missing]


def test_a_deleted_series_leaves_library_queue_and_wanted_and_its_id_is_not_used_again(sonarr: SimulatedSonarr) -> None:
    gone = known(sonarr.queue(offset=0, limit=1).items[0].series_id)
    tvdb_id = sonarr.one_series(gone).tvdb_id

    assert sonarr.delete(gone, delete_files=True).files_deleted

    assert gone not in {item.series_id for item in sonarr.queue(offset=0, limit=100).items}
    assert gone not in {episode.series_id for episode in sonarr.wanted(offset=0, limit=100).items}
    with pytest.raises(UnknownIdError, match="get_series lists the ids"):
        sonarr.one_series(gone)
    assert sonarr.add(known(tvdb_id), monitored=True, search_now=False).series_id == HELD_AT_FIRST + 1


def test_the_calendar_has_the_days_asked_for_both_ends_included(sonarr: SimulatedSonarr) -> None:
    week = sonarr.calendar(None, None, offset=0, limit=100).items
    days = [known(episode.air_at).date() for episode in week]
    assert days == sorted(days)
    assert date(2026, 1, 5) <= days[0] <= days[-1] <= date(2026, 1, 12)

    one_day = sonarr.calendar(days[0], days[0], offset=0, limit=100).items
    assert {known(episode.air_at).date() for episode in one_day} == {days[0]}


@pytest.mark.parametrize(
    ("start", "end", "remedy"),
    [
        (date(2026, 2, 1), date(2026, 1, 1), "exchange them"),
        (date(2026, 1, 1), date(2027, 1, 3), "ask for a shorter period"),
        (None, date(2026, 1, 4), "exchange them"),
    ],
)
def test_a_period_that_cannot_be_is_refused(
    sonarr: SimulatedSonarr, start: date | None, end: date, remedy: str
) -> None:
    with pytest.raises(RefusedError, match=remedy):
        sonarr.calendar(start, end, offset=0, limit=10)


def test_a_period_ends_with_the_last_day_there_is(sonarr: SimulatedSonarr) -> None:
    assert sonarr.calendar(date.max, None, offset=0, limit=10).items == []


def test_unknown_ids_are_refused_with_the_tool_that_lists_them(sonarr: SimulatedSonarr) -> None:
    with pytest.raises(BackendError, match="search_series finds"):
        sonarr.add(1, monitored=True, search_now=False)
    with pytest.raises(BackendError, match="get_episodes lists"):
        sonarr.search_episode(100_000)
    with pytest.raises(BackendError, match="it has 1 to 3"):
        sonarr.episodes(1, season=4, offset=0, limit=1)


def test_the_seed_decides_what_is_missing() -> None:
    one, same, other = (SimulatedSonarr(SettableClock(), seed=seed).wanted(offset=0, limit=100) for seed in (1, 1, 2))

    assert one == same != other
