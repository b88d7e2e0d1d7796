"""What a connection is to hear unasked: subscriptions of modern servers, resources of legacy ones."""

from typing import Any

import pytest

from actors.errors import MCPToolError, OutcomeUnknownError, ServerUnavailableError
from actors.transport import Request
from tests.fixtures.scripted import World

LISTEN = "subscriptions/listen"
EVERYTHING = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"listChanged": True, "subscribe": True},
}
ALL_LISTS = {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": True}


def modern(capabilities: dict[str, Any] | None = None, **config: Any) -> World:
    """Return a modern server, connected."""
    world = World(connect=False, protocol="modern", tools={"forecast": {}}, **config)
    offered = EVERYTHING if capabilities is None else capabilities
    discovered = {"supportedVersions": ["2026-07-28"], "capabilities": offered}
    world.wire.script("server/discover", *[discovered] * 9)
    world.connect()
    return world


def legacy(capabilities: dict[str, Any]) -> World:
    world = World(connect=False)
    world.wire.script("initialize", *[{"protocolVersion": "2025-11-25", "capabilities": capabilities}] * 2)
    world.connect()
    return world


def filters(world: World) -> list[Any]:
    """Return what was asked for so far."""
    return [(message.params or {})["notifications"] for message in requests(world, LISTEN)]


def requests(world: World, method: str) -> list[Request]:
    return [message for message in world.wire.sent if isinstance(message, Request) and message.method == method]


def lists(world: World) -> int:
    return world.wire.said.count("tools/list")


def acknowledge(world: World) -> None:
    meta = {"io.modelcontextprotocol/subscriptionId": requests(world, LISTEN)[-1].id}
    world.wire.connections[-1].notify("notifications/subscriptions/acknowledged", {"_meta": meta})
    world.runtime.run()
    world.advance(0.2)  # Announcements are gathered.


def end(world: World, outcome: Any) -> None:
    exchange = world.exchange(LISTEN)
    exchange.write()
    exchange.end(outcome)
    world.runtime.run()


@pytest.mark.parametrize(
    ("capabilities", "asked"),
    [
        (EVERYTHING, [ALL_LISTS]),
        ({"tools": {"listChanged": True}}, [{"toolsListChanged": True}]),
        ({"tools": {}}, []),
        ({"resources": {"subscribe": True}}, []),
        ({}, []),
    ],
)
def test_a_modern_server_is_asked_for_what_it_can_announce(capabilities: dict[str, Any], asked: list[Any]) -> None:
    assert filters(modern(capabilities)) == asked


def test_a_legacy_server_announces_without_being_asked() -> None:
    assert filters(legacy(EVERYTHING)) == []


def test_a_subscription_carries_the_envelope_and_has_no_deadline_worth_the_name() -> None:
    world = modern()
    assert "_meta" in (requests(world, LISTEN)[0].params or {})

    world.advance(86400.0)

    assert not world.exchange(LISTEN).aborted


def test_what_changed_before_the_server_listened_is_not_missed() -> None:
    world = modern()
    assert lists(world) == 1
    world.wire.tools["storm"] = {}

    acknowledge(world)

    assert lists(world) == 2
    assert "storm" in world.status.catalogue.tools


def test_an_acknowledgement_of_another_subscription_says_nothing() -> None:
    world = modern()
    for number in (True, "1", 99):
        meta = {"io.modelcontextprotocol/subscriptionId": number}
        world.wire.connections[-1].notify("notifications/subscriptions/acknowledged", {"_meta": meta})

    world.advance(1.0)

    assert lists(world) == 1


def test_an_announcement_is_answered_by_a_list() -> None:
    world = modern()
    acknowledge(world)

    world.wire.connections[-1].notify("notifications/tools/list_changed")
    world.runtime.run()
    world.advance(0.2)

    assert lists(world) == 3


@pytest.mark.parametrize(
    "outcome", [OutcomeUnknownError("reset"), {}, MCPToolError("broke", executed="unknown", code=-32603)]
)
def test_a_subscription_that_ends_is_begun_again_and_the_gap_closed(outcome: Any) -> None:
    world = modern(reconnect_base_s=1.0)
    acknowledge(world)
    end(world, outcome)
    assert len(filters(world)) == 1

    world.advance(1.2)

    assert filters(world) == [ALL_LISTS] * 2
    assert lists(world) == 2
    acknowledge(world)
    assert lists(world) == 3
    assert world.status.connection == 1


def test_subscriptions_that_end_at_once_come_ever_more_slowly_until_one_has_stood() -> None:
    world = modern(reconnect_base_s=1.0, reconnect_cap_s=4.0)
    begun: list[float] = []
    for _ in range(5):
        acknowledge(world)
        end(world, OutcomeUnknownError("reset"))
        before = world.runtime.now
        while len(world.wire.exchanges) == len(begun) + 1:
            world.advance(0.1)
        begun.append(world.runtime.now - before)
    assert begun[0] < 1.4 < begun[1] < 2.6 < begun[2]
    assert max(begun) < 5.0

    world.advance(30.0)
    end(world, OutcomeUnknownError("reset"))
    world.advance(1.3)

    assert len(filters(world)) == 7


def test_a_server_without_room_for_a_subscription_is_asked_again_when_it_said_and_goes_on_serving_calls() -> None:
    world = modern(reconnect_base_s=1.0)
    end(world, ServerUnavailableError("HTTP 429", state="throttled", retry_after_s=20.0))
    assert world.status.state == "ready"

    world.advance(19.9)
    assert len(filters(world)) == 1
    world.advance(0.2)

    assert len(filters(world)) == 2


def test_a_subscription_that_is_not_authorised_says_so_of_the_server() -> None:
    world = modern()

    end(world, ServerUnavailableError("HTTP 401", state="auth_required"))

    assert world.status.state == "auth_required"


@pytest.mark.parametrize("code", [-32601, -32602])
def test_a_server_that_refuses_to_be_subscribed_to_is_not_asked_again(code: int) -> None:
    world = modern()
    end(world, MCPToolError("no", executed="no", code=code))

    world.advance(600.0)

    assert len(filters(world)) == 1
    assert world.status.state == "ready"


def test_a_child_that_ends_the_subscription_by_a_notification_is_asked_again() -> None:
    world = modern(reconnect_base_s=1.0)

    world.wire.connections[-1].notify("notifications/cancelled", {"requestId": requests(world, LISTEN)[0].id})
    world.runtime.run()
    assert world.exchange(LISTEN).aborted
    end(world, OutcomeUnknownError("broken off"))
    world.advance(1.2)

    assert len(filters(world)) == 2
    assert world.status.connection == 1


def test_every_connection_has_its_own_subscription_and_the_end_of_the_old_one_is_nobodys() -> None:
    world = modern()
    old = world.exchange(LISTEN)

    assert world.connect(anew=True).result(0)

    assert old.aborted
    old.write()
    old.end(OutcomeUnknownError("broken off"))
    world.advance(60.0)
    assert len(filters(world)) == 2
    assert world.status.connection == 2


def test_an_orderly_end_does_not_wait_for_the_subscription() -> None:
    world = modern()

    world.stop()

    assert world.exchange(LISTEN).aborted
