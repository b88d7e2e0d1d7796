"""Answers that a modern server vouches for: given from memory, until it says that something has changed."""

from typing import Any

import pytest

from actors.errors import MCPToolError
from actors.transport import Request
from tests.fixtures.scripted import World

PROMPTS = "prompts/list"


def world(era: str = "modern", **prompts: Any) -> World:
    """Return a server that is connected."""
    made = World(connect=False, protocol=era)
    made.wire.script(
        "server/discover", *[{"supportedVersions": ["2026-07-28"], "capabilities": {"prompts": prompts}}] * 2
    )
    made.connect()
    return made


def ask(world: World, method: str = PROMPTS, **params: Any) -> tuple[Any, bool]:
    """Submit a request; return its future, and whether it went out."""
    before = len(world.wire.exchanges)
    future = world.submit(method, params=params)
    world.runtime.run()
    return future, len(world.wire.exchanges) > before


def answered(world: World, method: str = PROMPTS, *, ttl_ms: int | None = 5000, **params: Any) -> dict[str, Any]:
    """Let a request be answered by the server; return what it said."""
    future, _ = ask(world, method, **params)
    result: dict[str, Any] = {"prompts": [], "cacheScope": "private", **({} if ttl_ms is None else {"ttlMs": ttl_ms})}
    world.end(method, result)
    assert future.result(0) == result
    return result


def test_what_a_server_vouches_for_is_answered_from_memory_until_its_time_is_over() -> None:
    modern = world()
    said = answered(modern)

    future, went_out = ask(modern)
    assert (future.result(0), went_out) == (said, False)

    modern.advance(5.0)
    assert ask(modern)[1]


def test_an_answer_from_memory_counts_as_one_of_the_callers_and_not_of_the_servers() -> None:
    modern = world()
    answered(modern)

    ask(modern)

    numbers = modern.statistics.snapshot()
    assert (numbers.calls, numbers.succeeded) == (2, 2)
    assert modern.status.in_flight == 0


@pytest.mark.parametrize(
    ("era", "ttl_ms", "params"),
    [("legacy", 5000, {}), ("modern", None, {}), ("modern", 0, {}), ("modern", 5000, {"x": 1})],
)
def test_everything_else_goes_to_the_server(era: str, ttl_ms: int | None, params: dict[str, Any]) -> None:
    server = world(era)
    answered(server, ttl_ms=ttl_ms, **params)

    assert ask(server, **params)[1]


def test_what_has_changed_is_asked_for_again() -> None:
    modern = world()
    answered(modern)

    modern.wire.connections[-1].notify("notifications/prompts/list_changed")
    modern.runtime.run()

    assert ask(modern)[1]


def test_an_answer_that_a_change_has_overtaken_is_not_kept() -> None:
    modern = world()
    ask(modern)
    modern.advance(0.1)
    modern.wire.connections[-1].notify("notifications/prompts/list_changed")
    modern.runtime.run()
    modern.end(PROMPTS, {"prompts": [], "ttlMs": 5000})

    assert ask(modern)[1]


def test_a_new_connection_has_heard_nothing_of_what_changed_meanwhile() -> None:
    modern = world()
    answered(modern)

    modern.connect(anew=True)

    assert ask(modern)[1]


def test_a_connection_that_is_lost_answers_nothing_from_memory() -> None:
    modern = world()
    answered(modern)
    modern.wire.script("server/discover", None)
    modern.wire.connections[-1].die()
    modern.runtime.run()

    future, went_out = ask(modern)

    assert (future.done(), went_out) == (False, False)


def test_a_subscription_that_begins_again_has_missed_what_changed_meanwhile() -> None:
    modern = world(listChanged=True)
    answered(modern)
    listen = modern.exchange("subscriptions/listen").message
    assert isinstance(listen, Request)

    meta = {"io.modelcontextprotocol/subscriptionId": listen.id}
    modern.wire.connections[-1].notify("notifications/subscriptions/acknowledged", {"_meta": meta})
    modern.runtime.run()

    assert ask(modern)[1]


def test_a_cursor_that_is_refused_is_of_a_list_that_has_changed() -> None:
    modern = world()
    answered(modern)
    future, _ = ask(modern, cursor="1")

    modern.end(PROMPTS, MCPToolError("no such cursor", executed="no", code=-32602))

    assert isinstance(future.exception(0), MCPToolError)
    assert ask(modern)[1]


def test_what_one_caller_does_to_an_answer_no_other_sees() -> None:
    modern = world()
    answered(modern)
    for _ in range(2):
        future, went_out = ask(modern)
        answer = future.result(0)
        assert (answer["prompts"], went_out) == ([], False)
        answer["prompts"].append("mine")


def test_what_the_first_caller_does_to_an_answer_no_other_sees() -> None:
    modern = world()
    future, _ = ask(modern)
    modern.end(PROMPTS, {"prompts": [{"name": "a"}], "ttlMs": 5000})

    future.result(0)["prompts"][0]["name"] = "mine"

    assert ask(modern)[0].result(0)["prompts"] == [{"name": "a"}]
