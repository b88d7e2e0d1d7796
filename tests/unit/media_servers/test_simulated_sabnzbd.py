import pytest

from media_servers.errors import BackendError, RefusedError
from media_servers.sabnzbd.backend import Queue
from media_servers.sabnzbd.simulated import FAILURE, MOST_QUEUED, SimulatedSabnzbd
from media_servers.simulation import KEEP
from tests.fixtures.media import SettableClock

DAY_S = 86400


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def sabnzbd(clock: SettableClock) -> SimulatedSabnzbd:
    return SimulatedSabnzbd(clock)


def queue(sabnzbd: SimulatedSabnzbd) -> Queue:
    return sabnzbd.queue(term=None, offset=0, limit=100)


def failed_id(sabnzbd: SimulatedSabnzbd) -> str:
    return sabnzbd.history(status="failed", offset=0, limit=1).items[0].nzo_id


def test_it_begins_with_a_queue_a_history_and_a_failure(sabnzbd: SimulatedSabnzbd) -> None:
    states = [item.status for item in queue(sabnzbd).items]

    assert states[0] == "downloading"
    assert set(states[1:]) == {"queued"}
    assert sabnzbd.history(status="completed", offset=0, limit=1).items
    assert sabnzbd.history(status="failed", offset=0, limit=1).items[0].fail_message == FAILURE


@pytest.mark.parametrize("seed", range(1, 30))
def test_every_seed_begins_with_something_to_look_at_and_to_retry(clock: SettableClock, seed: int) -> None:
    sabnzbd = SimulatedSabnzbd(clock, seed=seed)

    assert queue(sabnzbd).total >= 3
    assert failed_id(sabnzbd)


def test_the_same_seed_and_clock_give_the_same_world_and_another_seed_another() -> None:
    one, same, other = (queue(SimulatedSabnzbd(SettableClock(), seed=seed)) for seed in (7, 7, 8))

    assert one == same != other


def test_downloads_progress_and_end_up_in_the_history_in_the_order_of_the_queue(
    sabnzbd: SimulatedSabnzbd, clock: SettableClock
) -> None:
    before = queue(sabnzbd)
    first, second = before.items[:2]
    assert first.eta_s is not None

    clock.advance(first.eta_s)

    after = queue(sabnzbd)
    assert after.total == before.total - 1
    assert (after.items[0].nzo_id, after.items[0].status) == (second.nzo_id, "downloading")
    assert after.remaining_bytes < before.remaining_bytes
    assert sabnzbd.history(status=None, offset=0, limit=1).items[0].nzo_id == first.nzo_id


def test_the_queue_runs_empty_in_the_end(sabnzbd: SimulatedSabnzbd, clock: SettableClock) -> None:
    total = queue(sabnzbd).total + sabnzbd.history(status=None, offset=0, limit=1).total

    clock.advance(DAY_S)

    assert (queue(sabnzbd).total, sabnzbd.status().state, sabnzbd.status().speed_bytes_per_s) == (0, "idle", 0)
    assert sabnzbd.history(status=None, offset=0, limit=1).total == total


def test_a_paused_queue_stands_still_and_a_forced_download_does_not(
    sabnzbd: SimulatedSabnzbd, clock: SettableClock
) -> None:
    last = queue(sabnzbd).items[-1].nzo_id
    sabnzbd.pause_queue(paused=True)
    assert sabnzbd.status().state == "paused"
    sabnzbd.prioritise(last, "force")
    before = queue(sabnzbd)

    clock.advance(DAY_S)

    after = queue(sabnzbd)
    assert before.items[0].nzo_id == last
    assert [item.nzo_id for item in after.items] == [item.nzo_id for item in before.items[1:]]
    assert {item.status for item in after.items} == {"paused"}
    sabnzbd.pause_queue(paused=False)
    clock.advance(DAY_S)
    assert queue(sabnzbd).total == 0


def test_a_paused_download_is_passed_over_until_it_is_resumed(sabnzbd: SimulatedSabnzbd, clock: SettableClock) -> None:
    first = queue(sabnzbd).items[0].nzo_id
    sabnzbd.pause_download(first, paused=True)

    clock.advance(DAY_S)

    assert [(item.nzo_id, item.status) for item in queue(sabnzbd).items] == [(first, "paused")]
    sabnzbd.pause_download(first, paused=False)
    assert queue(sabnzbd).items[0].status == "downloading"


def test_high_goes_before_normal_and_low_after(sabnzbd: SimulatedSabnzbd) -> None:
    first, *_, last = (item.nzo_id for item in queue(sabnzbd).items)

    assert sabnzbd.prioritise(last, "high").position == 0
    assert sabnzbd.prioritise(first, "low").position == queue(sabnzbd).total - 1


def test_a_retried_download_gets_a_new_id_and_completes(sabnzbd: SimulatedSabnzbd, clock: SettableClock) -> None:
    old = failed_id(sabnzbd)

    again = sabnzbd.retry(old)

    assert again.nzo_id != old
    clock.advance(DAY_S)
    ended = {entry.nzo_id: entry.status for entry in sabnzbd.history(status=None, offset=0, limit=100).items}
    assert ended[again.nzo_id] == "completed"
    assert old not in ended
    with pytest.raises(BackendError, match="get_history lists"):
        sabnzbd.retry(old)


def test_only_what_failed_can_be_retried(sabnzbd: SimulatedSabnzbd) -> None:
    done = sabnzbd.history(status="completed", offset=0, limit=1).items[0].nzo_id

    with pytest.raises(RefusedError, match="completed: only a failed download"):
        sabnzbd.retry(done)


def test_what_is_still_in_the_queue_cannot_be_retried(sabnzbd: SimulatedSabnzbd) -> None:
    with pytest.raises(BackendError, match="is still in the queue"):
        sabnzbd.retry(queue(sabnzbd).items[0].nzo_id)


def test_deleting_takes_from_the_queue_or_from_the_history(sabnzbd: SimulatedSabnzbd) -> None:
    waiting, ended = queue(sabnzbd).items[1].nzo_id, failed_id(sabnzbd)

    assert sabnzbd.delete(waiting, delete_files=True).deleted_from == "queue"
    assert sabnzbd.delete(ended, delete_files=False).deleted_from == "history"

    for gone in (waiting, ended):
        with pytest.raises(BackendError, match="is unknown"):
            sabnzbd.delete(gone, delete_files=False)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("http://indexer.invalid/get/Some%20Film.nzb?key=1", "Some Film"),
        ("/watch/Some.Series.S01E01.nzb", "Some.Series.S01E01"),
        ("http://indexer.invalid/", "download"),
    ],
)
def test_a_download_is_called_after_its_nzb(sabnzbd: SimulatedSabnzbd, source: str, name: str) -> None:
    assert sabnzbd.add(source, name=None, category="*", priority="normal").name == name


def test_one_in_eight_of_what_is_added_fails(sabnzbd: SimulatedSabnzbd, clock: SettableClock) -> None:
    added = {sabnzbd.add("/a.nzb", name=None, category="tv", priority="normal").nzo_id for _ in range(80)}

    clock.advance(10 * DAY_S)

    failed = sabnzbd.history(status="failed", offset=0, limit=100).items
    assert 0 < sum(entry.nzo_id in added for entry in failed) < 20


def test_a_full_queue_takes_nothing_more(sabnzbd: SimulatedSabnzbd) -> None:
    for _ in range(MOST_QUEUED - queue(sabnzbd).total):
        sabnzbd.add("/a.nzb", name=None, category="*", priority="normal")

    with pytest.raises(RefusedError, match="delete some first"):
        sabnzbd.add("/a.nzb", name=None, category="*", priority="normal")


def test_the_history_forgets_the_oldest(sabnzbd: SimulatedSabnzbd, clock: SettableClock) -> None:
    for _ in range(KEEP + 50):
        sabnzbd.add("/a.nzb", name=None, category="*", priority="normal")

    clock.advance(100 * DAY_S)

    assert sabnzbd.history(status=None, offset=0, limit=1).total == KEEP


def test_an_unknown_category_is_refused_with_the_known_ones(sabnzbd: SimulatedSabnzbd) -> None:
    with pytest.raises(RefusedError, match=r"use one of \*, movies, tv, audio"):
        sabnzbd.add("/a.nzb", name=None, category="books", priority="normal")


def test_the_bandwidth_settings_change_the_speed(sabnzbd: SimulatedSabnzbd) -> None:
    full = sabnzbd.status().speed_bytes_per_s

    changed = sabnzbd.change("misc", "bandwidth_perc", 50)
    assert (changed.previous, sabnzbd.status().speed_bytes_per_s) == (100, full // 2)
    sabnzbd.change("misc", "bandwidth_max_bytes_per_s", 1000)
    assert sabnzbd.status().speed_bytes_per_s == 500


def test_the_folders_of_the_settings_are_those_of_the_history(sabnzbd: SimulatedSabnzbd, clock: SettableClock) -> None:
    sabnzbd.change("misc", "complete_dir", "/new")
    sabnzbd.change("categories", "movies", "films")
    sabnzbd.change("categories", "tv", "series")

    clock.advance(DAY_S)

    latest = sabnzbd.history(status="completed", offset=0, limit=1).items[0]
    assert latest.path in (f"/new/films/{latest.name}", f"/new/series/{latest.name}")


@pytest.mark.parametrize(
    ("keyword", "value", "remedy"),
    [
        ("bandwidth_perc", 0, "give 1 to 100 percent"),
        ("bandwidth_perc", 101, "give 1 to 100 percent"),
        ("bandwidth_perc", True, "give a whole number"),
        ("bandwidth_max_bytes_per_s", 0, "give 1 or more"),
        ("enable_unrar", 1, "give true or false"),
        ("complete_dir", 1, "give a text"),
        ("nonsense", 1, "get_config lists"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_nothing_changes(
    sabnzbd: SimulatedSabnzbd, keyword: str, value: int, remedy: str
) -> None:
    before = sabnzbd.settings("misc", offset=0, limit=100)

    with pytest.raises(BackendError, match=remedy):
        sabnzbd.change("misc", keyword, value)

    assert sabnzbd.settings("misc", offset=0, limit=100) == before


def test_pages_join_to_the_whole_queue(sabnzbd: SimulatedSabnzbd) -> None:
    whole = [item.nzo_id for item in queue(sabnzbd).items]

    paged: list[str] = []
    next_offset: int | None = 0
    while next_offset is not None:
        page = sabnzbd.queue(term=None, offset=next_offset, limit=4)
        paged += [item.nzo_id for item in page.items]
        next_offset = page.next_offset

    assert paged == whole


def test_the_queue_can_be_filtered_by_words(sabnzbd: SimulatedSabnzbd) -> None:
    wanted = queue(sabnzbd).items[2].name

    found = sabnzbd.queue(term=wanted.upper(), offset=0, limit=10)

    assert [item.name for item in found.items] == [wanted]


def test_a_pause_for_some_minutes_ends_by_itself(sabnzbd: SimulatedSabnzbd, clock: SettableClock) -> None:
    paused = sabnzbd.pause_queue(paused=True, minutes=5)
    clock.advance(299)
    before = sabnzbd.status()
    remaining = before.remaining_bytes
    clock.advance(11)

    assert (paused.resumes_in_s, before.resumes_in_s, before.state) == (300, 1, "paused")
    after = sabnzbd.status()
    assert (after.state, after.resumes_in_s) == ("downloading", None)
    assert remaining - after.remaining_bytes == 10 * after.speed_bytes_per_s


def test_a_pause_for_some_minutes_becomes_one_without_end(sabnzbd: SimulatedSabnzbd, clock: SettableClock) -> None:
    sabnzbd.pause_queue(paused=True, minutes=5)

    assert sabnzbd.pause_queue(paused=True).resumes_in_s is None
    clock.advance(DAY_S)
    assert sabnzbd.status().state == "paused"


def test_what_is_added_paused_waits_and_by_default_it_is_normal(sabnzbd: SimulatedSabnzbd) -> None:
    waiting = sabnzbd.add("/a.nzb", name=None, category="*", priority="paused").nzo_id
    usual = sabnzbd.add("/b.nzb", name=None, category="*", priority="default").nzo_id

    states = {item.nzo_id: (item.status, item.priority) for item in queue(sabnzbd).items}
    assert states[waiting] == ("paused", "normal")
    assert states[usual] == ("queued", "normal")
