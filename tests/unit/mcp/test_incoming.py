"""What a server sends over HTTP gets to whom it is meant for; answers for nobody are counted."""

from typing import Any

import pytest

from actors.errors import MCPToolError
from actors.mcp.incoming import Incoming
from actors.mcp.jsonrpc import Answer, decode
from actors.transport import Event, Received


def taken(text: str, request_id: int | None) -> tuple[Any, list[Event], int]:
    heard: list[Event] = []
    incoming = Incoming(heard.append)
    outcome = incoming.take(decode(text), request_id)
    return outcome, heard, incoming.dropped_answers


@pytest.mark.parametrize("request_id", [1, None])
def test_what_is_no_answer_is_told_in_its_order_with_the_request_on_whose_stream_it_came(
    request_id: int | None,
) -> None:
    _, heard, _ = taken('[{"method":"a"},{"id":1,"result":{}},{"method":"b","id":"s"}]', request_id)

    assert heard == [Received(method="a", params={}), Received(method="b", params={}, id="s")]
    assert [event.exchange for event in heard if isinstance(event, Received)] == [request_id, request_id]


def test_an_answer_is_the_outcome_of_its_request() -> None:
    outcome, _, dropped = taken('[{"method":"a"},{"id":1,"result":{}},{"method":"b","id":"s"}]', 1)

    assert (outcome, dropped) == ({}, 0)


def test_of_two_answers_the_first_counts() -> None:
    outcome, _, dropped = taken('[{"id":1,"result":{"n":1}},{"id":1,"result":{"n":2}}]', 1)

    assert (outcome, dropped) == ({"n": 1}, 1)


def test_answers_to_others_are_dropped() -> None:
    outcome, _, dropped = taken('[{"id":2,"result":{}},{"id":"1","result":{}},{"id":null,"result":{}}]', 1)

    assert (outcome, dropped) == (None, 3)


def test_an_error_for_nobody_in_particular_answers_the_request() -> None:
    outcome, _, dropped = taken('[{"id":2,"result":{}},{"error":{"code":-32600,"message":"no"}}]', 1)

    assert isinstance(outcome, MCPToolError)
    assert dropped == 1


def test_an_error_for_nobody_in_particular_does_not_mean_that_nothing_ran_where_a_stream_was_open() -> None:
    text = '{"id":%s,"error":{"code":-32600,"message":"no"}}'

    nobodys, mine = (Incoming(lambda _: None).take(decode(text % name), 1, in_stream=True) for name in ("null", "1"))

    assert isinstance(nobodys, MCPToolError)
    assert nobodys.executed == "unknown"
    assert isinstance(mine, MCPToolError)
    assert mine.executed == "no"


def test_an_error_for_another_says_nothing_of_the_request() -> None:
    outcome, _, dropped = taken('{"id":2,"error":{"code":-32602,"message":"no"}}', 1)

    assert (outcome, dropped) == (None, 1)


def test_an_error_for_another_does_not_stand_before_the_requests_own_answer() -> None:
    error = '{"id":2,"error":{"code":-32600,"message":"no"}}'

    assert taken(f'[{error},{{"id":1,"result":{{}}}}]', 1) == ({}, [], 1)
    assert taken(f'[{{"id":1,"result":{{}}}},{error}]', 1) == ({}, [], 1)


def test_where_no_request_waits_every_answer_is_dropped() -> None:
    outcome, _, dropped = taken('[{"id":1,"result":{}},{"id":null,"error":{"code":-32600,"message":"no"}}]', None)

    assert (outcome, dropped) == (None, 2)


def test_the_count_goes_on_from_one_piece_to_the_next() -> None:
    incoming = Incoming(lambda _: None)
    for _ in range(3):
        incoming.take([Answer(id=9, outcome={})], 1)

    assert incoming.dropped_answers == 3
