"""What a legacy server asks of us: answered once, on the connection it asked on, or not at all."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from actors.errors import SessionLostError
from actors.inputs import Elicitation, InputHandlers
from actors.transport import Reply, Request
from tests.fixtures.scripted import World

FORM = {"message": "Who?", "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}}}
ACCEPTED = {"action": "accept", "content": {"name": "Ann"}}


def world(on_elicitation: Callable[[Elicitation], Mapping[str, Any]] = lambda _: ACCEPTED, **config: Any) -> World:
    """Return a connected legacy server whose user answers forms."""
    return World(inputs=InputHandlers(on_elicitation=on_elicitation), **config)


def ask(world: World, request_id: Any, method: str = "elicitation/create", params: Any = FORM) -> None:
    """Let the server ask on its last connection; nothing has been handled yet."""
    world.wire.connections[-1].notify(method, params, request_id=request_id)


def replies(world: World) -> list[Reply]:
    return [message for message in world.wire.sent if isinstance(message, Reply)]


def test_a_server_is_told_what_it_may_ask() -> None:
    asked = world()

    initialize = next(m for m in asked.wire.sent if isinstance(m, Request) and m.method == "initialize")

    assert (initialize.params or {})["capabilities"] == {"elicitation": {"form": {}, "url": {}}}


def test_a_question_is_answered_with_what_the_user_says() -> None:
    asked = world()

    ask(asked, 7)
    asked.runtime.run()

    assert replies(asked) == [Reply(id=7, result=ACCEPTED)]


def test_a_ping_is_answered_with_exactly_nothing() -> None:
    asked = world()

    ask(asked, "p", "ping", {})
    asked.runtime.run()

    assert replies(asked) == [Reply(id="p", result={})]


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("sampling/createMessage", {"messages": []}, -32601),
        ("roots/list", {}, -32601),
        ("tasks/get", {}, -32601),
        ("elicitation/create", {"mode": "form"}, -32602),
    ],
)
def test_what_cannot_be_answered_is_refused_at_once(method: str, params: dict[str, Any], code: int) -> None:
    asked = world(lambda _: pytest.fail("asked"))

    ask(asked, 8, method, params)
    asked.runtime.run()

    (reply,) = replies(asked)
    assert (reply.id, reply.result, (reply.error or {})["code"]) == (8, None, code)


def test_a_handler_that_raises_is_an_error_for_the_server() -> None:
    def answer(_asked: Elicitation) -> dict[str, Any]:
        raise KeyError("no such answer")

    asked = world(answer)

    ask(asked, 9)
    asked.runtime.run()

    (reply,) = replies(asked)
    assert reply.error == {"code": -32603, "message": "on_elicitation of this client gave no answer"}
    assert asked.server.is_alive()


def test_a_question_during_our_list_is_answered_before_the_list_is() -> None:
    asked = world(tools={"forecast": {}})
    asked.wire.script("tools/list", None)
    asked.wire.connections[0].notify("notifications/tools/list_changed")
    asked.runtime.run()
    asked.advance(0.2)

    ask(asked, 10)
    asked.runtime.run()

    assert replies(asked) == [Reply(id=10, result=ACCEPTED)]
    assert asked.wire.said[-2:] == ["tools/list", "reply"]


def test_a_call_that_asks_keeps_its_slot_and_is_answered_in_the_end() -> None:
    asked = world(max_concurrent=1)
    future, exchange = asked.begin("forecast")
    exchange.write()

    ask(asked, 11)
    asked.runtime.run()
    exchange.answer()
    asked.runtime.run()

    assert replies(asked) == [Reply(id=11, result=ACCEPTED)]
    assert future.result(0) == {"echo": "forecast"}


def test_an_answer_that_comes_after_a_reconnect_is_dropped() -> None:
    def answer(_asked: Elicitation) -> dict[str, Any]:
        asked.connect(anew=True)
        return ACCEPTED

    asked = world(answer)

    ask(asked, 12)
    asked.runtime.run()

    assert len(asked.wire.connections) == 2
    assert asked.status.state == "ready"
    assert replies(asked) == []


def test_a_question_of_an_older_connection_is_not_asked() -> None:
    asked = world(lambda _: pytest.fail("asked"))
    asked.connect(anew=True)

    asked.wire.connections[0].notify("elicitation/create", FORM, request_id=12)
    asked.runtime.run()

    assert replies(asked) == []


@pytest.mark.parametrize(("taken_back", "answered"), [(13, False), ("13", True), (True, True), (None, True)])
def test_what_the_server_takes_back_is_answered_no_more(taken_back: object, *, answered: bool) -> None:
    def answer(_asked: Elicitation) -> dict[str, Any]:
        asked.wire.connections[0].notify("notifications/cancelled", {"requestId": taken_back})
        asked.runtime.run()
        return ACCEPTED

    asked = world(answer)

    ask(asked, 13)
    asked.runtime.run()

    assert bool(replies(asked)) is answered


def test_an_answer_for_an_actor_that_is_gone_harms_nobody() -> None:
    def answer(_asked: Elicitation) -> dict[str, Any]:
        asked.crash()
        asked.start(generation=1)
        asked.runtime.run()
        return ACCEPTED

    asked = world(answer)

    ask(asked, 14)
    asked.runtime.run()

    assert replies(asked) == []


def test_a_server_that_asks_a_thousand_times_at_once_gets_some_answers_and_bounds_for_the_rest() -> None:
    under_way: list[Elicitation] = []
    most = 0

    def answer(question: Elicitation) -> dict[str, Any]:
        nonlocal most
        under_way.append(question)
        most = max(most, len(under_way))
        asked.runtime.run()  # Everything else goes on before anybody answers.
        under_way.pop()
        return ACCEPTED

    asked = world(answer)

    for number in range(1000):
        ask(asked, number)
    asked.runtime.run()

    answers = [reply.id for reply in replies(asked) if reply.error is None]
    refusals = {(reply.error or {}).get("code") for reply in replies(asked)} - {None}
    assert most <= 16 <= len(answers)
    assert refusals == {-32603}
    assert [reply.id for reply in replies(asked)] != list(range(1000))  # Nobody waits for the user but who has to.
    assert sorted(reply.id for reply in replies(asked) if isinstance(reply.id, int)) == list(range(1000))


def test_large_questions_are_refused_sooner_than_small_ones() -> None:
    under_way = 0
    most = 0

    def answer(_: Elicitation) -> dict[str, Any]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        asked.runtime.run()  # Everything else goes on before anybody answers.
        under_way -= 1
        return ACCEPTED

    asked = world(answer)
    large = {**FORM, "message": "x" * 8 * 1024 * 1024}

    for number in range(6):
        ask(asked, number, params=large)
    asked.runtime.run()
    ask(asked, 6, params=large)
    asked.runtime.run()

    errors = {reply.id: reply.error for reply in replies(asked)}
    assert most == 2
    assert [errors[number] is None for number in range(7)] == [True] * 2 + [False] * 4 + [True]


def test_a_server_that_takes_no_reply_holds_no_more_than_some_of_them() -> None:
    asked = world()
    asked.wire.script("reply", *([None] * 2000))

    for number in range(2000):
        ask(asked, number, "ping", {})
    asked.runtime.run()
    assert len(replies(asked)) == 4
    while pending := [exchange for exchange in asked.wire.exchanges if not exchange.aborted]:
        asked.wire.exchanges.clear()
        for exchange in pending:
            exchange.write()
            exchange.end({})
        asked.runtime.run()

    assert len(replies(asked)) == 4 + 1024


def test_a_reply_that_is_not_taken_in_time_is_broken_off() -> None:
    asked = world(connect_timeout_s=5.0)
    asked.wire.script("reply", None)
    ask(asked, 15, "ping", {})
    asked.runtime.run()

    asked.advance(5.0)

    assert asked.wire.exchanges[-1].aborted
    assert not asked.wire.exchanges[-1].write()
    asked.runtime.run()
    assert asked.status.state == "ready"


def test_a_reply_that_finds_the_session_gone_has_it_mended() -> None:
    asked = world()
    asked.wire.script("reply", SessionLostError("HTTP 404"))

    ask(asked, 16, "ping", {})
    asked.runtime.run()
    asked.advance(1.0)

    assert len(asked.wire.connections) == 2
    assert asked.status.state == "ready"


def test_a_modern_server_may_not_ask_like_this_and_is_not_answered(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    asked = world(lambda _: pytest.fail("asked"), protocol="modern", connect=False)
    asked.wire.script("server/discover", {"supportedVersions": ["2026-07-28"], "capabilities": {}})
    asked.connect()

    ask(asked, 17)
    ask(asked, 18, "ping", {})
    asked.runtime.run()

    assert replies(asked) == []
    assert caplog.messages == ["weather sent a request, elicitation/create, as no modern server may: ignored"]


def test_a_question_that_was_answered_makes_room_for_the_next() -> None:
    asked = world()

    for number in range(40):
        ask(asked, number)
        asked.runtime.run()

    assert [reply.error for reply in replies(asked)] == [None] * 40
