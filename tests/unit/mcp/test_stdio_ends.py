"""How a stdio connection ends: the child dies, hangs or will not go, or never was."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from actors.errors import MCPConnectionError, OutcomeUnknownError
from actors.mcp.child import StdioLimits
from actors.transport import ConnectionLost, Released, Request
from tests.fixtures.stdio import QUICK, StdioRig, answer_text, is_alive, wait_until_gone

MIB = 1024 * 1024


@pytest.fixture
def rig() -> Iterator[StdioRig]:
    with StdioRig() as rig:
        yield rig


def test_a_killed_child_leaves_what_was_sent_unknown_and_the_rest_unexecuted(rig: StdioRig) -> None:
    odd = rig.connect()
    os.kill(odd.pid(), signal.SIGSTOP)
    begun, queued = odd.ask("echo", {"x": "x" * MIB}), odd.ask("echo")
    notified = odd.send(Request(id=-1, method="notifications/none"))
    rig.catch_up()

    os.kill(odd.pid_now(), signal.SIGKILL)

    assert "killed by SIGKILL" in odd.lost()
    assert "killed by SIGKILL" in begun.error(OutcomeUnknownError)
    assert "killed by SIGKILL" in queued.error(MCPConnectionError)
    assert "killed by SIGKILL" in notified.error(MCPConnectionError)
    assert "killed by SIGKILL" in odd.ask("echo").error(MCPConnectionError)
    assert odd.connection.pid is None


def test_the_loss_is_told_before_the_outcomes_so_that_nobody_tries_again_here(rig: StdioRig) -> None:
    odd = rig.connect()
    lost_at_outcome: list[bool] = []
    asked = odd.ask("hang")
    asked.on_done_too = lambda: lost_at_outcome.append(bool(odd.told))

    odd.ask("die")

    asked.error(OutcomeUnknownError)
    assert lost_at_outcome == [True]


@pytest.mark.parametrize("end", ["close", "abort"])
def test_released_comes_after_close_or_abort_however_long_the_child_has_been_gone(rig: StdioRig, end: str) -> None:
    odd = rig.connect()
    odd.ask("die").error(OutcomeUnknownError)
    rig.catch_up()
    assert [type(event) for event in odd.told] == [ConnectionLost]

    getattr(odd.connection, end)()
    getattr(odd.connection, end)()

    odd.wait_for_release()


def test_the_reason_a_server_gives_on_stderr_is_in_the_error(rig: StdioRig) -> None:
    command = "import sys; sys.stdin.readline(); print('hi', file=sys.stderr); sys.exit('SONARR_API_KEY is not set')"
    odd = rig.connect(sys.executable, "-I", "-S", "-c", command)

    text = odd.ask("initialize").error(OutcomeUnknownError)

    assert "exited with code 1" in text
    assert "hi | SONARR_API_KEY is not set" in text
    assert text.removesuffix(" (executed: unknown)") == odd.lost().removesuffix(" (executed: no)")


def test_a_child_that_exits_at_once_executes_nothing_that_it_did_not_read(rig: StdioRig) -> None:
    odd = rig.connect("/bin/false")

    begun, queued = odd.ask("initialize", {"x": "x" * MIB}), odd.ask("next")

    assert "exited with code 1" in queued.error(MCPConnectionError)
    assert isinstance(begun.outcome(), OutcomeUnknownError | MCPConnectionError)


def test_an_answer_cut_in_half_is_no_answer(rig: StdioRig) -> None:
    odd = rig.connect()

    asked = odd.ask("exit", {"code": 3, "text": '{"jsonrpc":"2.0","id":0,"result":{"a'})

    assert "exited with code 3" in asked.error(OutcomeUnknownError)


@pytest.mark.parametrize("end", ["die", "exit"])
def test_answers_written_before_the_end_count_also_one_without_its_newline(rig: StdioRig, end: str) -> None:
    odd = rig.connect()
    hanging = [odd.ask("hang") for _ in range(2)]
    text = answer_text(0, {"x": "x" * 30_000}) + answer_text(1, {"n": 1}).strip()

    odd.ask(end, {"code": 0, "text": text})

    assert hanging[0].outcome() == {"x": "x" * 30_000}
    assert hanging[1].outcome() == {"n": 1}


def test_a_child_that_closes_its_stdout_and_lives_on_is_lost_and_killed(rig: StdioRig) -> None:
    odd = rig.connect()
    pid = odd.pid()

    asked = odd.ask("close_stdout")

    assert "closed its stdout and was killed" in odd.lost()
    assert "closed its stdout and was killed" in asked.error(OutcomeUnknownError)
    wait_until_gone(pid)


def test_a_child_that_closes_its_stdin_and_lives_on_is_lost_and_killed(rig: StdioRig) -> None:
    odd = rig.connect()
    pid = odd.pid()
    odd.ask("close_stdin").outcome()

    asked = odd.ask("echo")

    assert "closed its stdin and was killed" in odd.lost()
    assert "closed its stdin and was killed" in asked.error(MCPConnectionError)
    wait_until_gone(pid)


@pytest.mark.parametrize("size", [MIB, 1000])
def test_a_child_that_stops_reading_is_killed_and_what_it_did_not_read_was_not_executed(
    rig: StdioRig, size: int
) -> None:
    odd = rig.connect(limits=replace(QUICK, stall_s=0.2))
    odd.ask("stop_reading").outcome()

    begun = [odd.ask("echo", {"x": "x" * size}) for _ in range(MIB // size)]
    queued = odd.ask("echo")

    assert "took no byte of its stdin for 0.2 s and was killed" in odd.lost()
    begun[0].error(OutcomeUnknownError)
    queued.error(MCPConnectionError)


def test_a_slow_reader_is_no_stalled_one(rig: StdioRig) -> None:
    slow = "import os, time\nwhile os.read(0, 4096): time.sleep(0.02)"
    odd = rig.connect(sys.executable, "-I", "-S", "-c", slow, limits=replace(QUICK, stall_s=1.0))

    notified = odd.send(Request(id=0, method="notifications/none", params={"x": "x" * 400_000}))

    assert notified.outcome() == {}  # After 2 s or so.


def test_who_has_nothing_more_to_say_to_a_full_pipe_does_not_kill_for_it(rig: StdioRig) -> None:
    odd = rig.connect(limits=replace(QUICK, stall_s=0.1))
    odd.ask("stop_reading").outcome()
    small = [odd.ask("echo", {"x": "x" * 1000}) for _ in range(200)]
    rig.catch_up()

    for one in small:
        one.handle.abort()
    looked_twice = rig.after(0.3)

    looked_twice()
    assert odd.told == []


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
    odd = rig.connect()
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
    odd = rig.connect()
    odd.ask("be_stubborn").outcome()
    hanging = odd.ask("hang")

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


def test_an_abort_before_the_child_is_there_ends_it_as_soon_as_it_is(rig: StdioRig) -> None:
    odd = rig.connect()
    asked = odd.ask("echo")

    odd.connection.abort()

    assert isinstance(asked.outcome(), dict | MCPConnectionError | OutcomeUnknownError)
    odd.wait_for_release()
    assert odd.connection.pid is None
    assert rig.reaper.children == 0


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
