"""The promise, by chance: many seeds of one small world, and storms of real threads."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import suppress
from itertools import count
from random import Random
from threading import Thread

import pykka
import pytest

from actors.call import CallFuture, Outcome
from actors.errors import MCPOrchestratorError, OutcomeUnknownError
from actors.runtime import ThreadRuntime
from actors.transport import Request
from supervisors.ticker import Ticker
from tests.fixtures.scripted import World
from tests.fixtures.scripted_wire import ScriptedExchange
from tests.fixtures.threaded import ThreadedWire, ThreadedWorld

SEEDS = int(os.environ.get("SEEDS", "1000"))
ROUNDS, SENDERS = 60, 4
PER_SENDER = int(os.environ.get("STORM_CALLS", "72000")) // ROUNDS // SENDERS  # In one round of one storm.
STORM_CALLS = PER_SENDER * SENDERS * ROUNDS
ENDS: dict[str, Callable[[ThreadedWorld], object]] = {
    "stop": lambda world: world.server.stop(block=False),
    "crash": lambda world: world.server.tell("nonsense"),
    "deadline": lambda _: None,
    "breaker": lambda world: world.break_the_breaker(),
}


def check_promise(futures: dict[str, CallFuture], executed: set[str], *, timeout_s: float) -> None:
    for method, future in futures.items():
        error = future.exception(timeout=timeout_s)
        if error is None:
            assert future.result() == {"echo": method}
            assert method in executed
        else:
            assert isinstance(error, MCPOrchestratorError)
            assert error.executed == "unknown" or method not in executed


class Chance:
    """A world in which every sender and every exchange can be overtaken anywhere. It is its own Mailbox."""

    def __init__(self, seed: int) -> None:
        self.world, self.random = World(max_concurrent=2, seed=seed), Random(seed)
        self.futures: dict[str, CallFuture] = {}
        self.numbers = count()
        self.world.wire.on_begin = self.go_on

    def others(self) -> None:
        for _ in range(self.random.randrange(12)):
            self.world.runtime.step()

    def tell(self, message: object) -> None:
        self.world.runtime.before_put = self.others
        self.world.server.tell(message)

    def is_alive(self) -> bool:
        self.others()
        return self.world.server.is_alive()

    def go_on(self, exchange: ScriptedExchange) -> None:
        def write() -> None:
            if exchange.write():
                self.world.runtime.spawn(self.random.choice([exchange.answer, exchange.lose]))

        self.world.runtime.spawn(write)

    def send(self) -> None:
        method, timeout_s = str(next(self.numbers)), self.random.choice([1.0, 30.0])
        self.futures[method] = future = self.world.submit(method, timeout_s=timeout_s, server=self)
        if self.random.random() < 0.2:
            self.world.runtime.spawn(future.cancel)

    def age(self) -> None:
        self.world.runtime.advance(1.0)

    def end(self) -> None:
        if self.random.random() < 0.5:
            self.world.server.stop(block=False)
        else:
            self.world.server.tell("nonsense")


def test_no_seed_breaks_the_promise(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    for seed in range(SEEDS):
        chance = Chance(seed)
        for step in [chance.send] * 8 + [chance.age, chance.end]:
            chance.world.runtime.spawn(step)

        chance.world.runtime.run()

        assert len(chance.futures) == 8
        check_promise(chance.futures, set(chance.world.wire.executed), timeout_s=0)


@pytest.fixture
def runtime() -> Iterator[ThreadRuntime]:
    switch_interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # As rude as it gets.
    runtime = ThreadRuntime(Ticker())
    yield runtime
    sys.setswitchinterval(switch_interval_s)
    assert runtime.close(timeout_s=5.0) == []


@pytest.mark.parametrize("weather", ENDS)
def test_no_call_is_lost_in_a_storm(weather: str, runtime: ThreadRuntime, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    ends: Counter[str] = Counter()
    for round_number in range(ROUNDS):
        ends += storm(weather, runtime, Random(round_number))

    print(weather, dict(ends))  # noqa: T201 -- a storm whose calls all end the same way proves nothing
    assert sum(ends.values()) == STORM_CALLS
    assert len(ends) > 1


def storm(weather: str, runtime: ThreadRuntime, random: Random) -> Counter[str]:
    executed: list[str] = []
    futures: dict[str, CallFuture] = {}

    def serve(request: Request) -> Outcome:
        executed.append(request.method)
        if weather == "breaker" and random.random() < 0.001:
            return OutcomeUnknownError("reset by peer")
        return {"echo": request.method}

    def send(sender: int) -> None:
        for number in range(PER_SENDER):
            method, timeout_s = f"{sender}/{number}", random.random() * 0.005 if weather == "deadline" else 30.0
            futures[method] = future = world.submit(method, timeout_s=timeout_s)
            if weather == "deadline" and number % 7 == 0:
                future.cancel()
            if number % 16 == 0:  # Else senders outrun the actor, and death finds all calls in its mailbox.
                future.exception(timeout=10.0)

    wire = ThreadedWire(serve, threads=4)
    world = ThreadedWorld(runtime, wire, max_concurrent=8, max_waiting=STORM_CALLS)
    senders = [Thread(target=send, args=(number,)) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    end_after = random.randrange(STORM_CALLS // ROUNDS)
    while len(futures) < end_after:
        pass
    ENDS[weather](world)
    for sender in senders:
        sender.join()
    wait(futures.values(), timeout=10.0)
    with suppress(pykka.ActorDeadError):
        world.server.stop()
    wire.close()  # Whatever is still to be written is written now, and would belie a "no".
    assert len(executed) == len(set(executed)), "run twice"
    check_promise(futures, set(executed), timeout_s=0)
    return Counter(type(future.exception()).__name__ for future in futures.values())
