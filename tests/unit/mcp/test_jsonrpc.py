"""What goes on the wire as JSON-RPC, and what is understood of what comes back."""

import json
import sys
from collections import ChainMap
from collections.abc import Mapping
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import InvalidCallError, MCPToolError, OutcomeUnknownError
from actors.mcp.jsonrpc import Answer, decode, encode
from actors.transport import Received, Reply, Request

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def the_answer(data: bytes | str) -> Answer:
    (message,) = decode(data)
    assert isinstance(message, Answer)
    return message


def test_a_request_goes_out_compact_with_its_id() -> None:
    wire = encode(Request(id=7, method="tools/call", params={"name": "add", "arguments": {"a": 1}}))

    assert wire == b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","arguments":{"a":1}}}'


def test_a_notification_goes_out_without_an_id() -> None:
    assert encode(Request(id=7, method="notifications/initialized")) == (
        b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
    )


def test_a_reply_carries_the_servers_id_and_an_exactly_empty_result() -> None:
    assert encode(Reply(id="srv-1", result={})) == b'{"jsonrpc":"2.0","id":"srv-1","result":{}}'


def test_a_reply_may_be_an_error() -> None:
    wire = encode(Reply(id=3, error={"code": -32601, "message": "no"}))

    assert json.loads(wire) == {"jsonrpc": "2.0", "id": 3, "error": {"code": -32601, "message": "no"}}


@given(value=JSON)
def test_whatever_json_can_say_survives_the_way_out_on_one_line(value: object) -> None:
    wire = encode(Request(id=1, method="m", params={"value": value}))

    assert b"\n" not in wire
    assert b"\r" not in wire
    assert json.loads(wire)["params"]["value"] == value


def test_letters_beyond_ascii_go_out_as_themselves() -> None:
    assert "Tromsø".encode() in encode(Request(id=1, method="m", params={"city": "Tromsø"}))


def test_half_a_surrogate_pair_goes_out_as_an_escape() -> None:
    assert b"\\ud83d" in encode(Request(id=1, method="m", params={"half": "\ud83d"}))


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), object()], ids=["set", "nan", "object"])
def test_what_json_cannot_say_was_not_executed(value: object) -> None:
    with pytest.raises(InvalidCallError, match="m cannot be sent as JSON"):
        encode(Request(id=1, method="m", params={"value": value}))


class Table(dict[str, object]):
    """A caller's own, which does what it likes when it is read."""

    def items(self) -> NoReturn:
        sys.exit("not today")


class Lookup(ChainMap[str, object]):
    """As above."""

    def keys(self) -> NoReturn:
        raise RuntimeError("not today")


@pytest.mark.parametrize("params", [Lookup(), {"value": Table(a=1)}], ids=["params", "value"])
def test_params_that_raise_when_they_are_read_were_not_executed(params: Mapping[str, object]) -> None:
    with pytest.raises(InvalidCallError, match="not today"):
        encode(Request(id=1, method="m", params=params))


def test_params_that_contain_themselves_were_not_executed() -> None:
    loop: list[object] = []
    loop.append(loop)

    with pytest.raises(InvalidCallError, match="cannot be sent as JSON"):
        encode(Request(id=1, method="m", params={"loop": loop}))


def test_a_result_is_the_raw_dict_unknown_keys_included() -> None:
    answer = the_answer('{"jsonrpc":"2.0","id":7,"result":{"content":[],"x-own":null}}')

    assert answer.ends(7)
    assert answer.outcome == {"content": [], "x-own": None}


@pytest.mark.parametrize("code", [-32700, -32600, -32601, -32602, -32020, -32022])
def test_a_refusal_was_not_executed(code: int) -> None:
    answer = the_answer(json.dumps({"id": 1, "error": {"code": code, "message": "no", "data": {"why": 1}}}))

    assert isinstance(answer.outcome, MCPToolError)
    assert answer.outcome.executed == "no"
    assert (answer.outcome.code, answer.outcome.data, answer.outcome.result) == (code, {"why": 1}, None)


@pytest.mark.parametrize("code", [-32603, -32000, -32001, -32019, -32021, -32042, 1, 0])
def test_any_other_error_code_leaves_it_unknown_what_ran(code: int) -> None:
    answer = the_answer(json.dumps({"id": 1, "error": {"code": code, "message": "broke"}}))

    assert isinstance(answer.outcome, MCPToolError)
    assert answer.outcome.executed == "unknown"
    assert "broke" in answer.outcome.message


@pytest.mark.parametrize(
    "body",
    [
        '{"id":1,"result":null}',
        '{"id":1,"result":[]}',
        '{"id":1,"error":"x"}',
        '{"id":1,"error":{"code":"E"}}',
        '{"id":1,"error":{"code":true}}',
        '{"id":1,"error":{"code":-32602},"result":{}}',
    ],
)
def test_a_malformed_answer_is_an_unknown_outcome(body: str) -> None:
    answer = the_answer(body)

    assert answer.ends(1)
    assert isinstance(answer.outcome, OutcomeUnknownError)


@pytest.mark.parametrize("other", ['"1"', "1.0", "true", "null", "2"])
def test_an_answer_ends_only_the_request_with_exactly_its_id(other: str) -> None:
    assert not the_answer(f'{{"id":{other},"result":{{}}}}').ends(1)


def test_an_error_may_name_no_id() -> None:
    assert the_answer('{"error":{"code":-32700,"message":"what?"}}').id is None


def test_an_error_that_is_null_does_not_hide_the_result() -> None:
    assert the_answer('{"id":1,"error":null,"result":{"ok":true}}').outcome == {"ok": True}


def test_a_notification_has_no_id() -> None:
    assert decode(b'{"method":"notifications/progress","params":{"progress":1}}') == [
        Received(method="notifications/progress", params={"progress": 1})
    ]


def test_a_request_of_the_server_keeps_its_id_as_it_came() -> None:
    assert decode('{"method":"ping","id":"1"}') == [Received(method="ping", params={}, id="1")]


def test_a_batch_is_several_messages_in_order() -> None:
    first, second = decode('[{"method":"ping","id":1},{"id":2,"result":{}}]')

    assert isinstance(first, Received)
    assert isinstance(second, Answer)


@pytest.mark.parametrize(
    "data",
    ["", "{", "hello", "1", "null", '"text"', "[1]", "{}", '{"id":1}', b"\xff\xfe\xfa", "[" * 200_000, "9" * 10_000],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_not_json_rpc_is_a_value_error(data: bytes | str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(data)


@given(data=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_nothing_else_than_value_error_comes_of_any_bytes(data: bytes) -> None:
    try:
        messages = decode(data)
    except ValueError:
        return

    assert all(isinstance(message, Answer | Received) for message in messages)
