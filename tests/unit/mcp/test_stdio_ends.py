"""How a stdio connection ends: the child dies, hangs or will not go, or never was."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from threading import Thread

import pytest

from actors.errors import MCPConnectionError, OutcomeUnknownError
from actors.transport import Request
from tests.fixtures.stdio import QUICK, StdioRig, answer_text, wait_until_gone

MIB = 1024 * 1024


@pytest.fixture
def rig() -> Iterator[StdioRig]:
    with StdioRig() as rig:
        yield rig


def test_a_child_that_there_is_no_thread_for_is_killed_unasked(rig: StdioRig, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", start)
        odd = rig.connect()
        asked = odd.ask("echo")

        assert "no thread" in odd.lost()
        assert "no thread" in asked.error(MCPConnectionError)

    assert rig.reaper.children == 0
    odd.connection.close()
    odd.wait_for_release()


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


def test_the_reason_a_server_gives_on_stderr_is_in_the_error(rig: StdioRig) -> None:
    program = "import sys; sys.stdin.readline(); sys.stderr.write('hi\\n\\nSONARR_API_KEY is not set'); sys.exit(1)"
    odd = rig.connect(sys.executable, "-I", "-S", "-c", program)

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
    odd.wait_for_stderr("closed")
    rig.catch_up()
    too_late = odd.ask("echo")

    assert "closed its stdout and was killed" in odd.lost()
    assert "closed its stdout and was killed" in asked.error(OutcomeUnknownError)
    assert "closed its stdout and was killed" in too_late.error(MCPConnectionError)
    wait_until_gone(pid)


def test_a_child_that_closes_its_stdin_and_lives_on_is_lost_and_killed(rig: StdioRig) -> None:
    odd = rig.connect()
    pid = odd.pid()
    odd.ask("close_stdin").outcome()

    asked = odd.ask("echo")

    assert "closed its stdin and was killed" in odd.lost()
    assert "closed its stdin and was killed" in asked.error(MCPConnectionError)
    assert asked.ticket.withdraw() == "no"
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


def test_all_that_a_wide_pipe_held_at_the_end_is_read(rig: StdioRig) -> None:
    odd = rig.connect()
    odd.ask("widen", {"bytes": MIB}).outcome()
    pid = odd.pid()
    text = '{"jsonrpc":"2.0","method":"notifications/progress"}\n'

    died = odd.ask("die", {"text": text, "times": 900_000 // len(text)})
    rig.catch_up()
    with rig.standstill():
        wait_until_gone(pid)

    died.error(OutcomeUnknownError)
    assert len(odd.told) == 900_000 // len(text) + 1


def test_nothing_is_written_to_a_grandchild_that_reads_what_its_dead_parent_no_longer_does(rig: StdioRig) -> None:
    odd = rig.connect()
    told = odd.ask("grandchild", {"own_session": True}).outcome()
    assert isinstance(told, dict)
    with odd.deaf():  # So that the end of the child is known, and not yet told.
        odd.ask("die", {"text": '{"jsonrpc":"2.0","method":"notifications/progress"}\n'})
        rig.wait_until_reaped()
        too_late = odd.ask("echo")
        rig.catch_up()

    too_late.error(MCPConnectionError)
    os.kill(told["pid"], signal.SIGKILL)
    wait_until_gone(told["pid"])
