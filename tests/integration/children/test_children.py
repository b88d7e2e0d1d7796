"""The whole orchestrator on children that misbehave: real processes, real signals."""

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import faults
from mcp_orchestrator import (
    CallFuture,
    CircuitBreakerOpenError,
    MCPConnectionError,
    MCPTimeoutError,
    OutcomeUnknownError,
)
from tests.fixtures.orchestrating import PATIENCE_S, Orchestrated, eventually, orchestrating
from tests.fixtures.stdio import wait_until_gone

PROGRAM = Path(faults.__file__).with_name("faulty_child.py")
SLOTS = 8
NO_KEY = "no API key: set WEATHER_API_KEY"


class Child:
    """The server `weather` of an orchestrator, and what its processes have in common."""

    def __init__(self, folder: Path) -> None:
        self.log, self.orders = folder / "log", folder / "orders"
        self.section = {
            "command": [sys.executable, "-I", "-S", str(PROGRAM), str(self.log), str(self.orders)],
            "max_concurrent": SLOTS,
            "retry_base_s": 0.01,
            "reconnect_base_s": 0.01,
            "reconnect_cap_s": 0.05,
            "connect_timeout_s": 0.3,
            "breaker": {"open_s": 0.1, "open_cap_s": 0.1},
        }
        self.whole: Orchestrated

    @property
    def pid(self) -> int:
        """Of the process there is now."""
        pid = self.whole.face.get_server_status("weather")["pid"]
        assert isinstance(pid, int)
        return pid

    def executed(self) -> Counter[str]:
        """Count the executions by `tool id`, over all processes."""
        return Counter(self.log.read_text().splitlines()) if self.log.exists() else Counter()

    def submit(self, tool: str, name: str, then: str | None = None, **how: Any) -> CallFuture:
        """Submit a call."""
        return self.whole.face.submit("weather", tool, {"id": name, "then": then}, **how)

    def answer(self, tool: str, name: str, then: str | None = None) -> Any:
        """Make a call and return its data."""
        return self.submit(tool, name, then).result(timeout=PATIENCE_S).data

    def kill(self) -> None:
        """Kill the process there is, and wait until another is ready."""
        first = self.pid
        os.kill(first, signal.SIGKILL)
        wait_until_gone(first)
        eventually(lambda: self.is_another_than(first), "the next one is ready")

    def is_another_than(self, pid: int) -> bool:
        """Say whether a process is ready, and not this one."""
        status = self.whole.face.get_server_status("weather")
        return status["state"] == "ready" and status["pid"] not in {None, pid}

    def is_well(self) -> bool:
        """Say whether a call that runs once is answered."""
        return self.whole.serves("weather", "write", id="is it well?")


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    child = Child(tmp_path)
    with orchestrating({"weather": child.section}) as child.whole:
        yield child


def test_an_idle_child_that_is_killed_is_replaced(child: Child) -> None:
    first = child.pid

    child.kill()

    assert child.answer("write", "after") == {"id": "after", "then": None}
    assert child.pid != first
    assert child.executed() == {"write after": 1}
    assert child.whole.breaker("weather") == "closed"


def test_calls_wait_for_the_next_child(child: Child) -> None:
    child.orders.write_text(NO_KEY)
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: child.whole.state("weather") == "reconnecting", "it is known to be gone")
    calls = [child.submit("write", str(number)) for number in range(20)]

    child.orders.write_text("")

    assert [call.result(timeout=PATIENCE_S).data["id"] for call in calls] == [str(number) for number in range(20)]
    assert child.executed() == {f"write {number}": 1 for number in range(20)}


def test_calls_in_flight_when_the_child_is_killed_are_unknown_or_repeated_and_the_others_wait(child: Child) -> None:
    writes = [child.submit("write", str(number), "hold_first") for number in range(4)]
    reads = [child.submit("read", str(number), "hold_first") for number in range(4)]
    eventually(lambda: child.executed().total() == SLOTS, "all slots are in use")
    waiting = [child.submit("write", f"waiting {number}") for number in range(20)]

    os.kill(child.pid, signal.SIGKILL)

    assert {child.whole.error(write, OutcomeUnknownError).executed for write in writes} == {"unknown"}
    assert [read.result(timeout=PATIENCE_S).metadata.attempts for read in reads] == [2] * 4
    assert [call.result(timeout=PATIENCE_S).metadata.attempts for call in waiting] == [1] * 20
    assert child.executed() == {
        **{f"write {number}": 1 for number in range(4)},
        **{f"read {number}": 2 for number in range(4)},
        **{f"write waiting {number}": 1 for number in range(20)},
    }


def test_a_child_that_ends_within_each_call_is_not_asked_for_ever(child: Child) -> None:
    error = child.whole.error(child.submit("read", "fatal", "die"), OutcomeUnknownError)

    assert "SIGKILL" in str(error)
    assert child.executed() == {"read fatal": 4}  # max_retries + 1
    eventually(child.is_well, "the next child serves")


def test_a_stopped_child_keeps_no_deadline_waiting_and_a_reconnect_kills_it(child: Child) -> None:
    stopped = child.pid
    os.kill(stopped, signal.SIGSTOP)

    error = child.whole.error(child.submit("write", "late", timeout=0.2), MCPTimeoutError)

    assert error.executed == "unknown"
    assert not child.whole.face.health_check("weather")
    assert child.whole.face.health_check_detailed("weather")["misses"] >= 1
    assert child.whole.face.reconnect("weather")
    wait_until_gone(stopped)
    assert child.is_well()
    assert child.executed() == {"write is it well?": 1}


def test_a_stopped_child_is_found_out_by_its_pings_and_replaced(tmp_path: Path) -> None:
    child = Child(tmp_path)
    with orchestrating({"weather": child.section}, health_check_interval_s=0.05) as child.whole:
        stopped = child.pid

        os.kill(stopped, signal.SIGSTOP)

        wait_until_gone(stopped)
        eventually(lambda: child.is_another_than(stopped), "the next one is ready")
        assert child.is_well()


def test_a_child_that_exits_at_once_says_why_in_status_and_errors(child: Child) -> None:
    child.whole.face.disconnect("weather")
    child.orders.write_text(NO_KEY)

    assert not child.whole.face.connect("weather")

    status = child.whole.face.get_server_status("weather")
    assert NO_KEY in status["reason"]
    assert "exited with code 1" in status["reason"]
    assert any(NO_KEY in sentence for sentence in child.whole.face.explain("weather"))
    refused = child.submit("write", "first").exception(timeout=PATIENCE_S)
    assert isinstance(refused, MCPConnectionError | CircuitBreakerOpenError)
    assert child.executed() == {}


def test_a_call_that_waits_for_a_child_that_exits_each_time_is_told_why(child: Child) -> None:
    child.orders.write_text(NO_KEY)
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: child.whole.state("weather") == "reconnecting", "it is known to be gone")

    error = child.whole.error(child.submit("write", "first"), MCPConnectionError)

    assert NO_KEY in str(error)
    assert error.executed == "no"
    assert child.executed() == {}


def test_a_crash_loop_is_named_refuses_calls_and_ends_by_itself_once_the_child_is_mended(child: Child) -> None:
    child.orders.write_text(NO_KEY)
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: child.whole.state("weather") == "crash_loop", "five connects have failed")

    refused = child.submit("write", "refused").exception(timeout=PATIENCE_S)

    assert isinstance(refused, CircuitBreakerOpenError | MCPConnectionError)
    assert any(NO_KEY in sentence for sentence in child.whole.face.explain("weather"))
    child.orders.write_text("")
    eventually(child.is_well, "it is tried again, and serves")
    eventually(child.is_well, "and once more")
    eventually(lambda: child.whole.breaker("weather") == "closed", "two calls went well")
    assert child.executed() == {"write is it well?": 2}


@pytest.mark.parametrize("then", ["garbage", "complain", "pieces"])
def test_noise_around_an_answer_does_not_harm_it(child: Child, then: str) -> None:
    first = child.pid

    assert child.answer("write", "noisy", then) == {"id": "noisy", "then": then}

    assert child.is_well()
    assert child.pid == first
    assert child.executed() == {"write noisy": 1, "write is it well?": 1}


def test_half_an_answer_is_none(child: Child) -> None:
    error = child.whole.error(child.submit("write", "half", "half"), OutcomeUnknownError)

    assert error.executed == "unknown"
    assert child.is_well()
    assert child.executed()["write half"] == 1


def test_what_a_child_that_stopped_reading_was_not_sent_was_not_executed(child: Child) -> None:
    assert child.answer("write", "deaf", "deaf")
    big = child.whole.face.submit("weather", "write", {"id": "big", "letters": "x" * 500_000}, timeout=0.3)
    behind = child.submit("write", "behind", timeout=0.3)

    assert child.whole.error(big, MCPTimeoutError).executed == "unknown"  # Its line had begun.
    assert child.whole.error(behind, MCPTimeoutError).executed == "no"
    assert child.whole.face.reconnect("weather")
    assert child.is_well()
    assert child.executed() == {"write deaf": 1, "write is it well?": 1}


def test_what_a_killed_child_leaves_in_its_group_goes_with_it(child: Child) -> None:
    orphan = int(child.answer("write", "parent", "grandchild"))

    child.kill()

    wait_until_gone(orphan)
    assert child.is_well()


def test_a_disconnect_leaves_nothing_of_the_group_of_a_child(child: Child) -> None:
    orphan, parent = int(child.answer("write", "parent", "grandchild")), child.pid

    assert child.whole.face.disconnect("weather")

    wait_until_gone(parent)
    wait_until_gone(orphan)


def test_a_daemon_that_holds_the_pipes_of_a_dead_child_holds_up_nothing(child: Child) -> None:
    orphan = int(child.answer("write", "parent", "daemon"))
    try:
        child.kill()

        assert child.is_well()
        assert child.whole.face.disconnect("weather")
    finally:
        os.kill(orphan, signal.SIGKILL)
        wait_until_gone(orphan)
