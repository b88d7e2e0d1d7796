"""A stdio connection and a child that is there: what goes in, what comes out."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.errors import (
    InvalidCallError,
    MCPConnectionError,
    NotExecutedError,
    OutcomeUnknownError,
)
from actors.transport import Received, Reply, Request
from tests.fixtures.stdio import StdioRig, answer_text

MIB = 1024 * 1024


@pytest.fixture
def rig() -> Iterator[StdioRig]:
    with StdioRig() as rig:
        yield rig


def test_what_is_begun_before_the_child_is_there_waits_for_it(rig: StdioRig) -> None:
    odd = rig.connect()

    asked = [odd.ask("echo", {"n": number}) for number in range(3)]

    assert [one.outcome() for one in asked] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_two_hundred_exchanges_at_once_each_get_their_own_answer(rig: StdioRig) -> None:
    odd = rig.connect()

    asked = [odd.ask("hold", {"n": number, "until": 200}) for number in range(200)]

    assert [one.outcome() for one in asked] == [{"n": number, "until": 200} for number in range(200)]


def test_an_answer_in_single_bytes_is_an_answer(rig: StdioRig) -> None:
    assert rig.connect().ask("drip", {"city": "Tromsø", "sign": "\u2028"}).outcome() == {
        "city": "Tromsø",
        "sign": "\u2028",
    }


def test_a_large_argument_and_a_large_answer_pass(rig: StdioRig) -> None:
    params = {"x": "x" * (5 * MIB)}

    assert rig.connect().ask("echo", params).outcome() == params


def test_a_notification_and_a_reply_are_done_once_written(rig: StdioRig) -> None:
    odd = rig.connect()

    notified = odd.send(Request(id=7, method="notifications/initialized"))
    replied = odd.send(Reply(id="srv-1", result={}))

    assert notified.outcome() == {}
    assert replied.outcome() == {}
    assert odd.seen() == ["notifications/initialized", "reply srv-1", "seen"]


def test_requests_and_notifications_of_the_server_are_told(rig: StdioRig) -> None:
    odd = rig.connect()

    odd.ask(
        "raw",
        {
            "text": '{"jsonrpc":"2.0","id":"s1","method":"roots/list"}\n'
            '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}\n'
        },
    )

    assert odd.received() == Received(method="roots/list", params={}, id="s1")
    assert odd.received() == Received(method="notifications/progress", params={"progress": 1})


def test_lines_that_are_no_json_rpc_are_counted_and_skipped_and_the_first_is_logged(
    rig: StdioRig, caplog: pytest.LogCaptureFixture
) -> None:
    odd = rig.connect()
    caplog.set_level("INFO")
    garbage = "Server running on stdio\n\n[1,2]\n\x00\x01\n{}\n{'a': 1}\n" + "[" * 100_000 + "\n\r\n"

    asked = odd.ask("raw", {"text": garbage + answer_text(0, {"still": "here"})})

    assert asked.outcome() == {"still": "here"}
    assert odd.connection.skipped_lines == 8
    assert [record.getMessage() for record in caplog.records] == [
        "odd: its stdout has lines that are no JSON-RPC, as b'Server running on stdio'; skipped"
    ]


def test_an_answer_counts_once_and_only_for_an_exchange_that_waits_for_it(rig: StdioRig) -> None:
    odd = rig.connect()
    strangers: list[object] = ["0", 0.0, False, None, 17, [0], 10**30]
    text = "".join(answer_text(stranger, {"of": "nobody"}) for stranger in strangers)

    asked = odd.ask("raw", {"text": text + answer_text(0, {"n": 1}) + answer_text(0, {"n": 2})})

    assert asked.outcome() == {"n": 1}
    assert odd.ask("echo").outcome() == {}
    assert odd.connection.dropped_answers == len(strangers) + 1


def test_an_answer_to_what_was_not_sent_yet_is_no_answer(rig: StdioRig) -> None:
    odd = rig.connect()
    os.kill(odd.pid(), signal.SIGSTOP)
    stopped = odd.ask("stop_reading", {"text": answer_text(3, {"guessed": True})})
    odd.ask("begun", {"x": "x" * MIB})
    waiting = odd.ask("echo")

    os.kill(odd.pid_now(), signal.SIGCONT)

    assert stopped.outcome() == {}
    assert waiting.outcomes == []
    assert odd.connection.dropped_answers == 1
    odd.connection.abort()
    waiting.error(MCPConnectionError)


def test_what_json_cannot_say_is_not_sent(rig: StdioRig) -> None:
    odd = rig.connect()

    odd.ask("echo", {"n": {1, 2}}).error(InvalidCallError)

    assert odd.seen() == ["seen"]


def test_a_line_whose_ticket_is_withdrawn_in_time_is_never_written(rig: StdioRig) -> None:
    odd = rig.connect()
    os.kill(odd.pid(), signal.SIGSTOP)
    begun = odd.ask("echo", {"x": "x" * MIB})
    withdrawn = odd.ask("withdrawn")
    rig.catch_up()

    executed = [withdrawn.ticket.withdraw(), begun.ticket.withdraw()]
    os.kill(odd.pid_now(), signal.SIGCONT)

    assert executed == ["no", "unknown"]
    assert "before it was sent" in withdrawn.error(NotExecutedError)
    assert odd.seen() == ["echo", "echo", "seen"]


def test_a_line_not_begun_is_taken_back_when_broken_off(rig: StdioRig) -> None:
    odd = rig.connect()
    os.kill(odd.pid(), signal.SIGSTOP)
    odd.ask("echo", {"x": "x" * MIB})
    queued = odd.ask("queued")

    queued.handle.abort()
    queued.handle.abort()

    queued.error(NotExecutedError)
    os.kill(odd.pid_now(), signal.SIGCONT)
    assert odd.seen() == ["echo", "echo", "seen"]


def test_a_line_begun_is_finished_though_its_exchange_was_broken_off(rig: StdioRig) -> None:
    odd = rig.connect()
    os.kill(odd.pid(), signal.SIGSTOP)
    begun = odd.ask("echo", {"x": "x" * MIB})

    begun.handle.abort()

    assert "broken off" in begun.error(OutcomeUnknownError)
    os.kill(odd.pid_now(), signal.SIGCONT)
    assert odd.seen() == ["echo", "echo", "seen"]
    assert odd.connection.dropped_answers == 1


def test_an_answer_after_the_exchange_was_broken_off_is_dropped(rig: StdioRig) -> None:
    odd = rig.connect()
    hanging = odd.ask("hang")
    odd.pid()

    hanging.handle.abort()

    assert "broken off" in hanging.error(OutcomeUnknownError)
    odd.ask("raw", {"text": answer_text(0, {"late": True}) + answer_text(2, {})}).outcome()
    assert odd.connection.dropped_answers == 1
    hanging.handle.abort()


def test_the_child_gets_a_minimal_environment_what_is_configured_and_no_files(
    rig: StdioRig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "x")
    monkeypatch.setenv("LC_TIME", "C")
    monkeypatch.setenv("TZ", "UTC")
    leaked = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(leaked, True)  # noqa: FBT003 -- positional only
    odd = rig.connect(env={"API_KEY": "k", "TZ": "CET"}, cwd=str(tmp_path))

    told = odd.ask("environment").outcome()

    os.close(leaked)
    assert isinstance(told, dict)
    assert told["env"]["API_KEY"] == "k"
    assert told["env"]["TZ"] == "CET"
    assert told["env"]["LC_TIME"] == "C"
    assert told["env"]["PATH"] == os.environ["PATH"]
    assert "SECRET_OF_THE_HOST" not in told["env"]
    assert told["cwd"] == str(tmp_path)
    assert told["fds"] == [0, 1, 2]
