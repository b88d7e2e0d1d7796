"""The thread that waits for many files."""

import os
import selectors
import time
from collections.abc import Iterator
from io import FileIO
from queue import SimpleQueue
from threading import Event, Thread

import pytest

from actors.mcp.pipes import SelectorThread


@pytest.fixture
def pipes() -> Iterator[SelectorThread]:
    pipes = SelectorThread("pipes", clock=time.monotonic)
    yield pipes
    assert pipes.close(5.0) == []


def pipe() -> tuple[FileIO, FileIO]:
    read_end, write_end = os.pipe()
    return FileIO(read_end, "r"), FileIO(write_end, "w")


def test_calls_run_in_order_from_any_thread(pipes: SelectorThread) -> None:
    ran: SimpleQueue[tuple[int, int]] = SimpleQueue()

    def call(sender: int) -> None:
        for number in range(500):
            assert pipes.call(lambda number=number: ran.put((sender, number)))  # type: ignore[misc]

    senders = [Thread(target=call, args=(sender,)) for sender in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    order = [ran.get(timeout=5.0) for _ in range(2000)]
    assert all([number for who, number in order if who == sender] == list(range(500)) for sender in range(4))


def test_timers_come_in_the_order_of_their_times_not_of_their_making(pipes: SelectorThread) -> None:
    order: SimpleQueue[str] = SimpleQueue()

    def make() -> None:
        pipes.call_later(0.03, lambda: order.put("late"))
        pipes.call_later(0.01, lambda: order.put("early"))
        pipes.call_later(0.01, lambda: order.put("early too"))

    pipes.call(make)

    assert [order.get(timeout=5.0) for _ in range(3)] == ["early", "early too", "late"]


def test_a_file_is_read_when_ready_and_left_alone_when_unwatched(pipes: SelectorThread) -> None:
    got: SimpleQueue[bytes | None] = SimpleQueue()
    reader, writer = pipe()
    pipes.call(lambda: pipes.adopt(reader))
    pipes.call(lambda: pipes.watch(reader, selectors.EVENT_READ, lambda: got.put(reader.read(10))))

    writer.write(b"one")
    assert got.get(timeout=5.0) == b"one"
    pipes.call(lambda: pipes.unwatch(reader))
    pipes.call(lambda: got.put(b"unwatched"))
    assert got.get(timeout=5.0) == b"unwatched"
    writer.write(b"two")
    pipes.call(lambda: pipes.call_later(0.01, lambda: got.put(b"nothing came")))
    assert got.get(timeout=5.0) == b"nothing came"

    pipes.call(lambda: pipes.drop(reader))
    pipes.call(lambda: pipes.drop(reader))
    writer.close()


def test_a_file_closed_by_another_callback_of_the_same_round_is_not_called(pipes: SelectorThread) -> None:
    called: SimpleQueue[int] = SimpleQueue()
    ends = [pipe(), pipe()]

    def close_all(number: int) -> None:
        called.put(number)
        for reader, _ in ends:
            pipes.drop(reader)

    def watch_all() -> None:  # In one go, so that both are ready when this thread looks for the first time.
        for number, (reader, writer) in enumerate(ends):
            writer.write(b"x")
            pipes.adopt(reader)
            pipes.watch(reader, selectors.EVENT_READ, lambda number=number: close_all(number))  # type: ignore[misc]
        pipes.call_later(0.02, lambda: called.put(-1))

    pipes.call(watch_all)

    assert called.get(timeout=5.0) in {0, 1}
    assert called.get(timeout=5.0) == -1
    for _, writer in ends:
        writer.close()


def test_a_callback_that_raises_is_logged_and_its_file_is_left_alone(
    pipes: SelectorThread, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = pipe()
    raised, after = Event(), Event()

    def fail() -> None:
        raised.set()
        raise SystemExit("a bug")

    pipes.call(lambda: pipes.adopt(reader))
    pipes.call(lambda: pipes.watch(reader, selectors.EVENT_READ, fail))
    writer.write(b"x")  # And nobody takes it: a watched file would be ready for ever.

    assert raised.wait(5.0)
    pipes.call(lambda: pipes.call_later(0.02, after.set))
    assert after.wait(5.0)
    assert caplog.text.count("Traceback") == 1
    pipes.call(lambda: pipes.drop(reader))
    writer.close()


def test_close_runs_what_was_asked_for_and_takes_nothing_more() -> None:
    pipes = SelectorThread("pipes", clock=time.monotonic)
    ran = Event()
    pipes.call(ran.set)

    assert pipes.close(5.0) == []

    assert ran.is_set()
    assert not pipes.call(ran.clear)
    assert pipes.close(5.0) == []


def test_close_says_which_files_nobody_has_closed_and_closes_them() -> None:
    pipes = SelectorThread("pipes", clock=time.monotonic)
    reader, writer = pipe()
    pipes.call(lambda: pipes.adopt(reader))
    pipes.call(lambda: pipes.adopt(writer))

    assert pipes.close(5.0) == ["pipes: 2 open files"]

    assert reader.closed
    assert writer.closed


def test_close_says_that_a_thread_still_runs_and_does_not_wait_for_ever() -> None:
    pipes = SelectorThread("pipes", clock=time.monotonic)
    held, release = Event(), Event()

    def hold() -> None:
        held.set()
        release.wait(10.0)

    pipes.call(hold)
    assert held.wait(5.0)

    assert pipes.close(0.01) == ["thread pipes"]

    release.set()
    assert pipes.close(5.0) == []
