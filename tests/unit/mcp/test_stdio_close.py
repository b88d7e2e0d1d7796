"""How we end a stdio connection: close and abort, and children that will not go."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from actors.errors import MCPConnectionError, OutcomeUnknownError
from actors.mcp.child import StdioLimits
from actors.transport import ConnectionLost, Released
from tests.fixtures.stdio import PATIENCE_S, QUICK, LateSpawner, StdioRig, is_alive, wait_until_gone

MIB = 1024 * 1024
PATIENT = StdioLimits(stdin_grace_s=60.0)  # So that only an abort ends a child that does not mind the end of stdin.


@pytest.fixture
def rig() -> Iterator[StdioRig]:
    with StdioRig() as rig:
        yield rig


@pytest.mark.parametrize("end", ["close", "abort"])
def test_released_comes_after_close_or_abort_however_long_the_child_has_been_gone(rig: StdioRig, end: str) -> None:
    odd = rig.connect()
    odd.ask("die").error(OutcomeUnknownError)
    rig.catch_up()
    assert [type(event) for event in odd.told] == [ConnectionLost]

    getattr(odd.connection, end)()
    getattr(odd.connection, end)()

    odd.wait_for_release()


def test_a_stopped_child_can_be_aborted(rig: StdioRig) -> None:
    odd = rig.connect()
    pid = odd.pid()
    os.kill(pid, signal.SIGSTOP)
    begun, queued = odd.ask("echo", {"x": "x" * MIB}), odd.ask("echo")
    rig.catch_up()

    odd.connection.abort()
    odd.connection.abort()

    assert "broken off" in begun.error(OutcomeUnknownError)
    assert "broken off" in queued.error(MCPConnectionError)
    odd.wait_for_release()
    wait_until_gone(pid)
    assert odd.told == [Released()]
    odd.ask("echo").error(MCPConnectionError)


def test_a_stopped_child_can_be_closed(rig: StdioRig) -> None:
    odd = rig.connect(limits=replace(QUICK, stall_s=60.0))
    pid = odd.pid()
    os.kill(pid, signal.SIGSTOP)
    begun, queued = odd.ask("echo", {"x": "x" * MIB}), odd.ask("echo")
    rig.catch_up()

    odd.connection.close()

    begun.error(OutcomeUnknownError)
    queued.error(MCPConnectionError)
    odd.wait_for_release()
    wait_until_gone(pid)
    assert odd.told == [Released()]


def test_a_child_that_will_not_go_gets_the_end_of_stdin_then_sigterm_then_sigkill(rig: StdioRig) -> None:
    odd = rig.connect(limits=replace(QUICK, flush_s=0.05, term_grace_s=0.4))
    odd.ask("be_stubborn").outcome()
    hanging = odd.ask("hang")

    odd.connection.close()
    odd.connection.close()

    assert "killed by SIGKILL" in hanging.error(OutcomeUnknownError)
    odd.wait_for_release()
    assert odd.connection.stderr_tail() == ["EOF", "SIGTERM"]
    assert odd.told == [Released()]


def test_close_writes_what_is_queued_and_takes_the_answers_that_still_come(rig: StdioRig) -> None:
    odd = rig.connect(limits=StdioLimits())
    asked = [odd.ask("echo", {"n": number}) for number in range(100)]

    odd.connection.close()
    late = odd.ask("echo")

    assert [one.outcome() for one in asked] == [{"n": number} for number in range(100)]
    assert "being closed" in late.error(MCPConnectionError)
    odd.wait_for_release()
    assert odd.connection.stderr_tail() == ["saw 100"]
    assert odd.told == [Released()]


def test_an_abort_kills_even_if_the_pipes_thread_stands_still(rig: StdioRig) -> None:
    odd = rig.connect()
    pid = odd.pid()

    with rig.standstill():
        odd.connection.abort()
        wait_until_gone(pid)


def test_an_abort_before_the_child_is_there_ends_it_as_soon_as_it_is(rig: StdioRig) -> None:
    late = LateSpawner(rig.reaper)
    odd = rig.connect("/bin/sleep", "60", spawner=late, limits=PATIENT)
    asked = odd.ask("echo")

    odd.connection.abort()
    asked.error(MCPConnectionError)
    late.go()

    odd.wait_for_release()
    assert odd.connection.pid is None
    assert rig.reaper.children == 0


def test_an_abort_at_the_moment_the_child_comes_to_be_ends_it_too(rig: StdioRig) -> None:
    late = LateSpawner(rig.reaper)
    odd = rig.connect("/bin/sleep", "60", spawner=late, limits=PATIENT)

    with rig.standstill():
        late.go()
        odd.connection.abort()

    odd.wait_for_release()
    assert rig.reaper.children == 0


def test_a_close_before_the_child_is_there_still_writes_what_is_queued(rig: StdioRig) -> None:
    late = LateSpawner(rig.reaper)
    odd = rig.connect(spawner=late, limits=StdioLimits())
    asked = odd.ask("echo", {"n": 1})

    odd.connection.close()
    late.go()

    assert asked.outcome() == {"n": 1}
    odd.wait_for_release()


def test_an_abort_drops_what_is_not_yet_told(rig: StdioRig) -> None:
    odd = rig.connect()
    text = '{"jsonrpc":"2.0","method":"notifications/progress"}\n'
    with odd.deaf():
        odd.ask("raw", {"text": text * 5000})
        odd.ask("stderr", {"lines": 1, "width": 1})
        odd.wait_for_stderr("0 x")
        odd.connection.abort()
        rig.wait_until_reaped()

    odd.wait_for_release()
    assert len(odd.told) < 5000


def test_the_end_of_a_child_is_told_though_the_pipes_thread_has_ended_first(rig: StdioRig) -> None:
    odd = rig.connect()
    with odd.deaf():
        odd.ask("raw", {"text": '{"jsonrpc":"2.0","method":"notifications/progress"}\n'})
        odd.wait_for_a_teller()
        odd.connection.abort()
        rig.wait_until_reaped()
        assert rig.pipes.close(PATIENCE_S) == []

    odd.wait_for_release()


def test_a_child_that_tidies_up_after_the_end_of_stdin_is_left_the_time_for_it(rig: StdioRig) -> None:
    odd = rig.connect(limits=replace(QUICK, exit_grace_s=0.01, stdin_grace_s=10.0))
    odd.ask("tidy_up").outcome()

    odd.connection.close()
    odd.connection.close()

    odd.wait_for_release()
    assert odd.connection.stderr_tail() == ["tidied up"]


@pytest.mark.parametrize("end", ["close", "abort"])
def test_a_grandchild_in_the_group_ends_with_its_parent(rig: StdioRig, end: str) -> None:
    odd = rig.connect()
    told = odd.ask("grandchild", {"own_session": False}).outcome()
    assert isinstance(told, dict)

    getattr(odd.connection, end)()

    odd.wait_for_release()
    wait_until_gone(told["pid"])


def test_a_grandchild_that_holds_the_pipes_open_delays_nothing(rig: StdioRig) -> None:
    odd = rig.connect()
    told = odd.ask("grandchild", {"own_session": True}).outcome()
    assert isinstance(told, dict)
    hanging = odd.ask("hang")
    odd.ask("die")

    hanging.error(OutcomeUnknownError)
    odd.connection.close()
    odd.wait_for_release()

    assert is_alive(told["pid"])
    os.kill(told["pid"], signal.SIGKILL)
    wait_until_gone(told["pid"])
