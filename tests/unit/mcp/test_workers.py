"""What the threads of a transport keep when they have nothing to do."""

import gc
import weakref
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Event

from actors.mcp.workers import Workers
from tests.fixtures.asking import LIMIT_S
from tests.fixtures.sse_server import until


class Answer:
    """Something large."""


def work(tells: "SimpleQueue[None]", _: Answer) -> Callable[[], None]:
    return partial(tells.put, None)


def test_an_idle_thread_keeps_nothing_of_its_last_job() -> None:
    workers, tells, ended = Workers("test"), SimpleQueue[None](), Event()
    answer = Answer()
    kept = weakref.ref(answer)

    workers.run(partial(work, tells, answer))
    tells.get(timeout=LIMIT_S)
    del answer

    until(lambda: gc.collect() >= 0 and kept() is None)
    workers.end(ended.set)
    assert ended.wait(LIMIT_S)
