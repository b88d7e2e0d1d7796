"""Code that may block for minutes: apart, and no shutdown waits for it for long."""

import logging
import sys
from collections.abc import Generator
from threading import Event, Thread, current_thread

import pytest

from actors.runtime import ThreadRuntime
from supervisors.ticker import Ticker


@pytest.fixture
def runtime() -> Generator[ThreadRuntime]:
    runtime = ThreadRuntime(Ticker())
    yield runtime
    runtime.close(timeout_s=5.0)


def test_tasks_apart_hold_up_neither_each_other_nor_callbacks(runtime: ThreadRuntime) -> None:
    released, done, called = Event(), Event(), Event()
    runtime.run_apart(lambda: released.wait(5.0))

    assert runtime.run_apart(done.set)
    runtime.run_later(called.set)

    assert done.wait(5.0)
    assert called.wait(5.0)
    released.set()


def test_what_a_task_apart_raises_is_logged(runtime: ThreadRuntime, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)

    runtime.run_apart(lambda: sys.exit(1))

    assert runtime.close(timeout_s=5.0) == []
    assert "A task apart raised" in caplog.text


def test_where_no_thread_is_to_be_had_nothing_runs_and_nothing_is_left(
    runtime: ThreadRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", start)
        assert not runtime.run_apart(lambda: pytest.fail("run"))

    assert runtime.close(timeout_s=5.0) == []


def test_a_task_apart_that_does_not_end_is_left_behind_and_named_and_keeps_no_process_alive() -> None:
    runtime, begun, released, threads = ThreadRuntime(Ticker()), Event(), Event(), list[bool]()

    def hang() -> None:
        threads.append(current_thread().daemon)
        begun.set()
        released.wait(10.0)

    runtime.run_apart(hang)
    begun.wait(5.0)

    assert runtime.close(timeout_s=0.05) == ["mcp-apart"]
    assert threads == [True]
    released.set()
