"""The check at the end of every test sees what it is there for."""

import multiprocessing
import socket
import subprocess
import sys
import threading

from tests.fixtures.leaks import alive, left_behind

SHORT_S = 0.01


def test_a_thread_is_seen_until_it_ends() -> None:
    before, end = alive(), threading.Event()
    thread = threading.Thread(target=end.wait, name="mcp-forgotten", daemon=True)
    thread.start()

    assert left_behind(before, SHORT_S) == ["thread mcp-forgotten"]

    end.set()
    assert left_behind(before, 5) == []


def test_a_child_is_seen_until_it_is_waited_for() -> None:
    before = alive()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    pipe, process = sorted(left_behind(before, SHORT_S), reverse=True)
    assert process == f"child process {child.pid}: {sys.executable} -c input()"
    assert pipe.startswith("pipe:")

    child.communicate(b"\n")
    assert left_behind(before, 0) == []


def test_a_socket_is_seen_until_it_is_closed() -> None:
    before = alive()
    listener = socket.create_server(("127.0.0.1", 0))

    (leak,) = left_behind(before, SHORT_S)
    assert leak.startswith("socket:")
    assert leak.endswith(f"as descriptor {listener.fileno()}")

    listener.close()
    assert left_behind(before, 0) == []


def test_what_the_collector_still_has_to_close_is_no_leak() -> None:
    before = alive()
    cycle: list[object] = [*multiprocessing.Pipe()]
    cycle.append(cycle)

    del cycle

    assert left_behind(before, SHORT_S) == []
