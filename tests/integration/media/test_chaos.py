"""The four media servers while everything goes wrong: each call has one outcome, and it says what has happened."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from random import Random

import pytest

from mcp_orchestrator import AsyncMCPOrchestrator, MCPOrchestratorError
from tests.fixtures.media_chaos import READS, SETTINGS, Chaos, check, said, times_asked
from tests.fixtures.media_house import Change, House
from tests.fixtures.orchestrating import Orchestrated, eventually, prepared

pytestmark = pytest.mark.slow

SEEDS = range(max(1, int(os.environ.get("SEEDS", "1000")) // 1000))
ROUNDS = 120
MOST_CALLS = 8  # In a round.
LONGEST_PAUSE_S = 0.04
GRACE_S = 20.0  # For calls of at most 8 s, on a machine that has other things to do.


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    house.fill(ROUNDS * MOST_CALLS)
    with ExitStack() as stack:
        for stub in house.stubs.values():
            stack.enter_context(stub)
        yield house


def serves(whole: Orchestrated, server: str, tool: str, arguments: dict[str, object]) -> bool:
    return whole.face.submit(server, tool, arguments, timeout=GRACE_S).exception(timeout=2 * GRACE_S) is None


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_goes_wrong_each_call_has_one_outcome_that_is_true(house: House, seed: int) -> None:
    random = Random(seed)
    with prepared(house.config(), **SETTINGS) as whole:
        eventually(lambda: all(whole.face.connect_all().values()), "all four are there")
        chaos = Chaos(house, whole.face, random)
        try:
            for _ in range(ROUNDS):
                for _ in range(random.randrange(MOST_CALLS)):
                    chaos.call()
                if random.random() < 0.5:
                    chaos.fault()
                time.sleep(random.random() * LONGEST_PAUSE_S)  # It waits for nothing: faults come between calls.
        finally:
            chaos.end()

        outcomes = Counter(said(made.future.exception(timeout=GRACE_S)) for made in chaos.made)
        for server, tool, arguments in READS:
            eventually(lambda: serves(whole, server, tool, dict(arguments)), f"{server} serves {tool} again")  # noqa: B023 -- called at once

    # The servers have ended: what they were about to do, they do no more.
    for made in chaos.made:
        check(made, house)
    assert min(outcomes[kind] for kind in ("done", "unclear", "refused")) > 0, (outcomes, chaos.faults)


async def many_at_once(house: House, random: Random) -> list[tuple[Change, BaseException | None]]:
    """Make 100 calls at once, cancel a third of them, and kill a server meanwhile; return what became of each."""
    changes = [house.change(random) for _ in range(100)]
    config = {"orchestrator": {"state": "memory"}, "servers": house.config()}
    async with AsyncMCPOrchestrator(config) as face:
        tasks = [
            asyncio.ensure_future(face.call_tool(change.server, change.tool, change.arguments, timeout=GRACE_S))
            for change in changes
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks[::3]:
            task.cancel()
        os.kill(face.get_server_status("sabnzbd")["pid"], signal.SIGKILL)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    return [
        (change, outcome if isinstance(outcome, BaseException) else None)
        for change, outcome in zip(changes, outcomes, strict=True)
    ]


def test_a_hundred_calls_at_once_of_which_some_are_cancelled_and_some_lose_their_server(house: House) -> None:
    for change, error in asyncio.run(many_at_once(house, Random(1))):
        assert error is None or isinstance(error, MCPOrchestratorError | asyncio.CancelledError), repr(error)
        asked = times_asked(change, house)
        where = f"{change.tool} {change.arguments}, asked for {asked} times: {error!r}"
        assert asked <= 1 or not change.once, where
        if error is None:
            assert change.made(), where
        elif isinstance(error, MCPOrchestratorError) and said(error) == "refused":
            assert not change.made(), where
