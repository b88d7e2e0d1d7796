"""The blocking face: what callers get wrong, and what they get when something else does."""

import signal
import threading
from typing import Any

import pytest

from actors.errors import (
    CallCancelledError,
    ConfigurationError,
    MCPOrchestratorError,
    MCPTimeoutError,
    ServerUnavailableError,
    UnknownServerError,
)
from mcp_orchestrator import CallOutcome, MCPOrchestrator
from tests.fixtures.faces import blocking, config, facing
from tests.fixtures.manual_time import in_background, until

BAD: Any = 7  # What a type checker would not let a caller say.


def test_any_other_request_can_be_sent() -> None:
    with blocking("a") as (face, _):
        assert face.request("a", "prompts/get", {"name": "x"})["structuredContent"] == {"of": "prompts/get"}
        with pytest.raises(ValueError, match="method must be"):
            face.request("a", BAD)
        for ours in ("initialize", "notifications/initialized"):
            with pytest.raises(ValueError, match="connections are opened and kept for you"):
                face.request("a", ours)
        with pytest.raises(TypeError, match="params must be"):
            face.request("a", "prompts/get", BAD)


def test_a_call_says_where_it_was_and_what_came_of_it() -> None:
    with blocking("a", servers={"b": {"priority": 1}}) as (face, _):
        assert face.call_tool(None, "get_queue").metadata.server == "b"
        result = face.call_tool("a", "get_queue", {"limit": 5})

    assert result.data == {"of": "get_queue"}
    assert (result.metadata.server, result.metadata.tool, result.metadata.attempts) == ("a", "get_queue", 1)


class Silent:
    """The mailbox of an actor that lives and never answers."""

    def tell(self, message: object) -> None:
        """Keep it to itself."""

    def is_alive(self) -> bool:
        """Say so."""
        return True


def test_a_face_speaks_for_an_actor_that_is_silent_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_orchestrator.blocking.GRACE_S", 0.1)
    with blocking("a") as (face, _):
        board = face._board  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        router, board.router = board.router, Silent()
        call = in_background(lambda: face.call_tool("a", "get_queue", timeout=0.01))
        batch = in_background(
            lambda: face.call_tools_parallel([{"server": "a", "tool": "get_queue"}] * 2, timeout=0.01)
        )

        error = call.exception(timeout=10)
        outcomes = batch.result(timeout=10)
        board.router = router

        assert isinstance(error, MCPTimeoutError)
        assert (error.executed, error.server, error.tool) == ("no", "a", "get_queue")
        assert [(type(outcome.error), outcome.executed) for outcome in outcomes] == [(MCPTimeoutError, "no")] * 2


def test_ctrl_c_cancels_the_call_and_is_raised() -> None:
    with blocking("a") as (face, scripts):
        scripts.hold = True

        def interrupt() -> None:
            assert scripts.exchange("a", "get_queue").write()
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

        interrupting = in_background(interrupt)
        with pytest.raises(KeyboardInterrupt):
            face.call_tool("a", "get_queue")
        interrupting.result(timeout=5)

        until(lambda: scripts.failed)
        assert isinstance(scripts.failed[0].error, CallCancelledError)
        assert scripts.failed[0].error.executed == "unknown"
        assert scripts.exchange("a", "get_queue").aborted


def test_ctrl_c_cancels_a_batch_and_is_raised() -> None:
    with blocking("a") as (face, scripts):
        scripts.hold = True

        def interrupt() -> None:
            scripts.exchange("a", "get_queue")
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

        interrupting = in_background(interrupt)
        with pytest.raises(KeyboardInterrupt):
            face.call_tools_parallel([{"server": "a", "tool": "get_queue"}] * 3, max_parallel=1)
        interrupting.result(timeout=5)

        until(lambda: face.get_pending_calls() == 0)
        assert scripts.wire("a").executed == []


def test_on_error_is_told_of_a_failed_call_and_may_raise(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    with blocking("a") as (face, scripts):
        scripts.hold = True
        scripts.failed = Raising()
        face._engine._on_error = scripts.failed.append  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        call = face.submit("a", "get_queue")
        call.cancel()
        assert isinstance(call.exception(timeout=5), CallCancelledError)
        scripts.hold = False

        assert face.call_tool("a", "add_nzb").data


class Raising(list[Any]):
    """Raises what would end a thread."""

    def append(self, item: Any) -> None:
        super().append(item)
        raise SystemExit


def test_callbacks_may_exit_and_call_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    with blocking("a") as (face, _):
        seen: list[CallOutcome] = []

        def leave(_completed: int, _total: int) -> None:
            raise SystemExit

        def again(outcome: CallOutcome) -> None:
            seen.append(outcome)
            assert face.call_tool("a", "get_queue").data  # An actor's thread would wait for itself here.
            seen.append(outcome)

        face.call_tools_parallel([{"server": "a", "tool": "add_nzb"}], progress_callback=leave, on_result=again)

        until(lambda: len(seen) == 2)


def test_connections_are_made_and_ended_by_name() -> None:
    with facing(MCPOrchestrator, "a", servers={"b": {"aliases": ["bee"]}, "off": {"enabled": False}}) as (face, _):
        assert face.connect_all() == {"a": True, "b": True}
        assert face.connect("bee")
        assert face.get_connected_servers() == ["a", "b"]
        assert face.disconnect("bee")
        assert (face.is_connected("b"), face.is_connected("a")) == (False, True)
        assert face.reconnect("a")
        assert face.get_server_status("a")["connection"] == 2
        assert not face.connect("off")
        assert face.disconnect_all() == {"a": True, "b": True}
        with pytest.raises(UnknownServerError):
            face.connect("nobody")


def test_a_server_that_does_not_connect_holds_nobody_up_for_longer_than_start_timeout_s() -> None:
    with facing(MCPOrchestrator, "a", "b", start_timeout_s=0.1) as (face, scripts):
        scripts.wire("b").script("initialize", None)

        assert face.connect_all() == {"a": True, "b": False}


def test_a_reload_touches_what_changed_and_a_bad_one_nothing() -> None:
    with blocking("a", "b") as (face, scripts):
        with pytest.raises(ConfigurationError):
            face.reload({"servers": {"a": {"command": ["a"], "tiemout": 3}}})
        assert list(face.config.servers) == ["a", "b"]

        assert face.reload(config("a", servers={"c": {}})) == ["b", "c"]
        until(lambda: face.is_connected("c"))

        assert face.call_tool("c", "get_queue").data
        assert len(scripts.wire("a").connections) == 1
        with pytest.raises(UnknownServerError):
            face.call_tool("b", "get_queue")


def test_a_shut_down_orchestrator_refuses_and_can_be_asked_how_it_was() -> None:
    with blocking("a") as (face, _):
        assert face.shutdown() == []
        assert face.shutdown() == []

        error = face.submit("a", "get_queue").exception(timeout=0)
        assert isinstance(error, ServerUnavailableError)
        assert face.check_for_leaks() == {"connections": 0, "threads": 0, "children": 0, "calls": 0}
        assert face.get_server_status("a")["state"] == "stopped"
        assert face.explain("a")[1] == "Calls are refused: the orchestrator was shut down."


def test_shutdown_timeout_s_is_how_long_calls_may_finish() -> None:
    with blocking("a", shutdown_timeout_s=3.0) as (face, scripts):
        scripts.hold = True
        call = face.submit("a", "get_queue")
        scripts.exchange("a", "get_queue").write()
        ending = in_background(face.shutdown)
        until(lambda: face.get_server_status("a")["state"] == "draining")

        scripts.runtime.advance(2.9)
        assert not call.done()
        scripts.runtime.advance(0.2)

        assert isinstance(call.exception(timeout=5), MCPOrchestratorError)
        assert ending.result(timeout=5) == []


def test_restart_keeps_the_configuration_and_connects_again() -> None:
    with blocking("a") as (face, _):
        before = face.config

        assert face.restart() == {"a": True}

        assert face.config is before
        assert face.call_tool("a", "get_queue").data


def test_max_parallel_calls_is_the_usual_limit_of_a_batch() -> None:
    with blocking("a", max_parallel_calls=2) as (face, scripts):
        scripts.hold = True
        batch = in_background(lambda: face.call_tools_parallel([{"server": "a", "tool": "get_queue"}] * 5))
        until(lambda: len(scripts.wire("a").exchanges) == 2)
        assert face.get_pending_calls() == 2
        scripts.hold = False
        for exchange in scripts.wire("a").exchanges[:2]:
            assert exchange.write()
            exchange.answer()

        assert len(batch.result(timeout=5)) == 5


def test_health_is_asked_for_and_told_in_the_words_of_the_specification() -> None:
    with blocking("a", "b") as (face, scripts):
        assert face.health_check("a")
        scripts.wire("b").script("ping", MCPTimeoutError("no answer", executed="unknown"))
        assert face.health_check_all() == {"a": True, "b": False}
        detailed = face.health_check_detailed("a")

    assert {"server", "healthy", "response_time", "last_check_time"} <= detailed.keys()
    assert (detailed["healthy"], detailed["status"], detailed["misses"]) == (True, "up", 0)
    assert detailed["last_check_time"].endswith("+00:00")


def test_periodic_checks_can_be_stopped_and_started() -> None:
    with blocking("a") as (face, scripts):
        face.stop_periodic_health_checks()
        scripts.runtime.advance(100.0)
        face.start_periodic_health_checks(5.0)
        assert face.health_check("a")  # The supervisor has read all that.
        assert scripts.wire("a").said.count("ping") == 1

        scripts.runtime.advance(6.0)
        until(lambda: scripts.wire("a").said.count("ping") == 2)


def test_a_handle_holds_a_name_and_outlives_its_actors(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL")
    with blocking("a") as (face, scripts):
        handle = face.server("a")

        assert handle.get_queue(limit=5).result(timeout=5).data == {"of": "get_queue"}
        assert handle["sonarr.queue"]().result(timeout=5).data == {"of": "sonarr.queue"}
        assert handle["status"]().result(timeout=5).data == {"of": "status"}
        assert handle.call("add_nzb", {"url": "x"}, timeout=3).result(timeout=5).data
        assert set(dir(handle)) == {"call", "tools", "status", "get_queue", "add_nzb"}
        assert handle.tools == ["get_queue", "add_nzb", "sonarr.queue", "status"]
        assert handle.status["connected"]
        assert repr(handle) == "ServerHandle('a')"
        with pytest.raises(AttributeError):
            _ = handle._private  # noqa: SLF001
        with pytest.raises(TypeError, match="params must be a dict"):
            handle.call("add_nzb", BAD)
        with pytest.raises(TypeError, match="params must be a dict"):
            handle.call("add_nzb", [])  # type: ignore[arg-type]

        board = face._board  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        (server,) = board.directory.servers.values()
        server.tell("nonsense")
        until(lambda: server not in board.directory.servers.values())
        scripts.runtime.advance(0.5)
        assert handle.get_queue().result(timeout=5).data == {"of": "get_queue"}


def test_as_a_context_it_connects_and_shuts_down() -> None:
    with facing(MCPOrchestrator, "a") as (face, scripts):
        with face as entered:
            assert entered.call_tool("a", "get_queue").data

        assert scripts.wire("a").connections[0].ended == "closed"
