"""What only real threads can show."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from threading import Event, Thread, current_thread
from typing import TypeAlias

import pykka
import pytest

from actors.call import Outcome
from actors.errors import CallCancelledError, MCPTimeoutError, NotExecutedError, ServerUnavailableError
from actors.messages import ServerMessage
from actors.runtime import ThreadRuntime
from actors.transport import Request
from supervisors.ticker import Ticker
from tests.fixtures.threaded import ThreadedWire, ThreadedWorld


@pytest.fixture
def runtime() -> Iterator[ThreadRuntime]:
    runtime = ThreadRuntime(Ticker())
    yield runtime
    assert runtime.close(timeout_s=5.0) == []


Serve: TypeAlias = Callable[[Request], Outcome]


def echo(request: Request) -> Outcome:
    return {"echo": request.method}


class Serving:
    """Servers over wires of their own, all stopped at the end."""

    def __init__(self, runtime: ThreadRuntime) -> None:
        self._runtime = runtime
        self._wires: list[ThreadedWire] = []
        self._worlds: list[ThreadedWorld] = []

    def __call__(self, serve: Serve = echo, *, threads: int = 1, max_concurrent: int = 2) -> ThreadedWorld:
        self._wires.append(ThreadedWire(serve, threads=threads))
        self._worlds.append(ThreadedWorld(self._runtime, self._wires[-1], max_concurrent=max_concurrent))
        return self._worlds[-1]

    def close(self) -> None:
        for world in self._worlds:
            with suppress(pykka.ActorDeadError):
                world.server.stop()
        for wire in self._wires:
            wire.close()


@pytest.fixture
def serving(runtime: ThreadRuntime) -> Iterator[Serving]:
    serving = Serving(runtime)
    yield serving
    serving.close()


class Pause:
    """Something that takes long, on an actor's thread."""

    def __init__(self) -> None:
        self.begun, self.over = Event(), Event()

    def __call__(self) -> None:
        self.begun.set()
        self.over.wait(5.0)


def after_each_message(world: ThreadedWorld, do: Callable[[], object]) -> None:
    """Let the actor do this, too, on its thread, whenever it has handled a message."""
    actor = world.actor
    assert actor is not None
    on_message = actor.on_message

    def handle(message: ServerMessage) -> None:
        on_message(message)
        do()

    vars(actor)["on_message"] = handle


def test_a_callback_may_call_the_same_server_and_wait(serving: Serving) -> None:
    world = serving()
    second: Future[tuple[object, str]] = Future()

    def call_again(_: object) -> None:
        second.set_result((world.submit("b").result(timeout=5.0), current_thread().name))

    world.submit("a").add_done_callback(call_again)

    assert second.result(timeout=5.0) == ({"echo": "b"}, "mcp-callbacks")


def test_a_callback_that_exits_harms_nobody(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    worlds = [serving() for _ in range(2)]
    after = Event()
    future = worlds[0].submit("a")

    future.add_done_callback(lambda _: sys.exit("caller's code"))
    future.add_done_callback(lambda _: after.set())

    assert after.wait(5.0)
    assert all(world.server.is_alive() for world in worlds)


def test_an_exit_in_one_actor_ends_that_one_and_pays_its_call(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL")
    faulty, other = serving(threads=0), serving()
    after_each_message(faulty, lambda: sys.exit("a bug"))

    error = faulty.submit("a").exception(timeout=5.0)

    assert isinstance(error, ServerUnavailableError)
    assert (error.executed, error.state) == ("no", "crashed")
    assert other.submit("a").result(timeout=5.0) == {"echo": "a"}


def test_two_that_stop_the_same_actor_both_return(serving: Serving) -> None:
    world, pause = serving(), Pause()
    after_each_message(world, pause)
    future = world.submit("a")
    assert pause.begun.wait(5.0)
    stops = [world.server.stop(block=False) for _ in range(2)]  # Both are unread now.
    pause.over.set()

    for stop in stops:
        stop.get(timeout=5.0)
    assert future.done()


def test_a_cancelled_task_cancels_its_call_queued_or_sent(serving: Serving) -> None:
    sent, end = Event(), Event()
    executed: list[str] = []

    def serve(request: Request) -> Outcome:
        executed.append(request.method)
        sent.set()
        end.wait(5.0)
        return {}

    world = serving(serve, threads=1, max_concurrent=1)
    futures = [world.submit(method) for method in "ab"]
    assert sent.wait(5.0)

    async def give_up() -> None:
        tasks = [asyncio.wrap_future(future) for future in futures]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(give_up())
    errors = [future.exception(timeout=5.0) for future in futures]
    end.set()

    assert [error.executed for error in errors if isinstance(error, CallCancelledError)] == ["unknown", "no"]
    assert executed == ["a"]


def test_every_deadline_comes_by_itself_also_one_before_those_known(serving: Serving) -> None:
    world = serving(threads=0)
    late = world.submit("a")

    errors = [world.submit("b", timeout_s=0.02).exception(timeout=5.0) for _ in range(2)]

    assert [type(error) for error in errors] == [MCPTimeoutError] * 2
    assert not late.done()


def test_an_actor_that_hangs_is_paid_by_another_thread_and_its_thread_ends_when_it_wakes_up(serving: Serving) -> None:
    world, pause = serving(threads=0), Pause()
    after_each_message(world, pause)
    futures = [world.submit("a")]
    assert pause.begun.wait(5.0)
    futures.append(world.submit("b"))

    assert world.actor is not None
    world.actor.condemn("hung for 5 s")
    errors = [future.exception(timeout=0) for future in futures]
    pause.over.set()  # That its thread ends is for the fixture that looks for what is left.

    assert [type(error) for error in errors] == [ServerUnavailableError] * 2
    assert isinstance(world.submit("late").exception(timeout=0), NotExecutedError)


def test_an_actor_condemned_while_it_waits_for_a_message_ends_its_thread(serving: Serving) -> None:
    world = serving()
    assert world.submit("a").result(timeout=5.0) == {"echo": "a"}
    assert world.actor is not None

    world.actor.condemn("a mistake of the supervisor")

    assert not world.server.is_alive()


def test_a_callback_that_comes_after_the_end_runs_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    runtime, called = ThreadRuntime(Ticker()), Event()
    runtime.close(timeout_s=5.0)

    runtime.run_later(lambda: sys.exit(1))
    runtime.run_later(called.set)

    assert called.is_set()
    assert "A callback raised" in caplog.text


def test_a_callback_that_always_asks_for_another_ends_with_the_runtime() -> None:
    runtime, calls = ThreadRuntime(Ticker()), list[None]()

    def again() -> None:
        calls.append(None)
        runtime.run_later(again)

    runtime.run_later(again)

    assert runtime.close(timeout_s=5.0) == []
    before = len(calls)
    runtime.run_later(again)
    assert len(calls) == before + 1


def test_a_callback_that_comes_as_the_thread_ends_is_not_lost() -> None:
    for _ in range(300):
        runtime, called = ThreadRuntime(Ticker()), Event()
        ending = Thread(target=runtime.close, kwargs={"timeout_s": 5.0})
        ending.start()

        runtime.run_later(called.set)

        ending.join(5.0)
        assert called.wait(5.0)


def test_runtimes_close_and_name_what_they_leave_behind() -> None:
    runtime, go_on = ThreadRuntime(Ticker()), Event()
    runtime.run_later(lambda: go_on.wait(5.0))

    left = runtime.close(timeout_s=0.01)
    go_on.set()

    assert left == ["mcp-callbacks"]
