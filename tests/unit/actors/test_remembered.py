"""What a restart may take for true, of a server that was known before."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from actors.breaker import BreakerSnapshot, State
from actors.config import ServerConfig
from actors.mcp.session import Belief
from actors.remembered import fingerprint
from actors.statistics import StatisticsSnapshot
from tests.fixtures.store import OPEN, StoreWorld, living


@pytest.fixture
def world(tmp_path: Path) -> Iterator[StoreWorld]:
    with living(tmp_path / "new" / "state") as world:
        yield world


def test_a_server_that_is_not_connected_yet_keeps_what_it_was_known_for(world: StoreWorld) -> None:
    world.keep(tools=("forecast",), fresh=True, era="legacy", transport="sse", protocol="2025-06-18")

    world.keep(state="connecting")
    world.restart()
    world.keep(state="connecting", statistics=StatisticsSnapshot(calls=1))
    world.restart()

    memory = world.memory()
    assert memory.belief == Belief(era="legacy", transport="sse")
    assert (memory.protocol, list(memory.catalogue.tools)) == ("2025-06-18", ["forecast"])
    assert memory.statistics.calls == 1


def test_a_server_that_offers_nothing_any_more_is_remembered_so(world: StoreWorld) -> None:
    world.keep(tools=("forecast",), fresh=True, protocol="2025-06-18")

    world.keep(fresh=True, protocol="2025-06-18")
    world.restart()

    assert world.memory().catalogue.tools == {}


def test_another_server_behind_the_same_name_starts_fresh(world: StoreWorld) -> None:
    world.keep(tools=("forecast",), fresh=True, protocol="2025-06-18", breaker=OPEN)

    assert world.memory(fingerprint="another") == replace(world.memory("unknown"), fingerprint="another")
    world.keep(fingerprint="another")
    world.restart()

    memory = world.memory(fingerprint="another")
    assert (memory.protocol, memory.catalogue.tools, memory.breaker.state) == ("", {}, State.CLOSED)


def test_a_fingerprint_is_of_what_is_reached_and_not_of_its_secrets() -> None:
    def of(**how: object) -> str:
        return fingerprint(ServerConfig.model_validate({"name": "weather", **how}))

    stdio = of(command=("weather", "-v"), env={"KEY": "old"})

    assert stdio == of(command=("weather", "-v"), env={"KEY": "new"}, timeout_s=3.0)
    others = [
        of(command=("weather",), env={"KEY": "old"}),
        of(command=("weather", "-v"), env={"KEY": "old", "MORE": ""}),
        of(command=("weather", "-v"), env={"KEY": "old"}, cwd="/srv"),
        of(url="http://127.0.0.1:1/mcp"),
        of(url="http://127.0.0.1:2/mcp"),
    ]
    assert len({stdio, *others}) == 6
    assert of(url="http://127.0.0.1:1/mcp", headers={"Authorization": "a"}) == others[3]


@pytest.mark.parametrize(
    ("passes_s", "clock_set_by_s", "left_s"),
    [
        (10.0, 0.0, 20.0),
        (40.0, 0.0, 0.0),
        (10.0, -86400.0, 30.0),  # Set back: as long as it had left, and no longer.
        (10.0, 86400.0, 0.0),
    ],
)
@pytest.mark.parametrize("restarts", [True, False])
def test_an_open_breaker_has_the_time_left_that_the_wall_clock_says_but_never_more_than_it_had(
    world: StoreWorld, passes_s: float, clock_set_by_s: float, left_s: float, *, restarts: bool
) -> None:
    world.keep(breaker=OPEN)
    if restarts:
        world.stop()

    world.advance(passes_s)
    world.runtime.set_by_s = clock_set_by_s
    if restarts:
        world.store = world.start()

    breaker = world.memory().breaker
    assert (breaker.state, breaker.trips) == (State.OPEN, 1)
    assert breaker.open_for_s == pytest.approx(left_s)


@pytest.mark.parametrize("forced", [State.OPEN, State.CLOSED])
@pytest.mark.parametrize(("open_for_s", "beneath"), [(5.0, State.OPEN), (0.0, State.CLOSED)])
def test_what_an_operator_forced_ends_with_the_run(
    world: StoreWorld, forced: State, open_for_s: float, beneath: State
) -> None:
    snapshot = BreakerSnapshot(state=forced, open_for_s=open_for_s, forced="maintenance \ud800", forced_for_s=60.0)
    world.keep(breaker=snapshot)

    world.restart()

    breaker = world.memory().breaker
    assert (breaker.state, breaker.forced, breaker.forced_for_s) == (beneath, "", None)
