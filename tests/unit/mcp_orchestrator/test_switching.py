"""enable, disable and check_alive, on both faces."""

from functools import partial

import pytest

from actors.call import ServerName
from actors.errors import MCPConnectionError, UnknownServerError
from mcp_orchestrator import MCPOrchestrator
from tests.fixtures.faces import Scripts, asynchronous, blocking, config, facing
from tests.fixtures.manual_time import eventually, in_background, on_a_loop, until

A = ServerName("a")


def test_a_disabled_server_is_gone_until_it_is_enabled() -> None:
    with blocking("a", "b") as (face, scripts):
        assert face.disable("a") is True
        assert face.disable("a") is False

        with pytest.raises(MCPConnectionError, match="not connected: switched off by hand; call enable"):
            face.call_tool("a", "get_queue")
        until(lambda: scripts.wire("a").connections[0].ended == "closed")
        assert face.explain("a")[:2] == [
            "a is disabled: switched off by hand.",
            "Calls are refused until it is enabled.",
        ]
        assert not face.config.servers[A].enabled
        assert face.connect_all() == {"b": True}

        assert face.enable("a") is True
        assert face.enable("a") is False
        until(lambda: _ticked(scripts, face.is_connected("a")))
        assert face.call_tool("a", "get_queue").data
        assert [one.kind for one in face.get_incidents() if one.server == "a"][-3:] == [
            "disabled",
            "enabled",
            "connected",
        ]


def _ticked(scripts: Scripts, done: object) -> bool:
    """Let a little time pass while something is waited for: a round of the supervisor, a back-off."""
    if not done:
        scripts.runtime.advance(0.5)
    return bool(done)


def test_a_server_that_the_configuration_disables_can_be_enabled() -> None:
    with blocking("a", servers={"off": {"enabled": False, "aliases": ["o"]}}) as (face, scripts):
        assert face.enable("o") is True

        until(lambda: _ticked(scripts, face.is_connected("off")))
        assert face.call_tool("off", "get_queue").data


def test_what_was_switched_holds_over_reload_and_restart() -> None:
    with blocking("a", "b") as (face, _):
        face.disable("a")

        assert face.reload(config("a", "b")) == []
        assert face.restart() == {"b": True}
        assert face.reload(config("a", "b")) == []
        assert face.explain("a")[0] == "a is disabled: switched off by hand."

        assert face.reload(config("b")) == ["a"]
        assert face.reload(config("a", "b")) == ["a"]
        assert face.config.servers[A].enabled


def test_an_unknown_server_is_not_switched() -> None:
    with blocking("a") as (face, _):
        with pytest.raises(UnknownServerError):
            face.enable("nobody")
        with pytest.raises(UnknownServerError):
            face.disable("nobody")


@on_a_loop
async def test_the_asynchronous_face_switches_too() -> None:
    with asynchronous("a") as (face, scripts):
        await face.connect_all()
        assert await face.disable("a") is True
        assert await face.disable("a") is False
        with pytest.raises(MCPConnectionError, match="not connected: switched off by hand; call enable"):
            await face.call_tool("a", "get_queue")

        assert await face.enable("a") is True
        assert await face.enable("a") is False

        await eventually(lambda: _ticked(scripts, face.is_connected("a")))
        await face.shutdown()


def test_it_is_alive_while_supervisor_and_router_take_their_turns() -> None:
    with facing(MCPOrchestrator, "a") as (face, _):
        assert face.check_alive() is True
        assert face.restart() == {"a": True}
        assert face.check_alive() is True

        face.shutdown()
        assert face.check_alive() is False


@on_a_loop
async def test_the_asynchronous_face_is_alive_too() -> None:
    with asynchronous("a") as (face, _):
        assert await face.check_alive() is True
        await face.shutdown()
        assert await face.check_alive() is False


class Hanging:
    """The mailbox of an actor that lives and takes no turn."""

    def tell(self, message: object) -> None:
        """Keep it."""

    def is_alive(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize("who", ["supervisor", "router"])
def test_it_is_not_alive_while_one_of_them_hangs(who: str) -> None:
    with blocking("a") as (face, _):
        board = face._board  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- nothing of ours hangs one
        healthy = getattr(board, who)
        setattr(board, who, Hanging())

        assert face.check_alive(timeout=0.05) is False

        setattr(board, who, healthy)
        assert face.check_alive() is True


def test_of_all_that_many_ask_for_at_once_nothing_is_lost() -> None:
    names = ("a", "b", "c")
    with blocking(*names) as (face, _):

        def toggle(name: str) -> list[bool]:
            return [change(name) for _ in range(10) for change in (face.disable, face.enable)] + [face.disable(name)]

        def reload() -> None:
            for number in range(20):
                face.reload(config(*names, f"new{number}"))

        asked = [in_background(partial(toggle, name)) for name in names]
        reloaded = in_background(reload)

        assert [one.result(timeout=30) for one in asked] == [[True] * 21] * 3
        reloaded.result(timeout=30)
        servers = {name: server.enabled for name, server in face.config.servers.items()}
        assert servers == {"a": False, "b": False, "c": False, "new19": True}
        board = face._board  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- whom calls really reach
        assert list(board.directory.servers) == ["new19"]
