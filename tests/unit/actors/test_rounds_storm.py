"""Calls whose server asks, in any order of things: each has one outcome, and none says "no" that has gone out."""

import os
from collections import Counter
from random import Random
from typing import Any

import pytest

from actors.errors import MCPOrchestratorError, OutcomeUnknownError, SessionLostError
from actors.inputs import Elicitation
from tests.fixtures.rounds import ACCEPTED, DISCOVERED, DONE, WHO, asking_world, asks
from tests.fixtures.scripted import READ

SEEDS = int(os.environ.get("SEEDS", "300"))
CALLS = 6


class Storm:
    """One world, and chance. Handlers may be slow, raise, or see the world end meanwhile."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        tools = {f"t{number}": READ if number % 2 else {} for number in range(CALLS)}
        self.world = asking_world(self._answer, seed=seed, tools=tools, max_concurrent=3, max_retries=2)
        self.world.wire.script("server/discover", *[DISCOVERED] * 100)
        self.depth = 0
        patience = [self.random.choice([0.5, 5.0, 50.0]) for _ in range(CALLS)]
        self.futures = [self.world.call_tool(f"t{number}", timeout_s=patience[number]) for number in range(CALLS)]
        self.settled = Counter[int]()
        for number, future in enumerate(self.futures):
            future.tell_when_done(lambda _, number=number: self.settled.update([number]))  # type: ignore[misc]

    def _answer(self, _asked: Elicitation) -> dict[str, Any]:
        if self.depth < 3:
            self.depth += 1
            self.blow()  # The user thinks.
            self.depth -= 1
        if self.random.random() < 0.1:
            raise KeyError("no such answer")
        return ACCEPTED

    def blow(self) -> None:
        """Let something happen, and all that follows from it."""
        match self.random.randrange(8):
            case 0:
                self.random.choice(self.futures).cancel()
            case 1:
                self.world.runtime.advance(self.random.choice([0.1, 1.0, 10.0]))
            case 2 if self.random.random() < 0.3:
                self.world.connect(anew=True)
            case _:
                self._end_one()
        self.world.runtime.run()

    def _end_one(self) -> None:
        exchanges = self.world.wire.exchanges
        if exchanges:
            exchange = exchanges.pop(self.random.randrange(len(exchanges)))
            if exchange.write():
                answers = [asks(who=WHO), asks("later"), asks(a=WHO, b=WHO), DONE, DONE]
                end = self.random.choice([*answers, OutcomeUnknownError("reset"), SessionLostError("404")])
                if isinstance(end, SessionLostError):
                    self.world.wire.executed.remove(exchange.label)  # As it says.
                exchange.end(end)


@pytest.mark.parametrize("block", range(10))
def test_every_call_has_one_outcome_whatever_happens_while_its_user_thinks(block: int) -> None:
    outcomes = Counter[str]()

    for seed in range(block * SEEDS // 10, (block + 1) * SEEDS // 10):
        storm = Storm(seed)
        storm.world.runtime.run()
        for _ in range(60):
            storm.blow()
        storm.world.crash() if seed % 2 else storm.world.stop()
        while storm.world.wire.exchanges:
            storm._end_one()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- nobody listens any more
        storm.world.runtime.run()

        assert storm.settled == Counter(range(CALLS)), seed
        for number, future in enumerate(storm.futures):
            error = future.exception(timeout=0)
            if isinstance(error, MCPOrchestratorError):
                outcomes[type(error).__name__] += 1
                assert error.executed != "no" or f"t{number}" not in storm.world.wire.executed, (seed, number)
            else:
                assert error is None, (seed, error)
                assert future.result(0).raw == DONE
                outcomes["result"] += 1

    assert {"result", "OutcomeUnknownError", "MCPToolError", "CallCancelledError", "MCPTimeoutError"} <= set(outcomes)
