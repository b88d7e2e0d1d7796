"""Settings whose defaults are tested elsewhere: another value makes another difference than the default does."""

import pytest

from actors.breaker import Verdict
from actors.call import ServerName
from actors.config import ServerConfig
from actors.errors import MCPConnectionError
from actors.retry import History, delay_s
from tests.fixtures.scripted import World
from tests.unit.actors.test_breaker import Rig

REFUSED = MCPConnectionError("refused")


def test_open_s_is_the_first_open_period_and_open_cap_s_the_longest() -> None:
    rig = Rig(open_s=2.0, open_cap_s=5.0)
    periods_s: list[float | None] = []

    rig.open()
    for _ in range(3):
        periods_s.append(rig.breaker.retry_after_s())
        rig.advance(periods_s[-1] or 0.0)
        rig.call(Verdict.FAILURE)

    assert periods_s == [2.0, 4.0, 5.0]


def test_lease_s_is_how_long_one_call_holds_the_half_open_door() -> None:
    rig = Rig(lease_s=4.0)
    rig.half_open()
    rig.admit()
    rig.advance(3.5)
    assert rig.breaker.retry_after_s() == 0.5

    rig.advance(0.5)

    assert not rig.breaker.refuses


@pytest.mark.parametrize(("closed_s", "period_s"), [(9.0, 10.0), (10.0, 5.0)])
def test_forgive_after_s_is_how_long_closed_makes_the_open_period_start_anew(closed_s: float, period_s: float) -> None:
    rig = Rig(success_threshold=1, forgive_after_s=10.0)
    rig.half_open()
    rig.call(Verdict.SUCCESS)
    rig.advance(closed_s)

    rig.open()

    assert rig.breaker.retry_after_s() == period_s


def test_retry_base_s_is_a_calls_first_back_off_and_retry_cap_s_its_longest() -> None:
    config = ServerConfig(name=ServerName("weather"), command=("weather",), retry_base_s=1.0, retry_cap_s=3.0)

    pauses_s = [
        delay_s(REFUSED, History(attempts=attempts, worst="no", repaired=False), config, 0.5) for attempts in (1, 2, 3)
    ]

    assert pauses_s == [1.0, 2.0, 3.0]


def test_reconnect_base_s_is_the_connections_first_back_off_and_reconnect_cap_s_its_longest() -> None:
    world = World(connect=False, reconnect_base_s=3.0, reconnect_cap_s=4.0)
    world.wire.script("initialize", *[REFUSED] * 3)
    pauses_s: list[float] = []

    world.connect()
    while world.status.state == "reconnecting":
        pauses_s.append(world.status.retry_after_s or 0.0)
        world.advance(pauses_s[-1])

    assert pauses_s == [3.0, 4.0, 4.0]
    assert world.status.ready
