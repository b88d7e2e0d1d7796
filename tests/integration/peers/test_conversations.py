"""What every server must get from the orchestrator, whoever wrote it: the whole of it on real wires."""

from threading import Event

import pytest

from mcp_orchestrator import CallCancelledError, MCPTimeoutError, MCPToolError
from tests.fixtures.orchestrating import PATIENCE_S, Orchestrated, eventually, text_of
from tests.fixtures.peer_words import Ask
from tests.fixtures.peers import (
    ANNOUNCING,
    COUNTING,
    HANGING_UP,
    HEARING,
    MODERN,
    PINGING,
    SDK,
    RunningPeer,
)

FIRST_LETTERS = "Tromsø 東京 🚀 \u2028 \x85 \\n \" '"


def say(whole: Orchestrated, ask: Ask) -> str:
    return whole.text("peer", ask.tool, **ask.arguments)


def revision(peer: RunningPeer) -> str:
    return "2026-07-28" if peer.name in MODERN else "2025-11-25"


def test_the_newest_revision_of_both_is_agreed_on_and_the_server_is_known(
    whole: Orchestrated, peer: RunningPeer
) -> None:
    status = whole.face.get_server_status("peer")

    assert status["state"] == "ready"
    assert status["protocol"] == revision(peer)
    assert status["transport"] == peer.name.split()[1]
    assert (status["pid"] is not None) == ("stdio" in peer.name)
    assert status["server_info"].startswith(f"{peer.server_name} ")


def test_its_tools_are_listed_with_their_schemas(whole: Orchestrated, peer: RunningPeer) -> None:
    tools = {tool["name"]: tool for tool in whole.face.list_tools("peer")}

    assert {peer.words.echo("").tool, peer.words.slow.tool} <= set(tools)
    assert all(tool["inputSchema"]["type"] == "object" for tool in tools.values())


def test_a_call_with_arguments_has_its_answer_and_metadata(whole: Orchestrated, peer: RunningPeer) -> None:
    ask = peer.words.echo("hello")

    result = whole.face.call_tool("peer", ask.tool, ask.arguments)

    assert "hello" in text_of(result.content)
    assert (result.metadata.server, result.metadata.tool, result.metadata.attempts) == ("peer", ask.tool, 1)
    assert result.metadata.protocol == revision(peer)


def test_letters_of_all_the_world_come_back_as_they_went(whole: Orchestrated, peer: RunningPeer) -> None:
    assert FIRST_LETTERS in say(whole, peer.words.echo(FIRST_LETTERS))


def test_a_big_answer_comes_whole(whole: Orchestrated, peer: RunningPeer) -> None:
    big = "æ" * 500_000 + "end"

    assert big in say(whole, peer.words.echo(big))


def test_a_tool_that_fails_is_an_error_of_the_tool_that_ran(whole: Orchestrated, peer: RunningPeer) -> None:
    fails = peer.words.fails

    error = whole.error(whole.face.submit("peer", fails.tool, fails.arguments), MCPToolError)

    assert error.executed == "yes"
    assert error.result is not None
    assert len(whole.record.calls_of(fails.tool)) == 1
    assert whole.breaker("peer") == "closed"


def test_an_unknown_tool_is_refused_by_our_catalogue(whole: Orchestrated) -> None:
    error = whole.error(whole.face.submit("peer", "no_such_tool"), MCPToolError)

    assert (error.code, error.executed) == (-32602, "no")
    assert whole.record.calls_of("no_such_tool") == []


def test_twenty_calls_at_once_get_each_its_own_answer(whole: Orchestrated, peer: RunningPeer) -> None:
    asks = [peer.words.echo(f"number {number}.") for number in range(20)]

    outcomes = whole.face.call_tools_parallel(
        [{"server": "peer", "tool": ask.tool, "params": ask.arguments} for ask in asks]
    )

    texts = [text_of(outcome.result.content) for outcome in outcomes if outcome.result is not None]
    assert [f"number {number}." in text for number, text in enumerate(texts)] == [True] * 20


def test_the_deadline_ends_a_slow_call_and_nothing_else(whole: Orchestrated, peer: RunningPeer) -> None:
    slow = peer.words.slow
    before = len(whole.record.requests("notifications/cancelled"))

    error = whole.error(whole.face.submit("peer", slow.tool, slow.arguments, timeout=0.2), MCPTimeoutError)

    assert error.executed == "unknown"
    assert "here" in say(whole, peer.words.echo("here"))
    if peer.name not in HANGING_UP:
        eventually(lambda: len(whole.record.requests("notifications/cancelled")) > before, "the server is told")
    eventually(lambda: whole.face.get_connection_pool_state()["peer"]["in_flight"] == 0, "the slot is free")


def test_a_ping_is_answered(whole: Orchestrated) -> None:
    health = whole.face.health_check_detailed("peer")

    assert health["healthy"]
    assert health["status"] == "up"


@pytest.mark.parametrize("peer", HEARING, indirect=True)
def test_a_call_that_is_cancelled_is_cancelled_at_the_server(whole: Orchestrated, peer: RunningPeer) -> None:
    mark = f"cancelled by {peer.name}"
    reply = whole.face.submit("peer", "hold", {"mark": mark})
    eventually(lambda: mark in say(whole, Ask(tool="held")), "the call is at the server")

    reply.cancel()

    assert whole.error(reply, CallCancelledError).executed == "unknown"
    if peer.name not in HANGING_UP:
        eventually(lambda: whole.record.requests("notifications/cancelled"), "the server is told")
    eventually(lambda: mark in say(whole, Ask(tool="held")).partition("given_up")[2], "the tool was given up")


@pytest.mark.parametrize("peer", COUNTING, indirect=True)
def test_progress_reaches_the_caller_in_order(whole: Orchestrated, peer: RunningPeer) -> None:
    counts = peer.words.counts
    steps: list[tuple[float, float | None]] = []
    all_came = Event()

    def on_progress(done: float, total: float | None, _text: str | None) -> None:
        steps.append((done, total))
        if done == total:
            all_came.set()

    whole.face.call_tool("peer", counts.tool, counts.arguments, on_progress=on_progress)

    assert all_came.wait(PATIENCE_S)
    assert steps == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("peer", PINGING, indirect=True)
def test_a_server_that_pings_us_within_a_call_is_answered(whole: Orchestrated, peer: RunningPeer) -> None:
    before = len(whole.record.replies())

    assert say(whole, Ask(tool="ask_back")) == "answered"

    assert [reply.error for reply in whole.record.replies()[before:]] == [None], peer.name


@pytest.mark.parametrize("peer", ANNOUNCING, indirect=True)
def test_a_tool_that_a_server_announces_is_listed_and_can_be_called(whole: Orchestrated, peer: RunningPeer) -> None:
    name = f"grown_by_{peer.name.replace(' ', '_')}"

    say(whole, Ask(tool="grow", arguments={"name": name}))

    eventually(lambda: name in {tool["name"] for tool in whole.face.list_tools("peer")}, "the list is fetched anew")
    assert say(whole, Ask(tool=name)) == name


@pytest.mark.parametrize("peer", SDK, indirect=True)
def test_a_tool_that_came_unannounced_is_found_when_it_is_called(whole: Orchestrated, peer: RunningPeer) -> None:
    name = f"found_by_{peer.name.replace(' ', '_')}"
    say(whole, Ask(tool="grow", arguments={"name": name}))

    assert say(whole, Ask(tool=name)) == name
