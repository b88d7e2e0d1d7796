"""What servers say unasked, as a caller hears it, and subscriptions to resources."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from actors.call import ServerName
from actors.errors import MCPConnectionError, MCPToolError, UnknownServerError
from actors.notices import MOST_WAITING
from actors.transport import Request
from mcp_orchestrator import AsyncMCPOrchestrator, MCPOrchestrator, Notification
from tests.fixtures.faces import Scripts, config, facing
from tests.fixtures.manual_time import until
from tests.fixtures.scripted_wire import ScriptedExchange

BAD: Any = 7  # What a type checker would not let a caller say.
URI = "file:///a"
LEGACY = {"protocol": "legacy"}
HELLO: dict[str, Any] = {"protocolVersion": "2025-11-25", "capabilities": {"resources": {"subscribe": True}}}


class Heard(list[Notification]):
    """What a caller was told. `gate`, if there is one, is passed first: a caller who takes his time."""

    gate: Callable[[], object] | None = None

    def append(self, item: Notification) -> None:
        """Take one more."""
        if self.gate is not None:
            self.gate()
        super().append(item)


def answer(exchange: ScriptedExchange) -> None:
    """Say yes to everything."""
    exchange.write()
    exchange.end({})


@contextmanager
def listening(
    face: type[MCPOrchestrator | AsyncMCPOrchestrator] = MCPOrchestrator, **hello: Any
) -> Generator[tuple[Any, Scripts, Heard]]:
    """Make a face that listens to a server `a`; not connected."""
    scripts, heard = Scripts(), Heard()
    scripts.wire("a").script("initialize", *[{**HELLO, **hello}] * 5)
    scripts.wire("a").on_begin = answer
    made = face(
        config(servers={"a": LEGACY, "off": {"enabled": False}}),
        on_notification=heard.append,
        runtime=scripts.runtime,
        transport_factory=scripts,
    )
    try:
        yield made, scripts, heard
    finally:
        made._shut_down(0.0, 0.0)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- for either face
        assert scripts.runtime.close(timeout_s=5.0) == []


def sent(scripts: Scripts, verb: str) -> list[Any]:
    """Return the URIs of every request to (un)subscribe."""
    requests = [message for message in scripts.wire("a").sent if isinstance(message, Request)]
    return [(request.params or {})["uri"] for request in requests if request.method == f"resources/{verb}"]


@pytest.mark.parametrize("face", [MCPOrchestrator, AsyncMCPOrchestrator])
def test_a_notification_is_told_with_its_server(face: type[MCPOrchestrator]) -> None:
    with listening(face) as (made, scripts, heard):
        assert made._engine.connect(ServerName("a")).result(timeout=5)  # noqa: SLF001 -- for either face
        (connection,) = scripts.wire("a").connections
        connection.notify("notifications/message", {"level": "info", "data": {"odd": None}})

        until(lambda: heard)
        message = {"level": "info", "data": {"odd": None}}
        assert heard == [Notification(server="a", method="notifications/message", params=message)]


def test_a_flood_is_told_in_order_as_far_as_it_can_be_remembered_and_the_rest_is_counted() -> None:
    with listening() as (face, scripts, heard):
        face.connect("a")
        at_work, going_on = Event(), Event()

        def take_time() -> None:
            at_work.set()
            going_on.wait(10)

        heard.gate = take_time
        (connection,) = scripts.wire("a").connections
        connection.notify("notifications/message", {"data": 0})
        assert at_work.wait(10)

        for number in range(1, MOST_WAITING + 500):
            connection.notify("notifications/message", {"data": number})
        until(lambda: face.get_stats()["notifications_dropped"] == 499)
        going_on.set()

        until(lambda: len(heard) == MOST_WAITING + 1)
        assert [notification.params["data"] for notification in heard] == list(range(MOST_WAITING + 1))
        assert face.get_server_status("a")["notifications_dropped"] == 499


def test_one_who_listens_may_call_and_raise(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    with listening() as (face, scripts, heard):
        face.connect("a")

        def call_and_leave() -> None:
            heard.gate = None
            assert face.request("a", "ping") == {}
            raise SystemExit

        heard.gate = call_and_leave
        (connection,) = scripts.wire("a").connections
        connection.notify("notifications/message", {"data": 1})
        connection.notify("notifications/message", {"data": 2})

        until(lambda: heard)
        assert [notification.params for notification in heard] == [{"data": 2}]


def test_a_resource_is_subscribed_to_on_every_connection_until_it_is_not_wanted_any_more() -> None:
    with listening() as (face, scripts, heard):
        face.connect("a")
        assert face.subscribe_resource("a", URI)
        assert face.subscribe_resource("a", URI)
        until(lambda: sent(scripts, "subscribe") == [URI])
        scripts.wire("a").connections[-1].notify("notifications/resources/updated", {"uri": URI})
        until(lambda: heard)
        assert heard[0].method == "notifications/resources/updated"

        face.reconnect("a")
        until(lambda: sent(scripts, "subscribe") == [URI, URI])

        assert face.unsubscribe_resource("a", URI)
        until(lambda: sent(scripts, "unsubscribe") == [URI])
        face.reconnect("a")
        assert face.health_check("a")
        assert sent(scripts, "subscribe") == [URI, URI]


def test_a_subscription_outlives_the_servers_actor_and_a_change_of_its_settings(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("CRITICAL")
    with listening() as (face, scripts, _):
        face.connect("a")
        face.subscribe_resource("a", URI)
        until(lambda: sent(scripts, "subscribe") == [URI])

        (server,) = face._board.directory.servers.values()  # noqa: SLF001
        server.tell("nonsense")
        until(lambda: server not in face._board.directory.servers.values())  # noqa: SLF001
        scripts.runtime.advance(1.0)
        until(lambda: sent(scripts, "subscribe") == [URI] * 2)

        face.reload(config(servers={"a": {**LEGACY, "max_retries": 7}, "off": {"enabled": False}}))
        until(lambda: sent(scripts, "subscribe") == [URI] * 3)


def test_a_subscription_may_be_asked_for_before_there_is_a_connection() -> None:
    with listening() as (face, scripts, _):
        scripts.wire("a").control["initialize"].appendleft(None)
        scripts.wire("a").on_begin = bool
        connecting = face._engine.connect(ServerName("a"))  # noqa: SLF001
        handshake = scripts.exchange("a", "initialize")
        until(lambda: face.get_server_status("a")["state"] == "connecting")

        assert face.subscribe_resource("a", URI)
        handshake.write()
        handshake.end(HELLO)

        assert connecting.result(timeout=5)
        until(lambda: sent(scripts, "subscribe") == [URI])


@pytest.mark.parametrize("resources", [None, {}, {"subscribe": False}, {"subscribe": "yes"}])
def test_a_server_that_offers_no_subscriptions_is_not_asked(resources: object) -> None:
    with listening(capabilities={"tools": {}, "resources": resources}) as (face, scripts, _):
        face.connect("a")

        with pytest.raises(MCPToolError, match="a: the server offers no subscriptions to resources"):
            face.subscribe_resource("a", URI)

        assert face.unsubscribe_resource("a", URI)
        assert sent(scripts, "subscribe") == sent(scripts, "unsubscribe") == []


@pytest.mark.parametrize("method", ["subscribe_resource", "unsubscribe_resource"])
def test_what_callers_get_wrong_is_told_at_once(method: str) -> None:
    with listening() as (face, _, _heard):
        ask = getattr(face, method)
        with pytest.raises(UnknownServerError):
            ask("nobody", URI)
        with pytest.raises(MCPConnectionError, match="not connected"):
            ask("a", URI)
        with pytest.raises(MCPConnectionError, match="enabled = false"):
            ask("off", URI)
        face.connect("a")
        with pytest.raises(ValueError, match="uri must be the URI of a resource, as text, not 7"):
            ask("a", BAD)


def test_a_subscription_that_nobody_would_hear_of_is_a_mistake() -> None:
    with facing(MCPOrchestrator, servers={"a": LEGACY}) as (face, scripts):
        scripts.wire("a").script("initialize", HELLO)
        face.connect("a")

        with pytest.raises(ValueError, match="with on_notification"):
            face.subscribe_resource("a", URI)
