"""How much a stdio connection keeps, and what it lets go of."""

import gc
import os
import signal
import weakref
from collections.abc import Iterator

import pytest

from actors.call import SendTicket
from actors.errors import NotExecutedError, OverloadedError, ResponseTooLargeError
from actors.mcp.child import StdioLimits
from actors.transport import Request
from tests.fixtures.stdio import StdioRig

MIB = 1024 * 1024


class Traceable(SendTicket):
    """One that has a __weakref__: only its exchange holds it."""


@pytest.fixture
def rig() -> Iterator[StdioRig]:
    with StdioRig() as rig:
        yield rig


@pytest.mark.parametrize("end", ["answered", "broken off", "refused"])
def test_an_exchange_that_has_ended_is_forgotten(rig: StdioRig, end: str) -> None:
    odd = rig.connect(limits=StdioLimits(queued_bytes=MIB))
    if end != "answered":
        os.kill(odd.pid(), signal.SIGSTOP)
        odd.ask("echo", {"x": "x" * MIB})
    if end == "refused":
        odd.ask("echo", {"x": "x" * MIB})
    ticket = Traceable()
    gone = weakref.ref(ticket)

    asked = odd.ask("echo", ticket=ticket)
    asked.ticket = SendTicket()
    if end == "answered":
        asked.outcome()
    elif end == "broken off":
        asked.handle.abort()
        asked.error(NotExecutedError)
    else:
        asked.error(OverloadedError)
    del ticket, asked.handle
    rig.catch_up()
    gc.collect()

    assert gone() is None


def test_ten_megabytes_on_stderr_hold_nothing_up_and_the_last_lines_are_kept(rig: StdioRig) -> None:
    odd = rig.connect()

    assert odd.ask("stderr", {"lines": 10_000, "width": 1000}).outcome() == {}
    odd.ask("stderr", {"lines": 1, "width": 1_000_000}).outcome()
    odd.ask("exit", {"code": 0, "reason": "the last word"})
    odd.lost()

    tail = odd.connection.stderr_tail()
    assert len(tail) == 200
    assert tail[0].startswith("9802 xxx")
    assert tail[-3].startswith("9999 xxx")
    assert tail[-2].startswith("0 xxx")
    assert len(tail[-2]) < 5000
    assert tail[-1] == "the last word"


ID_FIRST = '{"jsonrpc":"2.0","id":ID,"result":RESULT}'
ID_LAST = '{"result":RESULT,"jsonrpc":"2.0","id":ID}'


@pytest.mark.parametrize("form", [ID_FIRST, ID_LAST])
def test_an_answer_that_is_too_large_is_thrown_away_and_the_child_lives(rig: StdioRig, form: str) -> None:
    odd = rig.connect()
    other = odd.ask("hang")

    asked = odd.ask("big", {"size": 20 * MIB, "form": form})

    assert "max_response_bytes = 16777216" in asked.error(ResponseTooLargeError)
    assert odd.ask("echo", {"n": 1}).outcome() == {"n": 1}
    assert other.outcomes == []
    assert odd.connection.skipped_lines == 0


ID_HIDDEN = '{"result":RESULT,"jsonrpc":"2.0","id":ID,"x":"' + "x" * 300 + '"}'


def test_an_answer_too_large_to_show_its_id_is_that_of_the_only_exchange_under_way(rig: StdioRig) -> None:
    odd = rig.connect(max_response_bytes=MIB)

    asked = odd.ask("big", {"size": MIB, "form": ID_HIDDEN})

    asked.error(ResponseTooLargeError)


def test_an_exchange_that_was_not_sent_is_not_taken_for_the_one_of_a_large_answer(rig: StdioRig) -> None:
    odd = rig.connect(max_response_bytes=MIB)
    os.kill(odd.pid(), signal.SIGSTOP)
    asked = odd.ask("big", {"size": MIB, "form": ID_HIDDEN, "then_sleep": 60})
    odd.send(Request(id=-1, method="notifications/none", params={"x": "x" * MIB}))
    queued = odd.ask("echo")

    os.kill(odd.pid_now(), signal.SIGCONT)

    asked.error(ResponseTooLargeError)
    assert queued.outcomes == []


def test_an_answer_too_large_to_show_its_id_is_nobodys_if_several_wait(rig: StdioRig) -> None:
    odd = rig.connect(max_response_bytes=MIB)

    waiting = [odd.ask("hang"), odd.ask("big", {"size": MIB, "form": ID_HIDDEN})]

    assert odd.ask("echo", {"n": 1}).outcome() == {"n": 1}
    assert [one.outcomes for one in waiting] == [[], []]
    assert odd.connection.dropped_answers == 1


def test_a_notification_that_is_too_large_ends_no_exchange(rig: StdioRig) -> None:
    odd = rig.connect(max_response_bytes=MIB)

    asked = odd.ask("big", {"size": MIB, "form": '{"method":"notifications/message","params":RESULT}'})

    assert odd.ask("echo", {"n": 1}).outcome() == {"n": 1}
    assert asked.outcomes == []
    assert odd.connection.skipped_lines == 1


def test_too_many_bytes_in_the_queue_are_refused_until_the_child_reads_again(rig: StdioRig) -> None:
    odd = rig.connect(limits=StdioLimits(queued_bytes=MIB))
    os.kill(odd.pid(), signal.SIGSTOP)
    queued = [odd.ask("echo", {"x": "x" * MIB}) for _ in range(2)]

    refused = [odd.ask("echo"), odd.send(Request(id=1, method="notifications/none"))]

    for one in refused:
        one.error(OverloadedError)
    os.kill(odd.pid_now(), signal.SIGCONT)
    assert [len(str(one.outcome())) > MIB for one in queued] == [True, True]
    assert odd.ask("echo", {"n": 1}).outcome() == {"n": 1}


def test_a_flood_of_lines_is_left_in_the_pipe_when_it_outruns_the_parser(rig: StdioRig) -> None:
    odd = rig.connect(limits=StdioLimits(backlog_bytes=MIB))
    with odd.deaf():
        flooded = odd.ask("flood", {"lines": 5_000})
        odd.wait_for_stderr("blocked")

    assert flooded.outcome() == {}
    assert len(odd.told) == 5_000


def test_a_flood_of_empty_lines_is_left_in_the_pipe_too(rig: StdioRig) -> None:
    odd = rig.connect(limits=StdioLimits(backlog_bytes=MIB))
    with odd.deaf():
        odd.ask("raw", {"text": '{"method":"notifications/first"}\n'})
        flooded = odd.ask("flood", {"lines": 5, "text": "\n" * 32768})
        odd.wait_for_stderr("blocked")

    assert flooded.outcome() == {}
    assert odd.connection.skipped_lines == 5 * 32768


def test_a_flood_of_messages_is_left_in_the_pipe_when_it_outruns_whoever_hears_them(rig: StdioRig) -> None:
    odd = rig.connect(limits=StdioLimits(backlog_bytes=MIB))
    with odd.unheard():
        flooded = odd.ask("flood", {"lines": 5_000})
        odd.wait_for_stderr("blocked")
        assert flooded.outcomes == []
        assert len(odd.told) < 2_000

    assert flooded.outcome() == {}
    assert len(odd.told) == 5_000


def test_what_nobody_hears_any_more_holds_no_end_up(rig: StdioRig) -> None:
    odd = rig.connect(limits=StdioLimits(backlog_bytes=MIB))
    with odd.unheard():
        odd.ask("flood", {"lines": 5_000})
        odd.wait_for_stderr("blocked")

        odd.connection.abort()
        odd.wait_for_release()
