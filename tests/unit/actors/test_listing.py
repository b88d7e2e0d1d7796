"""The catalogue of a connection, and what the server says unasked."""

import pytest

from actors.catalogue import Catalogue
from actors.errors import MCPToolError, OutcomeUnknownError
from actors.messages import Ping
from actors.transport import Reply
from tests.fixtures.calls import failure
from tests.fixtures.scripted import READ, World

CHANGED = "notifications/tools/list_changed"


def lists(world: World) -> int:
    return world.wire.said.count("tools/list")


def tools(world: World) -> list[str]:
    return list(world.status.catalogue.tools)


def test_changes_in_quick_succession_are_one_list() -> None:
    world = World(tools={"a": {}})
    world.wire.tools["b"] = {}
    for _ in range(5):
        world.wire.connections[0].notify(CHANGED)
        world.runtime.run()
    world.advance(0.1)
    assert lists(world) == 1

    world.advance(0.1)

    assert (lists(world), tools(world)) == (2, ["a", "b"])
    world.advance(5.0)
    assert lists(world) == 2


def test_a_change_while_a_list_is_under_way_is_another_list() -> None:
    world = World(tools={"a": {}})
    world.wire.script("tools/list", None)
    world.wire.connections[0].notify(CHANGED)
    world.runtime.run()
    world.advance(0.2)
    world.wire.connections[0].notify(CHANGED)
    world.runtime.run()
    world.advance(0.2)
    assert lists(world) == 2
    world.wire.tools["b"] = {}

    world.end("tools/list", {"tools": [{"name": "a"}]})
    world.advance(0.2)

    assert (lists(world), tools(world)) == (3, ["a", "b"])


def test_a_list_that_fails_leaves_the_old_one() -> None:
    world = World(tools={"a": READ})
    world.wire.script("tools/list", OutcomeUnknownError("HTTP 502"))
    world.wire.connections[0].notify(CHANGED)
    world.runtime.run()

    world.advance(0.2)

    assert (lists(world), tools(world), world.status.ready) == (2, ["a"], True)
    assert world.begin_tool("a")[1].write()


def test_a_list_that_fails_is_tried_again_after_a_while_and_not_for_ever() -> None:
    world = World(tools={"a": {}}, max_retries=2, reconnect_base_s=1.0)
    world.wire.tools["b"] = {}
    world.wire.script("tools/list", *[OutcomeUnknownError("HTTP 502")] * 3)
    world.wire.connections[0].notify(CHANGED)
    world.runtime.run()
    world.advance(0.2)
    assert lists(world) == 2

    world.advance(0.9)
    assert lists(world) == 2
    world.advance(0.1)
    assert lists(world) == 3
    world.advance(2.0)
    assert lists(world) == 4
    world.advance(600.0)
    assert (lists(world), tools(world)) == (4, ["a"])

    world.wire.connections[0].notify(CHANGED)
    world.runtime.run()
    world.advance(0.2)
    assert (lists(world), tools(world)) == (5, ["a", "b"])


def test_a_list_that_is_refused_is_not_asked_for_again() -> None:
    world = World(tools={"a": {}})
    world.wire.script("tools/list", MCPToolError("broken", executed="unknown", code=-32603))
    world.wire.connections[0].notify(CHANGED)
    world.runtime.run()

    world.advance(0.2)
    world.advance(600.0)

    assert lists(world) == 2


def test_a_list_of_an_earlier_connection_is_shown_and_vouches_for_nothing() -> None:
    world = World(tools={"a": READ})
    world.wire.script("tools/list", None)

    world.connect(anew=True)

    assert (tools(world), world.status.fresh) == (["a"], False)
    world.call_tool("a")
    world.runtime.run()
    assert [exchange.label for exchange in world.wire.exchanges] == ["tools/list"]


def test_a_kept_list_is_shown_before_there_is_a_connection() -> None:
    world = World(connect=False)

    world.server = world.start(generation=1, catalogue=Catalogue.of([{"name": "kept"}]))

    assert (tools(world), world.status.fresh) == (["kept"], False)


def test_all_pages_make_one_catalogue_and_bad_entries_cost_themselves_only() -> None:
    world = World(connect=False)
    world.wire.script(
        "tools/list",
        {"tools": [{"name": "a"}, "nonsense"], "nextCursor": ""},
        {"tools": [{"title": "no name"}, {"name": "b"}]},
    )

    world.connect()

    assert (tools(world), lists(world)) == (["a", "b"], 2)


def test_a_list_that_takes_too_long_is_given_up() -> None:
    world = World(connect=False, handshake_timeout_s=3.0)
    world.wire.script("tools/list", None)
    reply = world.connect()

    world.advance(3.0)
    world.exchange("tools/list").end(OutcomeUnknownError("broken off"))
    world.runtime.run()

    assert (reply.result(timeout=0), world.status.ready, world.status.fresh) == (True, True, False)


def test_a_change_announced_just_before_the_end_of_a_connection_is_no_matter() -> None:
    world = World(tools={"a": {}})
    world.wire.connections[0].notify(CHANGED)
    world.runtime.run()
    world.wire.connections[0].die()
    world.runtime.run()

    world.advance(0.2)

    assert world.server.is_alive()
    assert lists(world) == 1


def test_an_unknown_tool_on_a_catalogue_that_cannot_be_renewed_is_the_servers_to_refuse() -> None:
    world = World(tools={"a": READ})
    world.wire.script("tools/list", OutcomeUnknownError("HTTP 502"))
    future, _ = world.begin_tool("b")

    world.end("b", MCPToolError("unknown", executed="no", code=-32602))

    assert failure(future, MCPToolError).message == "unknown"


def said_to(world: World) -> list[Reply]:
    return [message for message in world.wire.sent if isinstance(message, Reply)]


def test_a_ping_of_the_server_is_answered_though_all_slots_are_busy() -> None:
    world = World(max_concurrent=1)
    world.begin("busy")[1].write()

    world.wire.connections[0].notify("ping", request_id=5)
    world.runtime.run()

    assert said_to(world) == [Reply(id=5, result={})]


def test_what_else_a_server_asks_is_refused() -> None:
    world = World()

    world.wire.connections[0].notify("sampling/createMessage", request_id=6)
    world.runtime.run()

    assert [(reply.id, (reply.error or {})["code"]) for reply in said_to(world)] == [(6, -32601)]


def test_an_answer_to_the_server_does_not_wait_for_a_list_that_may_wait_for_it() -> None:
    world = World()
    world.wire.script("tools/list", None)
    world.wire.connections[0].notify(CHANGED)
    world.runtime.run()
    world.advance(0.2)
    world.server.tell(Ping())

    world.wire.connections[0].notify("ping", request_id=7)
    world.runtime.run()

    assert world.wire.said[-2:] == ["tools/list", "reply"]
    world.end("tools/list", {"tools": []})
    assert world.wire.said[-1] == "ping"


@pytest.mark.parametrize("method", ["notifications/message", "notifications/cancelled", "notifications/unheard_of"])
def test_a_notification_that_means_nothing_here_is_dropped(method: str) -> None:
    world = World()

    world.wire.connections[0].notify(method, {"level": "info"})
    world.runtime.run()

    assert world.server.is_alive()
    assert said_to(world) == []


def test_without_a_connection_there_is_nobody_to_answer() -> None:
    world = World()
    world.wire.releases = False
    world.wire.connections[0].notify("ping", request_id=5)
    world.wire.connections[0].die()
    world.wire.connections[0].notify("ping", request_id=6)

    world.runtime.run()

    assert [reply.id for reply in said_to(world)] == [5]
