"""A call from its acceptance to its outcome: queue, slots, catalogue, metadata."""

from typing import Any

import pytest

from actors.config import ToolConfig
from actors.errors import (
    MCPTimeoutError,
    MCPToolError,
    OutcomeUnknownError,
    OverloadedError,
    ResponseTooLargeError,
)
from actors.messages import Finished
from actors.results import ToolResult
from actors.transport import Request
from tests.fixtures.calls import failure
from tests.fixtures.scripted import READ, World


def test_a_tools_answer_comes_with_the_story_of_its_call() -> None:
    world = World(max_concurrent=1, tools={"forecast": READ})
    world.begin("first")
    future = world.call_tool("forecast")
    world.runtime.run()
    world.advance(2.0)
    world.end("first", {})
    world.advance(3.0)

    world.end("forecast", {"content": [{"type": "text", "text": '{"t": 7}'}]})

    result = future.result(timeout=0)
    assert isinstance(result, ToolResult)
    assert result.data == {"t": 7}
    metadata = result.metadata
    assert (metadata.server, metadata.tool, metadata.request_id) == ("weather", "forecast", future.request_id)
    assert (metadata.attempts, metadata.queued_s, metadata.duration_s) == (1, 2.0, 5.0)
    assert metadata.protocol == "2025-11-25"


def test_the_answer_to_another_request_is_raw() -> None:
    world = World()
    future, _ = world.begin("resources/list")

    world.end("resources/list", {"resources": []})

    assert future.result(timeout=0) == {"resources": []}


def test_a_call_goes_out_as_it_was_submitted() -> None:
    world = World(tools={"forecast": READ})

    world.call_tool("forecast")
    world.submit("resources/subscribe", params={"uri": "x:y"})
    world.runtime.run()

    sent = [exchange.message for exchange in world.wire.exchanges]
    assert [
        (message.method, message.params, message.replay_safe) for message in sent if isinstance(message, Request)
    ] == [
        ("tools/call", {"name": "forecast", "arguments": {}}, True),
        ("resources/subscribe", {"uri": "x:y"}, False),
    ]


def test_at_most_so_many_are_under_way_and_so_many_wait() -> None:
    world = World(max_concurrent=2, max_waiting=1)
    for label in ("a", "b", "c"):
        world.submit(label)
    world.runtime.run()

    refused = world.submit("d")
    world.runtime.run()

    assert [exchange.label for exchange in world.wire.exchanges] == ["a", "b"]
    assert (world.status.in_flight, world.status.waiting, world.status.owed) == (2, 1, 3)
    assert failure(refused, OverloadedError).executed == "no"
    world.end("a", {})
    assert world.exchange("c")


def test_a_slot_is_free_when_its_transport_reports_not_at_the_abort() -> None:
    world = World(max_concurrent=1)
    future, exchange = world.begin("a")
    exchange.write()
    future.cancel()
    world.submit("b")
    world.runtime.run()
    assert [begun.label for begun in world.wire.exchanges] == ["a"]

    exchange.lose()
    world.runtime.run()

    assert [begun.label for begun in world.wire.exchanges] == ["a", "b"]


def test_a_tool_has_a_limit_of_its_own_inside_its_server() -> None:
    slow = ToolConfig(max_concurrent=1)
    world = World(tools={"slow": {}, "quick": {}}, configured={"slow": slow})
    for tool in ("slow", "slow", "quick"):
        world.call_tool(tool)
    world.runtime.run()
    assert [exchange.label for exchange in world.wire.exchanges] == ["slow", "quick"]

    world.end("slow", {})

    assert [exchange.label for exchange in world.wire.exchanges] == ["slow", "quick", "slow"]


@pytest.mark.parametrize(
    ("outcome", "kind", "executed"),
    [
        ({"isError": True, "content": []}, MCPToolError, "yes"),
        (MCPToolError("no such tool", executed="no", code=-32602), MCPToolError, "no"),
        (MCPToolError("internal", executed="unknown", code=-32603), MCPToolError, "unknown"),
        (ResponseTooLargeError("20 MiB"), ResponseTooLargeError, "yes"),
        (OutcomeUnknownError("HTTP 502"), OutcomeUnknownError, "unknown"),
    ],
)
def test_what_the_exchange_said_is_what_the_caller_gets(outcome: Any, kind: Any, executed: str) -> None:
    world = World(tools={"write": {}})
    future, _ = world.begin_tool("write")

    world.end("write", outcome)

    assert failure(future, kind).executed == executed
    assert [report[1:] for report in world.reports] == [(future.exception(), 1)]


def test_a_call_that_grew_too_old_in_a_long_mailbox_is_not_sent() -> None:
    world = World()
    future = world.submit("a", timeout_s=1.0)

    world.runtime.now += 2.0
    world.runtime.run()

    assert failure(future, MCPTimeoutError).executed == "no"
    assert not world.wire.exchanges


def test_a_deadline_ends_a_call_that_waits_and_one_under_way() -> None:
    world = World(max_concurrent=1)
    sent, exchange = world.begin("a", timeout_s=1.0)
    waiting = world.submit("b", timeout_s=2.0)
    exchange.write()

    world.advance(1.0)
    world.advance(1.0)

    assert "no answer within 1 s; it was under way; attempts: 1" in str(failure(sent, MCPTimeoutError))
    assert "it was waiting; attempts: 0" in str(failure(waiting, MCPTimeoutError))
    assert [failure(future, MCPTimeoutError).executed for future in (sent, waiting)] == ["unknown", "no"]


def test_a_transport_that_reports_twice_crashes_the_actor() -> None:
    world = World()
    future, exchange = world.begin("a")
    exchange.write()
    exchange.answer()
    world.runtime.run()

    exchange.answer()
    world.runtime.run()

    assert not world.server.is_alive()
    assert future.result(timeout=0) == {"echo": "a"}


def test_a_report_of_another_generation_is_dropped() -> None:
    world = World()
    future, exchange = world.begin("a")

    world.server.tell(Finished(generation=7, connection=1, exchange=int(exchange.message.id), outcome={}))
    world.runtime.run()

    assert world.server.is_alive()
    assert not future.done()


def test_an_unknown_tool_waits_for_one_fresh_list_then_it_is_refused_without_being_sent() -> None:
    world = World(tools={"forecast": READ})
    world.wire.script("tools/list", None)
    first, second = world.call_tool("typo"), world.call_tool("typo")
    world.runtime.run()
    assert [world.wire.said.count("tools/list"), first.done(), second.done()] == [2, False, False]

    world.end("tools/list", {"tools": [{"name": "forecast"}]})

    for future in (first, second):
        error = failure(future, MCPToolError)
        assert (error.executed, error.code) == ("no", -32602)
    assert world.status.last_answer_at is None


def test_a_tool_that_has_come_since_is_called_when_the_fresh_list_has_it() -> None:
    world = World(tools={"forecast": READ})
    world.wire.tools["new"] = READ

    world.begin_tool("new")

    assert world.wire.said.count("tools/list") == 2


def test_without_a_list_the_server_decides() -> None:
    world = World(tools={"forecast": READ})
    world.wire.script("tools/list", OutcomeUnknownError("HTTP 502"))

    future, _ = world.begin_tool("typo")
    world.end("typo", MCPToolError("unknown tool", executed="no", code=-32602))

    assert "unknown tool" in str(failure(future, MCPToolError))


def test_calls_wait_for_the_first_list_of_a_connection_and_keep_their_order() -> None:
    world = World(connect=False, tools={"forecast": READ})
    world.wire.script("tools/list", None)
    world.connect()
    for tool in ("forecast", "forecast"):
        world.call_tool(tool)
    world.submit("resources/list")
    world.runtime.run()
    assert [exchange.label for exchange in world.wire.exchanges] == ["tools/list", "resources/list"]

    world.end("tools/list", {"tools": [{"name": "forecast"}]})

    assert [exchange.label for exchange in world.wire.exchanges[2:]] == ["forecast", "forecast"]


def test_a_server_without_tools_is_not_asked_for_them() -> None:
    world = World(connect=False)
    world.wire.script("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}})
    world.connect()

    future = world.call_tool("forecast")
    world.runtime.run()

    assert failure(future, MCPToolError).code == -32602
    assert "tools/list" not in world.wire.said


def test_counts_tell_what_happened() -> None:
    world = World(tools={"write": {}})
    for outcome in ({}, {"isError": True}, OutcomeUnknownError("reset")):
        world.begin_tool("write")
        world.end("write", outcome)

    counts = world.status.statistics
    assert (counts.calls, counts.succeeded, counts.failed, counts.tool_errors) == (3, 1, 2, 1)
    assert counts.failed_with == {"MCPToolError": 1, "OutcomeUnknownError": 1}
    assert (counts.connects, sum(counts.latencies)) == (1, 1)
    assert world.status.last_answer_at == world.status.last_failure_at == world.runtime.now
    assert world.status.last_failure == "weather.write: reset (executed: unknown)"
