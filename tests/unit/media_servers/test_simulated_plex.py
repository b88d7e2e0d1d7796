import pytest

from media_servers.errors import UnknownIdError
from media_servers.plex.simulated import FILMS_AT_FIRST, MOVIES, SCAN_S, SHOWS_AT_FIRST, TV, SimulatedPlex
from media_servers.simulation import KEEP
from media_servers.titles import FILMS, SHOWS
from tests.fixtures.media import SettableClock, known

DAY_S = 86400


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def plex(clock: SettableClock) -> SimulatedPlex:
    return SimulatedPlex(clock)


def test_it_begins_with_two_libraries_and_two_days_of_history(plex: SimulatedPlex) -> None:
    libraries = {library.type: library.items for library in plex.libraries()}

    assert libraries == {"movie": FILMS_AT_FIRST, "show": SHOWS_AT_FIRST}
    viewed = [known(viewing.viewed_at) for viewing in plex.history(offset=0, limit=100).items]
    assert viewed == sorted(viewed, reverse=True)
    assert {viewing.player for viewing in plex.history(offset=0, limit=100).items} == {"Living room TV", "Tablet"}


def test_a_player_goes_on_to_the_end_then_the_item_is_in_the_history(plex: SimulatedPlex, clock: SettableClock) -> None:
    session = plex.sessions()[0]
    duration_s = known(session.item.duration_s)
    left_s = duration_s - known(session.position_s)

    clock.advance(left_s - 1)
    assert plex.sessions()[0].position_s == duration_s - 1
    clock.advance(1)

    latest = plex.history(offset=0, limit=1).items[0]
    assert (latest.item.rating_key, latest.player) == (session.item.rating_key, session.player)
    assert latest.item.views == known(session.item.views) + 1
    assert session.session_id not in {one.session_id for one in plex.sessions()}


def test_what_is_playing_is_on_deck_where_it_stands(plex: SimulatedPlex) -> None:
    playing = {session.item.rating_key: session.position_s for session in plex.sessions()}
    assert playing

    deck = {entry.item.rating_key: entry.position_s for entry in plex.on_deck(offset=0, limit=100).items}

    assert playing.items() <= deck.items()


def test_between_two_episodes_the_next_one_is_on_deck(plex: SimulatedPlex, clock: SettableClock) -> None:
    session = next(one for one in plex.sessions() if one.player == "Living room TV")

    clock.advance(known(session.item.duration_s) - known(session.position_s))

    assert "Living room TV" not in {one.player for one in plex.sessions()}
    (entry,) = [entry for entry in plex.on_deck(offset=0, limit=10).items if entry.item.type == "episode"]
    assert (entry.item.rating_key, entry.position_s) == (known(session.item.rating_key) + 1, 0)


def test_a_show_counts_its_watched_episodes(plex: SimulatedPlex) -> None:
    shows = plex.items(TV, offset=0, limit=100).items
    watched = [viewing.item for viewing in plex.history(offset=0, limit=100).items if viewing.item.type == "episode"]

    assert sum(known(show.views) for show in shows) == len(watched)
    assert watched[0].show_title in {show.title for show in shows if show.views}


def test_a_scan_takes_its_time_and_finds_the_next_title(plex: SimulatedPlex, clock: SettableClock) -> None:
    assert not plex.scan(MOVIES).already_scanning
    assert [library.scanning for library in plex.libraries()] == [True, False]
    clock.advance(SCAN_S - 1)
    assert plex.scan(MOVIES).already_scanning

    clock.advance(1)

    movies = plex.libraries()[0]
    assert (movies.scanning, movies.items) == (False, FILMS_AT_FIRST + 1)
    assert movies.scanned_at is not None
    newest = plex.recently_added(None, offset=0, limit=1).items[0]
    assert (newest.title, newest.added_at) == (FILMS[FILMS_AT_FIRST].title, movies.scanned_at)


def test_scans_find_whole_shows_until_nothing_is_left(plex: SimulatedPlex, clock: SettableClock) -> None:
    for _ in range(len(SHOWS)):
        plex.scan(TV)
        clock.advance(SCAN_S)

    assert plex.libraries()[1].items == len(SHOWS)
    newest = plex.recently_added(TV, offset=0, limit=1).items[0]
    assert (newest.show_title, newest.type) == (SHOWS[-1].title, "episode")


def test_recently_added_is_latest_first_and_of_one_library_if_wanted(plex: SimulatedPlex) -> None:
    everything = plex.recently_added(None, offset=0, limit=100).items
    added = [known(item.added_at) for item in everything]

    assert added == sorted(added, reverse=True)
    assert {item.type for item in plex.recently_added(MOVIES, offset=0, limit=100).items} == {"movie"}


def test_search_finds_movies_shows_and_episodes_in_this_order(plex: SimulatedPlex) -> None:
    assert [item.title for item in plex.search("metropolis", offset=0, limit=10).items] == ["Metropolis"]
    types = [item.type for item in plex.search("t", offset=0, limit=100).items]
    assert types == sorted(types, key=["movie", "show", "episode"].index)
    assert set(types) == {"movie", "show", "episode"}


def test_years_of_watching_do_not_grow_the_history_without_end(plex: SimulatedPlex, clock: SettableClock) -> None:
    clock.advance(400 * DAY_S)

    assert plex.history(offset=0, limit=1).total == KEEP
    assert known(plex.items(MOVIES, offset=0, limit=1).items[0].views) > 1


def test_an_unknown_library_is_refused_with_the_tool_that_lists_them(plex: SimulatedPlex) -> None:
    for ask in (
        lambda: plex.items(9, offset=0, limit=1),
        lambda: plex.recently_added(9, offset=0, limit=1),
        lambda: plex.scan(9),
    ):
        with pytest.raises(UnknownIdError, match="get_libraries lists the ids"):
            ask()
