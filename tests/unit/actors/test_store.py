"""What the store remembers, over restarts of every kind, and when it writes."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from actors.breaker import BreakerSnapshot
from actors.call import ServerName
from actors.catalogue import Catalogue
from actors.messages import Tick
from actors.remembered import INCIDENTS_KEPT, Remembered
from actors.runtime import ThreadRuntime
from actors.statistics import Statistics, StatisticsSnapshot
from actors.store import StoreActor
from actors.store_messages import Flush, KeepIncident, Recall, StoreStatus
from supervisors.ticker import Ticker
from tests.fixtures.store import OPEN, WEATHER, StoreWorld, ask, living, said, writing_process


@pytest.fixture
def world(tmp_path: Path) -> Iterator[StoreWorld]:
    with living(tmp_path / "new" / "state") as world:
        yield world


def test_a_restart_finds_everything_again(world: StoreWorld) -> None:
    statistics = Statistics()
    statistics.calls = 7
    statistics.answered(0.25)
    statistics.failed_as("MCPTimeoutError")
    world.keep(
        tools=("forecast", "now"),
        fresh=True,
        era="legacy",
        transport="http",
        protocol="2025-06-18",
        breaker=BreakerSnapshot(failures=3, trips=2),
        statistics=statistics.snapshot(),
    )
    world.keep("sonarr", fingerprint="other", breaker=OPEN)
    incidents = (world.happen("the wire was cut"), world.happen("and again"))
    before = world.recall()

    world.restart()

    after = world.recall()
    assert after == before
    assert after.incidents == incidents
    weather = after.of(WEATHER, "same")
    assert (weather.era, weather.transport, weather.protocol) == ("legacy", "http", "2025-06-18")
    assert list(weather.catalogue.tools) == ["forecast", "now"]
    assert weather.breaker == BreakerSnapshot(failures=3, trips=2)
    assert weather.statistics == statistics.snapshot()
    assert after.of(ServerName("sonarr"), "other").breaker == OPEN
    assert (world.mode, world.reason) == ("disk", "")


def test_on_real_threads_the_file_is_opened_closed_and_opened_again(tmp_path: Path) -> None:
    statuses, found = list[StoreStatus](), list[Remembered]()
    runtime = ThreadRuntime(Ticker())
    for flushes in (True, False):
        store = runtime.start(StoreActor, state_dir=tmp_path, publish=statuses.append)
        recalled, flushed = Future[Remembered](), Future[bool]()
        store.tell(Recall(reply=recalled))
        if flushes:
            store.tell(KeepIncident(incident=StoreWorld(None).happen("seen")))
            store.tell(Flush(reply=flushed))
            assert flushed.result(timeout=10.0)
        found.append(recalled.result(timeout=10.0))
        store.stop(timeout=10.0)

    assert runtime.close(timeout_s=10.0) == []
    assert [len(remembered.incidents) for remembered in found] == [0, 1]
    assert [status.mode for status in statuses] == ["disk", "disk"]


def test_folder_and_file_are_for_their_owner_only(world: StoreWorld) -> None:
    assert world.path.parent.stat().st_mode & 0o777 == 0o700
    assert world.path.stat().st_mode & 0o777 == 0o600


def test_what_was_flushed_survives_a_kill_in_the_middle_of_writing(tmp_path: Path) -> None:
    with writing_process(tmp_path) as process:
        assert said(process) == "disk"
        flushed = [int(said(process)) for _ in range(25)]
        process.kill()
        process.wait(10.0)
        assert process.stdout is not None
        flushed += [int(line) for line in process.stdout.read().splitlines()]

    world = StoreWorld(tmp_path)

    assert world.mode == "disk"
    assert world.memory().statistics.calls >= flushed[-1]
    texts = world.texts()[-len(flushed) :]
    assert texts == [str(number) for number in range(int(texts[0]), int(texts[-1]) + 1)]
    assert int(texts[-1]) == world.memory().statistics.calls
    world.stop()


def test_a_fork_that_ends_takes_nothing_from_its_parents_file(tmp_path: Path) -> None:
    with writing_process(tmp_path, "fork") as process:
        assert said(process) == "disk"
        flushed = [int(said(process)) for _ in range(5)]
        process.kill()
        process.wait(10.0)

    world = StoreWorld(tmp_path)

    assert world.memory().statistics.calls >= flushed[-1]
    assert world.corrupt_files() == []
    world.stop()


def test_a_status_is_on_disk_a_second_later_and_the_newest_one_only(world: StoreWorld) -> None:
    for calls in range(100):
        world.keep(statistics=StatisticsSnapshot(calls=calls))
    world.happen("within the second")
    log = Path(f"{world.path}-wal")
    before = log.stat().st_size

    world.advance(0.9)
    world.tell(Tick())  # It may come early.
    assert log.stat().st_size == before
    world.advance(0.2)

    written = log.stat().st_size
    assert before < written < before + 100 * 4096  # Pages: a hundred transactions have more.
    world.advance(5.0)
    world.keep(statistics=StatisticsSnapshot(calls=99))
    world.advance(5.0)
    assert log.stat().st_size == written
    world.restart()
    assert (world.memory().statistics.calls, world.texts()) == (99, ["within the second"])


def test_a_catalogue_is_written_when_it_changes_and_not_with_every_status(world: StoreWorld) -> None:
    world.keep(tools=("forecast",), fresh=True)
    world.stop()
    ask(world.path, "CREATE TABLE writes (tools)")
    ask(world.path, "CREATE TRIGGER t AFTER INSERT ON catalogues BEGIN INSERT INTO writes VALUES (NEW.tools); END")
    world.store = world.start()

    for calls in range(1, 4):
        world.keep(catalogue=world.memory().catalogue, statistics=StatisticsSnapshot(calls=calls))
        assert world.flush()
    world.keep(tools=("now",), fresh=True)
    world.keep(catalogue=world.memory().catalogue, statistics=StatisticsSnapshot(calls=5))
    world.stop()

    assert ask(world.path, "SELECT * FROM writes") == [('[{"name": "now"}]',)]


def test_only_the_newest_incidents_are_kept_newest_last(world: StoreWorld) -> None:
    for number in range(INCIDENTS_KEPT):
        world.happen(str(number))
    assert world.flush()
    for number in range(INCIDENTS_KEPT, INCIDENTS_KEPT + 10):
        world.happen(str(number))
    expected = [str(number) for number in range(10, INCIDENTS_KEPT + 10)]

    assert world.texts() == expected
    world.restart()

    assert world.texts() == expected
    world.stop()
    assert ask(world.path, "SELECT count(*) FROM incidents") == [(INCIDENTS_KEPT,)]


def test_what_servers_say_can_always_be_kept(world: StoreWorld) -> None:
    world.keep(protocol="half a pair \ud800", tools=("odd \ud800",), fresh=True)
    world.happen("said: \udcff \x00 \u2603")

    world.restart()

    assert world.memory().protocol == "half a pair \\ud800"
    assert list(world.memory().catalogue.tools) == ["odd \ud800"]
    assert world.texts() == ["said: \\udcff \x00 \u2603"]


def test_a_catalogue_nested_too_deep_costs_only_itself(world: StoreWorld) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    world.keep(catalogue=Catalogue.of([{"name": "deep", "x": deep}]), protocol="2025-06-18")
    world.keep("sonarr", tools=("queue",))

    world.restart()

    assert world.mode == "disk"
    assert (world.memory().catalogue.tools, world.memory().protocol) == ({}, "2025-06-18")
    assert list(world.memory("sonarr").catalogue.tools) == ["queue"]


def test_in_memory_only_nothing_is_written_or_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    world = StoreWorld(None)

    world.keep(protocol="2025-06-18")
    world.happen("seen")
    world.advance(3600.0)

    assert not world.flush()
    assert (world.memory().protocol, world.texts()) == ("2025-06-18", ["seen"])
    assert [(status.path, status.mode, status.reason) for status in world.statuses] == [
        (None, "memory", "nothing is to be kept")
    ]
    assert list(tmp_path.iterdir()) == []
    world.stop()


@pytest.mark.parametrize("crashes", [True, False])
def test_an_end_pays_the_replies_that_nobody_has_read(world: StoreWorld, *, crashes: bool) -> None:
    recalled, flushed = Future[Remembered](), Future[bool]()
    world.keep(protocol="2025-06-18")

    if crashes:
        world.store.tell("nonsense")
    else:
        world.store.stop(block=False)
    world.store.tell(Recall(reply=recalled))
    world.store.tell(Flush(reply=flushed))
    world.store.tell(KeepIncident(incident=StoreWorld(None).happen("in time")))
    world.runtime.run()

    assert recalled.result(timeout=0) == Remembered()
    assert flushed.result(timeout=0) is False
    world.store = world.start()
    assert world.texts() == ([] if crashes else ["in time"])


def test_whoever_has_given_up_asking_harms_nobody(world: StoreWorld) -> None:
    gone: Future[Remembered] = Future()
    assert gone.cancel()

    world.tell(Recall(reply=gone))

    assert world.flush()
