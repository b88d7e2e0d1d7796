"""The orchestrator as its test strategy describes it, name by name. The servers live in the test, the threads are real.

Where a test moves time itself, nothing happens but what it lets happen: counts and pauses are exact.
"""

import asyncio
import gc
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from actors.call import Call, Outcome
from actors.errors import MCPOrchestratorError
from mcp_orchestrator import (
    AsyncMCPOrchestrator,
    CallCancelledError,
    CircuitBreakerOpenError,
    ConfigurationError,
    FailedCall,
    MCPConnectionError,
    MCPOrchestrator,
    MCPTimeoutError,
    MCPToolError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from tests.fixtures.fake_clients import TOOLS, ErrorKind, structured, text
from tests.fixtures.fleet import Fleet
from tests.fixtures.manual_time import LIMIT_S, eventually, in_background, on_a_loop, until
from tests.fixtures.mcp_orchestrator_fixtures import (
    BatchFactory,
    BreakerStateFactory,
    ClientFactory,
    ConfigFactory,
    ToolCallFactory,
)

ErrorFactory = Callable[[ErrorKind], MCPOrchestratorError]
ALL = list(TOOLS)
NOTHING_LEFT = {"connections": 0, "threads": 0, "children": 0, "calls": 0}


class TestOrchestratorConnectionManagement:
    """Initialization, connections, their pool, and what becomes of them."""

    def test_orchestrator_initialization_with_config(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())

        assert list(orchestrator.config.servers) == ALL
        assert orchestrator.get_connected_servers() == []
        assert [client.connects for client in fleet.clients.values()] == [0, 0, 0, 0]

    @pytest.mark.parametrize("face", [MCPOrchestrator, AsyncMCPOrchestrator])
    def test_orchestrator_requires_configuration(
        self, face: type[MCPOrchestrator] | type[AsyncMCPOrchestrator]
    ) -> None:
        with pytest.raises(ValueError, match="config"):
            face(None)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- the mistake

    def test_orchestrator_validates_config_structure(self) -> None:
        with pytest.raises(ConfigurationError, match=r"sabnzbd\.timeout"):
            MCPOrchestrator({"sabnzbd": {"command": ["sabnzbd"], "timeout": "soon"}})
        with pytest.raises(ConfigurationError, match=r"either command .* or url"):
            MCPOrchestrator({"sabnzbd": {}})
        with pytest.raises(TypeError, match="config"):
            MCPOrchestrator(42)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- the mistake

    def test_connect_all_connects_to_all_enabled_servers(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())

        assert orchestrator.connect_all() == dict.fromkeys(ALL, True)

        assert orchestrator.get_connected_servers() == ALL
        assert [client.connects for client in fleet.clients.values()] == [1, 1, 1, 1]

    def test_connect_all_skips_disabled_servers(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(disabled_servers=["plex"]))

        assert orchestrator.connect_all() == dict.fromkeys(["sabnzbd", "sonarr", "radarr"], True)

        assert not orchestrator.is_connected("plex")
        assert fleet["plex"].connects == 0

    def test_connect_all_handles_partial_connection_failure(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mock_mcp_client_factory: ClientFactory,
    ) -> None:
        mock_mcp_client_factory("sonarr", connection_fails=True)
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every={"reconnect_base_s": 0.001}))

        assert orchestrator.connect_all() == {**dict.fromkeys(ALL, True), "sonarr": False}

        assert orchestrator.get_connected_servers() == ["sabnzbd", "radarr", "plex"]
        assert orchestrator.call_tool("radarr", "get_movies").data["server"] == "radarr"

    def test_connect_all_retries_failed_connections(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        time = fleet.stop_time()
        fleet["sonarr"].then("initialize", connection_error_factory("refused"), connection_error_factory("timeout"))
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every={"reconnect_base_s": 0.5}))

        connecting = in_background(orchestrator.connect_all)
        pauses = [time.pass_on(), time.pass_on()]

        assert connecting.result(LIMIT_S) == dict.fromkeys(ALL, True)
        assert all(_near(pause_s, said_s) for pause_s, said_s in zip(pauses, [0.5, 1.0], strict=True))
        assert fleet["sonarr"].connects == 3

    def test_connect_all_respects_max_retries(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mock_mcp_client_factory: ClientFactory,
    ) -> None:
        time = fleet.stop_time()
        sonarr = mock_mcp_client_factory("sonarr", connection_fails=True)
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every={"max_retries": 3}))

        connecting = in_background(orchestrator.connect_all)
        for _ in range(3):
            time.pass_on()

        assert connecting.result(LIMIT_S)["sonarr"] is False
        assert sonarr.connects == 4

    def test_disconnect_all_closes_all_connections(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        assert orchestrator.disconnect_all() == dict.fromkeys(ALL, True)

        assert [(client.closed, client.open) for client in fleet.clients.values()] == [(1, 0)] * 4
        assert orchestrator.get_connected_servers() == []
        with pytest.raises(MCPConnectionError, match="not connected"):
            orchestrator.call_tool("sabnzbd", "get_queue")

    def test_reconnect_specific_server(self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()
        orchestrator.disconnect("sonarr")

        assert orchestrator.reconnect("sonarr")

        assert orchestrator.call_tool("sonarr", "get_series").data["server"] == "sonarr"
        assert [client.connects for client in fleet.clients.values()] == [1, 2, 1, 1]

    def test_is_connected_returns_connection_status(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())

        assert orchestrator.connect("radarr")

        assert orchestrator.is_connected("radarr")
        assert not orchestrator.is_connected("sonarr")
        with pytest.raises(ValueError, match="Invalid server"):
            orchestrator.is_connected("lidarr")

    def test_connection_pooling_reuses_connections(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        for _ in range(5):
            orchestrator.call_tool("sabnzbd", "get_queue")

        assert len(fleet["sabnzbd"].calls) == 5
        assert fleet["sabnzbd"].connects == 1

    @on_a_loop
    async def test_connection_pool_limits_concurrent_connections(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        sabnzbd = fleet["sabnzbd"]
        sabnzbd.hold()
        custom = {"sabnzbd": {"max_concurrent_requests": 2}}
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory(custom_configs=custom))
        await orchestrator.connect_all()

        calls = asyncio.gather(*(orchestrator.call_tool("sabnzbd", "get_queue", {"n": n}) for n in range(5)))
        full = {"max_concurrent": 2, "in_flight": 2, "waiting": 3, "connections": 1}
        await eventually(lambda: orchestrator.get_connection_pool_state()["sabnzbd"] == full)
        for _ in range(5):
            await eventually(lambda: sabnzbd.held)
            sabnzbd.held[0].answer()

        assert [result.data["arguments"]["n"] for result in await calls] == [0, 1, 2, 3, 4]
        assert sabnzbd.most_in_flight == 2

    def test_concurrent_connection_attempts_are_safe(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        for client in fleet.clients.values():
            client.hold("initialize")
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())

        attempts = [in_background(orchestrator.connect_all) for _ in range(8)]
        until(lambda: all(client.held for client in fleet.clients.values()))
        for client in fleet.clients.values():
            client.let("initialize")

        assert [attempt.result(LIMIT_S) for attempt in attempts] == [dict.fromkeys(ALL, True)] * 8
        assert [client.connects for client in fleet.clients.values()] == [1, 1, 1, 1]

    def test_connection_timeout_handling(self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory) -> None:
        time, sabnzbd = fleet.stop_time(), fleet["sabnzbd"]
        sabnzbd.hold("initialize")
        custom = {"sabnzbd": {"handshake_timeout_s": 5.0, "max_retries": 0}}
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(custom_configs=custom))

        connecting = in_background(lambda: orchestrator.connect("sabnzbd"))

        assert _near(time.pass_on(), 5.0)
        assert connecting.result(LIMIT_S) is False
        assert "no answer within 5 s" in orchestrator.get_server_status("sabnzbd")["reason"]
        sabnzbd.let("initialize")
        assert orchestrator.connect("sabnzbd")

    def test_connection_keepalive_mechanism(self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory) -> None:
        time = fleet.stop_time()
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(keepalive_interval=30.0))
        orchestrator.connect_all()

        for checks in (1, 2, 3):
            time.advance(30.0)
            until(partial(_all_checked, orchestrator, checks))

        assert [client.pings for client in fleet.clients.values()] == [3, 3, 3, 3]
        assert [client.connects for client in fleet.clients.values()] == [1, 1, 1, 1]
        assert orchestrator.get_connected_servers() == ALL

    def test_connection_state_persistence_across_restarts(
        self,
        tmp_path: Path,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
        circuit_breaker_state_factory: BreakerStateFactory,
    ) -> None:
        every = {"circuit_breaker_threshold": 1, "circuit_breaker_timeout": 30.0}
        config = mcp_orchestrator_config_factory(state="disk", state_dir=str(tmp_path), every=every)
        first = fleet.orchestrator(config)
        first.connect_all()
        fleet["sonarr"].then("get_series", connection_error_factory("reset"))
        first.call_tool("sabnzbd", "get_queue")
        with pytest.raises(OutcomeUnknownError):
            first.call_tool("sonarr", "get_series")
        assert first.shutdown() == []

        second = fleet.orchestrator(config)

        opened = circuit_breaker_state_factory("open", failure_count=1, threshold=1, timeout=30.0)
        assert opened.items() <= second.get_circuit_breaker_state("sonarr").items()
        restored = second.restore_state()["sabnzbd"]
        assert (restored["calls"], restored["tools"], restored["circuit_breaker"]) == (1, 3, "closed")
        assert [tool["name"] for tool in second.list_tools("sabnzbd")] == list(TOOLS["sabnzbd"])
        assert fleet["sabnzbd"].connects == 1

    def test_auto_reconnect_on_connection_loss(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()
        orchestrator.call_tool("plex", "get_libraries")

        fleet["plex"].die()

        assert orchestrator.call_tool("plex", "get_libraries").data["server"] == "plex"
        assert fleet["plex"].connects == 2
        assert fleet["plex"].open == 1

    @on_a_loop
    async def test_graceful_shutdown_waits_for_pending_requests(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        fleet["sabnzbd"].hold()
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()
        pending = asyncio.ensure_future(orchestrator.call_tool("sabnzbd", "get_queue"))
        await eventually(lambda: fleet["sabnzbd"].held)

        stopping = asyncio.ensure_future(orchestrator.shutdown())
        await eventually(lambda: orchestrator.get_server_status("sabnzbd")["state"] == "draining")

        assert not pending.done()
        assert not stopping.done()
        with pytest.raises(ServerUnavailableError, match="shutting down"):
            await orchestrator.call_tool("plex", "get_libraries")
        fleet["sabnzbd"].let()
        assert (await pending).data["server"] == "sabnzbd"
        assert await stopping == []

    def test_connection_metrics_tracking(self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()
        orchestrator.reconnect("sabnzbd")
        orchestrator.call_tool("sabnzbd", "get_queue")

        until(lambda: orchestrator.get_server_status("sabnzbd")["in_flight"] == 0)
        until(lambda: orchestrator.get_server_status("sabnzbd")["calls"] == 1)

        status = orchestrator.get_server_status("sabnzbd")
        assert (status["connected"], status["connects"], status["connection"]) == (True, 2, 2)
        pools = orchestrator.get_connection_pool_state()
        assert pools["sabnzbd"] == {"max_concurrent": 10, "in_flight": 0, "waiting": 0, "connections": 2}
        assert pools["sonarr"]["connections"] == 1


class TestOrchestratorToolRouting:
    """A call reaches the server it names, with what it was given, and brings back what that said."""

    def test_call_tool_routes_to_correct_server(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        assert orchestrator.call_tool("sabnzbd", "get_queue", {}).data["server"] == "sabnzbd"

        assert [len(client.calls) for client in fleet.clients.values()] == [1, 0, 0, 0]

    def test_call_tool_validates_server_name(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        with pytest.raises(ValueError, match="Invalid server 'invalid'"):
            orchestrator.call_tool("invalid", "tool", {})
        with pytest.raises(ValueError, match="did you mean 'sonarr'"):
            orchestrator.call_tool("sonar", "", params="invalid")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] -- the server's name is looked at first

    def test_call_tool_validates_server_is_connected(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(disabled_servers=["plex"]))
        orchestrator.connect("sabnzbd")

        for server in ("sonarr", "plex"):
            with pytest.raises(MCPConnectionError, match="not connected") as refusal:
                orchestrator.call_tool(server, "", {})
            assert (refusal.value.server, refusal.value.executed) == (server, "no")

    @pytest.mark.parametrize("tool", ["", "  ", None])
    def test_call_tool_validates_tool_name(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory, tool: str
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        with pytest.raises(ValueError, match="name of a tool"):
            orchestrator.call_tool("sabnzbd", tool, {})

    @pytest.mark.parametrize("params", ["invalid", [1], 7])
    def test_call_tool_validates_params_type(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory, params: Any
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        with pytest.raises(TypeError, match="params must be a dict"):
            orchestrator.call_tool("sabnzbd", "get_queue", params=params)

        assert fleet["sabnzbd"].calls == []

    def test_call_tool_passes_params_correctly(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()
        params = {"query": "Breaking Bad", "limit": 5, "filter": {"tags": ["hd", None], "score": 0.5}, "ä": True}

        orchestrator.call_tool("sonarr", "search_series", params)
        orchestrator.call_tool("sonarr", "get_series")

        assert [(call.label, call.arguments) for call in fleet["sonarr"].calls] == [
            ("search_series", params),
            ("get_series", {}),
        ]

    def test_call_tool_returns_result_data(self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()
        fleet["sabnzbd"].then("get_queue", structured({"slots": [1]}), text('{"slots": [2]}'), text("paused"))

        results = [orchestrator.call_tool("sabnzbd", "get_queue") for _ in range(3)]

        assert [result.data for result in results] == [{"slots": [1]}, {"slots": [2]}, "paused"]
        assert results[2].content == [{"type": "text", "text": "paused"}]

    def test_call_tool_handles_tool_not_found_error(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        with pytest.raises(MCPToolError, match="no tool named 'get_everything'") as failure:
            orchestrator.call_tool("sabnzbd", "get_everything", {})

        assert (failure.value.code, failure.value.executed) == (-32602, "no")
        assert fleet["sabnzbd"].calls == []

    def test_call_tool_handles_tool_execution_error(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every={"circuit_breaker_threshold": 1}))
        orchestrator.connect_all()
        fleet["sabnzbd"].then("add_nzb", text("no such URL", is_error=True))

        with pytest.raises(MCPToolError, match="no such URL") as failure:
            orchestrator.call_tool("sabnzbd", "add_nzb", {"url": "nowhere"})

        assert (failure.value.server, failure.value.tool, failure.value.executed) == ("sabnzbd", "add_nzb", "yes")
        assert failure.value.result == text("no such URL", is_error=True)
        assert orchestrator.call_tool("sabnzbd", "add_nzb").data["tool"] == "add_nzb"  # No news of the server.

    @on_a_loop
    async def test_call_tool_respects_timeout_parameter(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        time, sabnzbd = fleet.stop_time(), fleet["sabnzbd"]
        sabnzbd.hold()
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()

        call = asyncio.ensure_future(orchestrator.call_tool("sabnzbd", "get_queue", timeout=8.0))
        await eventually(lambda: sabnzbd.held)
        time.advance(8.0)

        with pytest.raises(MCPTimeoutError, match="no answer within 8 s") as failure:
            await call
        assert isinstance(failure.value, TimeoutError)
        assert (failure.value.server, failure.value.tool) == ("sabnzbd", "get_queue")
        assert failure.value.executed == "unknown"
        await eventually(lambda: len(sabnzbd.cancelled) == 1)

    def test_call_tool_uses_default_timeout_if_not_specified(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        time, sabnzbd = fleet.stop_time(), fleet["sabnzbd"]
        sabnzbd.hold("get_queue")
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every={"timeout": 20.0}))
        orchestrator.connect_all()

        call = orchestrator.submit("sabnzbd", "get_queue")
        until(lambda: sabnzbd.held)
        time.advance(19.0)
        orchestrator.call_tool("sabnzbd", "get_history")

        assert not call.done()
        time.advance(1.0)
        with pytest.raises(MCPTimeoutError, match="no answer within 20 s"):
            call.result(LIMIT_S)

    def test_list_available_tools_for_server(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        page: dict[str, Any] = {"tools": [{"name": "get_queue", "description": "What is loading"}], "nextCursor": "2"}
        fleet["sabnzbd"].then("tools/list", page, {"tools": [{"name": "pause_queue"}]})
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        assert orchestrator.list_tools("sabnzbd") == []

        orchestrator.connect_all()

        assert orchestrator.list_tools("sabnzbd") == [*page["tools"], {"name": "pause_queue"}]

    def test_list_all_tools_across_all_servers(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(disabled_servers=["plex"]))
        orchestrator.connect_all()

        listed = orchestrator.list_all_tools()

        names = {server: tuple(tool["name"] for tool in tools) for server, tools in listed.items()}
        assert names == {server: TOOLS[server] for server in ("sabnzbd", "sonarr", "radarr")}

    def test_tool_routing_with_alias_names(self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory) -> None:
        tools = {"get_series": {"aliases": ["shows"]}}
        custom: dict[str, dict[str, Any]] = {
            "sabnzbd": {"aliases": ["sab"]},
            "sonarr": {"aliases": ["tv"], "tools": tools},
        }
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(custom_configs=custom))
        orchestrator.connect_all()

        assert orchestrator.call_tool("sab", "get_queue").metadata.server == "sabnzbd"
        assert orchestrator.call_tool("tv", "shows").data == {"server": "sonarr", "tool": "get_series", "arguments": {}}
        assert orchestrator.is_connected("tv")

    def test_call_tool_includes_metadata_in_result(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every={"retry_base_s": 0.001}))
        orchestrator.connect_all()
        fleet["plex"].then("get_libraries", connection_error_factory("refused"))

        results = [orchestrator.call_tool("plex", "get_libraries") for _ in range(2)]

        retried, plain = (result.metadata for result in results)
        assert (plain.server, plain.tool, plain.protocol) == ("plex", "get_libraries", "2025-11-25")
        assert (retried.attempts, plain.attempts) == (2, 1)
        assert retried.request_id < plain.request_id
        assert 0.0 <= plain.queued_s <= plain.duration_s


class TestOrchestratorParallelExecution:
    """Many calls, one list: in order, complete, within limits."""

    @on_a_loop
    async def test_call_tools_parallel_executes_multiple_calls(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mcp_batch_tool_calls_factory: BatchFactory,
    ) -> None:
        for client in fleet.clients.values():
            client.hold()
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()

        batch = asyncio.ensure_future(orchestrator.call_tools_parallel(mcp_batch_tool_calls_factory(count=4)))
        await eventually(lambda: all(client.held for client in fleet.clients.values()))  # All at once.
        for client in fleet.clients.values():
            client.let()

        assert [outcome.success for outcome in await batch] == [True] * 4

    @on_a_loop
    async def test_call_tools_parallel_maintains_call_order(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mcp_batch_tool_calls_factory: BatchFactory,
    ) -> None:
        sabnzbd = fleet["sabnzbd"]
        sabnzbd.hold()
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()
        ended: list[int] = []

        calls = mcp_batch_tool_calls_factory(count=5, servers=["sabnzbd"])
        batch = asyncio.ensure_future(
            orchestrator.call_tools_parallel(calls, on_result=lambda outcome: ended.append(outcome.index))
        )
        await eventually(lambda: len(sabnzbd.held) == 5)
        for exchange in reversed(list(sabnzbd.held)):
            exchange.answer()

        assert [outcome.data["arguments"]["number"] for outcome in await batch] == [0, 1, 2, 3, 4]
        await eventually(lambda: ended == [4, 3, 2, 1, 0])

    @on_a_loop
    async def test_call_tools_parallel_handles_mixed_success_failure(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mcp_tool_call_factory: ToolCallFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        fleet["radarr"].then("get_movies", text("database is locked", is_error=True))
        fleet["plex"].then("scan_library", connection_error_factory("reset"))
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()

        outcomes = await orchestrator.call_tools_parallel(
            [
                mcp_tool_call_factory("sabnzbd", "get_queue"),
                mcp_tool_call_factory("radarr", "get_movies"),
                mcp_tool_call_factory("plex", "scan_library", {"library_id": 1}),
                mcp_tool_call_factory("lidarr", "get_artists"),
                mcp_tool_call_factory("sonarr", "get_series"),
            ]
        )

        assert [outcome.success for outcome in outcomes] == [True, False, False, False, True]
        assert [type(outcome.error) for outcome in outcomes[1:3]] == [MCPToolError, OutcomeUnknownError]
        assert "Invalid server 'lidarr'" in str(outcomes[3].error)

    @on_a_loop
    async def test_call_tools_parallel_aggregates_results_correctly(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        fleet["sonarr"].then("get_queue", structured({"records": 3}))
        fleet["sabnzbd"].then("get_queue", structured({"slots": 7}))
        fleet["plex"].then("get_libraries", text("token expired", is_error=True))
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()

        outcomes = await orchestrator.call_tools_parallel(
            [
                {"server": "sonarr", "tool": "get_queue", "params": {}},
                {"server": "plex", "tool": "get_libraries"},
                {"server": "sabnzbd", "tool": "get_queue", "params": {"limit": 9}},
            ]
        )

        assert {outcome.server: outcome.data for outcome in outcomes} == {
            "sonarr": {"records": 3},
            "plex": None,
            "sabnzbd": {"slots": 7},
        }
        assert [(outcome.tool, outcome.executed) for outcome in outcomes] == [
            ("get_queue", "yes"),
            ("get_libraries", "yes"),
            ("get_queue", "yes"),
        ]
        assert [outcome.error and outcome.error.message for outcome in outcomes] == [None, "token expired", None]

    @on_a_loop
    async def test_call_tools_parallel_respects_individual_timeouts(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mcp_tool_call_factory: ToolCallFactory,
    ) -> None:
        time = fleet.stop_time()
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()
        timeouts = {"sabnzbd": 5.0, "sonarr": 10.0, "radarr": None}
        for server in timeouts:
            fleet[server].hold()
        ended: list[str] = []

        calls = [mcp_tool_call_factory(name, TOOLS[name][0], timeout=limit_s) for name, limit_s in timeouts.items()]
        batch = asyncio.ensure_future(
            orchestrator.call_tools_parallel(calls, on_result=lambda outcome: ended.append(outcome.server))
        )
        await eventually(lambda: all(fleet[server].held for server in timeouts))
        time.advance(5.0)
        await eventually(lambda: ended == ["sabnzbd"])
        time.advance(5.0)
        await eventually(lambda: ended == ["sabnzbd", "sonarr"])
        fleet["radarr"].let()

        outcomes = await batch
        assert [type(outcome.error) for outcome in outcomes] == [MCPTimeoutError, MCPTimeoutError, type(None)]
        assert "within 5 s" in str(outcomes[0].error)
        assert "within 10 s" in str(outcomes[1].error)

    @on_a_loop
    async def test_call_tools_parallel_limits_concurrency(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mcp_batch_tool_calls_factory: BatchFactory,
    ) -> None:
        sabnzbd = fleet["sabnzbd"]
        sabnzbd.hold()
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()

        calls = mcp_batch_tool_calls_factory(count=12, servers=["sabnzbd"])
        batch = asyncio.ensure_future(orchestrator.call_tools_parallel(calls, max_parallel=3))
        await eventually(lambda: len(sabnzbd.held) == 3)
        for _ in calls:
            await eventually(lambda: sabnzbd.held)
            sabnzbd.held[0].answer()

        assert [outcome.success for outcome in await batch] == [True] * 12
        assert sabnzbd.most_in_flight == 3

    @on_a_loop
    async def test_call_tools_parallel_cancels_pending_on_critical_failure(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mcp_tool_call_factory: ToolCallFactory,
    ) -> None:
        fleet["sabnzbd"].hold()
        fleet["radarr"].hold()
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()
        calls = [
            mcp_tool_call_factory("sabnzbd", "get_queue"),
            mcp_tool_call_factory("radarr", "get_movies", critical=True),
            mcp_tool_call_factory("plex", "scan_library"),
        ]

        batch = asyncio.ensure_future(
            orchestrator.call_tools_parallel(calls, max_parallel=2, cancel_on_critical_failure=True)
        )
        await eventually(lambda: fleet["sabnzbd"].held and fleet["radarr"].held)
        fleet["radarr"].held[0].answer(text("disk full", is_error=True))

        under_way, critical, unreleased = await batch
        assert isinstance(critical.error, MCPToolError)
        assert isinstance(under_way.error, CallCancelledError)
        assert isinstance(unreleased.error, CallCancelledError)
        assert (under_way.executed, unreleased.executed) == ("unknown", "no")
        assert fleet["plex"].calls == []

    @on_a_loop
    async def test_call_tools_parallel_returns_partial_results_on_timeout(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mcp_tool_call_factory: ToolCallFactory,
    ) -> None:
        time = fleet.stop_time()
        fleet["plex"].hold()
        fleet["sonarr"].hold()
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()
        calls = [mcp_tool_call_factory(server, TOOLS[server][0]) for server in ("sabnzbd", "plex", "sonarr", "radarr")]

        batch = asyncio.ensure_future(orchestrator.call_tools_parallel(calls, timeout=8.0, max_parallel=2))
        await eventually(lambda: fleet["plex"].held and fleet["sonarr"].held)
        time.advance(8.0)

        outcomes = await batch
        assert [outcome.success for outcome in outcomes] == [True, False, False, False]
        assert all(isinstance(outcome.error, MCPTimeoutError) for outcome in outcomes[1:])
        assert "no answer within 8 s" in str(outcomes[1].error)
        assert [outcome.executed for outcome in outcomes] == ["yes", "unknown", "unknown", "no"]
        assert fleet["radarr"].calls == []

    @on_a_loop
    async def test_call_tools_parallel_empty_list_returns_empty_results(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()

        assert await orchestrator.call_tools_parallel([]) == []

    @on_a_loop
    async def test_call_tools_parallel_provides_progress_callback(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mcp_batch_tool_calls_factory: BatchFactory,
    ) -> None:
        fleet["radarr"].then("get_movies", text("failures count too", is_error=True))
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()
        progress: list[tuple[int, int]] = []

        await orchestrator.call_tools_parallel(
            mcp_batch_tool_calls_factory(count=6),
            progress_callback=lambda completed, total: progress.append((completed, total)),
        )

        await eventually(lambda: len(progress) == 6)
        assert progress == [(completed, 6) for completed in range(1, 7)]


class TestOrchestratorErrorHandling:
    """What fails is tried again, left alone or told, each in its place."""

    def test_retry_logic_with_exponential_backoff(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        time = fleet.stop_time()
        fleet["sabnzbd"].then("get_queue", *(connection_error_factory("refused") for _ in range(3)))
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every={"retry_base_s": 0.1}))
        orchestrator.connect_all()

        call = orchestrator.submit("sabnzbd", "get_queue")
        pauses = [time.pass_on() for _ in range(3)]

        assert call.result(LIMIT_S).metadata.attempts == 4
        assert all(_near(pause_s, said_s) for pause_s, said_s in zip(pauses, [0.1, 0.2, 0.4], strict=True))

    def test_retry_logic_respects_max_retries(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        fleet["sabnzbd"].always("get_queue", lambda _: connection_error_factory("refused"))
        every = {"max_retries": 3, "retry_base_s": 0.001}
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every=every))
        orchestrator.connect_all()

        with pytest.raises(MCPConnectionError, match=r"sabnzbd.*connection refused"):
            orchestrator.call_tool("sabnzbd", "get_queue")

        assert len(fleet["sabnzbd"].calls) == 4

    def test_circuit_breaker_opens_after_failure_threshold(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
        circuit_breaker_state_factory: BreakerStateFactory,
    ) -> None:
        fleet["sonarr"].always("get_series", lambda _: connection_error_factory("reset"))
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every={"circuit_breaker_threshold": 3}))
        orchestrator.connect_all()

        for failures, state in [(1, "closed"), (2, "closed"), (3, "open")]:
            with pytest.raises(OutcomeUnknownError):
                orchestrator.call_tool("sonarr", "get_series")
            expected = circuit_breaker_state_factory(state, failure_count=failures, threshold=3)
            until(partial(_is_breaker, orchestrator, "sonarr", expected))

        assert orchestrator.get_circuit_breaker_state("sonarr")["last_failure_time"] is not None
        assert _is_breaker(orchestrator, "sabnzbd", circuit_breaker_state_factory("closed", threshold=3))

    def test_circuit_breaker_rejects_calls_when_open(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        time = fleet.stop_time()
        fleet["sonarr"].then("get_series", connection_error_factory("reset"))
        every = {"circuit_breaker_threshold": 1, "circuit_breaker_timeout": 20.0}
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every=every))
        orchestrator.connect_all()
        with pytest.raises(OutcomeUnknownError):
            orchestrator.call_tool("sonarr", "get_series")
        time.advance(5.0)

        with pytest.raises(CircuitBreakerOpenError) as refusal:
            orchestrator.call_tool("sonarr", "search_series")

        assert (refusal.value.server, refusal.value.tool) == ("sonarr", "search_series")
        assert refusal.value.executed == "no"
        assert _near(refusal.value.retry_after_s, 15.0)
        assert len(fleet["sonarr"].calls) == 1
        assert orchestrator.call_tool("sabnzbd", "get_queue").data["server"] == "sabnzbd"

    @on_a_loop
    async def test_circuit_breaker_transitions_to_half_open(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        time = fleet.stop_time()
        fleet["sonarr"].then("get_series", connection_error_factory("reset"))
        every = {"circuit_breaker_threshold": 1, "circuit_breaker_timeout": 8.0}
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory(every=every))
        await orchestrator.connect_all()
        with pytest.raises(OutcomeUnknownError):
            await orchestrator.call_tool("sonarr", "get_series")
        await eventually(lambda: _breaker(orchestrator) == "open")

        assert _near(await asyncio.to_thread(time.pass_on), 8.0)

        assert _breaker(orchestrator) == "half_open"
        await orchestrator.health_check("sonarr")  # Behind the probe, a ping too, that holds the door first.
        fleet["sonarr"].hold()
        probing = asyncio.ensure_future(orchestrator.call_tool("sonarr", "get_series"))
        await eventually(lambda: fleet["sonarr"].held)
        with pytest.raises(CircuitBreakerOpenError):  # One at a time.
            await orchestrator.call_tool("sonarr", "get_series")
        fleet["sonarr"].held[0].answer(connection_error_factory("reset"))
        with pytest.raises(OutcomeUnknownError):
            await probing
        await eventually(lambda: _breaker(orchestrator) == "open")

    def test_circuit_breaker_closes_after_successful_calls(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
        circuit_breaker_state_factory: BreakerStateFactory,
    ) -> None:
        time = fleet.stop_time()
        fleet["sonarr"].then("get_series", *(connection_error_factory("reset") for _ in range(5)))
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()
        for _ in range(5):
            with pytest.raises(OutcomeUnknownError):
                orchestrator.call_tool("sonarr", "get_series")
        time.pass_on()
        orchestrator.health_check("sonarr")  # Behind the probe, a ping too, that holds the door first.

        for state in [
            circuit_breaker_state_factory("half_open", failure_count=5, success_count=0),
            circuit_breaker_state_factory("half_open", failure_count=5, success_count=1),
        ]:
            until(partial(_is_breaker, orchestrator, "sonarr", state))
            orchestrator.call_tool("sonarr", "get_series")

        closed = circuit_breaker_state_factory("closed")
        until(lambda: _is_breaker(orchestrator, "sonarr", closed))

    @on_a_loop
    async def test_graceful_degradation_continues_with_available_servers(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mock_mcp_client_factory: ClientFactory,
        mcp_batch_tool_calls_factory: BatchFactory,
    ) -> None:
        mock_mcp_client_factory("sonarr", connection_fails=True)
        every = {"reconnect_base_s": 0.001, "max_retries": 1, "circuit_breaker_threshold": 2}
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory(every=every))
        await orchestrator.connect_all()

        outcomes = await orchestrator.call_tools_parallel(mcp_batch_tool_calls_factory(count=8))

        assert [outcome.server for outcome in outcomes if outcome.success] == ["sabnzbd", "radarr", "plex"] * 2
        assert all(outcome.executed == "no" for outcome in outcomes if not outcome.success)
        assert orchestrator.get_connected_servers() == ["sabnzbd", "radarr", "plex"]

    @on_a_loop
    async def test_error_aggregation_provides_detailed_failure_info(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mcp_batch_tool_calls_factory: BatchFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        fleet["sabnzbd"].always("get_queue", lambda _: connection_error_factory("refused"))
        fleet["sonarr"].then("get_series", connection_error_factory("reset"))
        fleet["radarr"].then("get_movies", text("database is locked", is_error=True))
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory(every={"retry_base_s": 0.001}))
        await orchestrator.connect_all()

        outcomes = await orchestrator.call_tools_parallel(mcp_batch_tool_calls_factory(count=4))

        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        assert [(error.server, error.tool, error.message, error.executed) for error in errors] == [
            ("sabnzbd", "get_queue", "connection refused", "no"),
            ("sonarr", "get_series", "connection reset by peer", "unknown"),
            ("radarr", "get_movies", "database is locked", "yes"),
        ]
        assert [type(error.__cause__) for error in errors[:2]] == [ConnectionRefusedError, ConnectionResetError]
        assert len({error.request_id for error in errors}) == 3
        failures = {"sabnzbd": 1, "sonarr": 1, "radarr": 1, "plex": 0}
        await eventually(lambda: orchestrator.get_stats()["failures_per_server"] == failures)

    @on_a_loop
    async def test_timeout_errors_are_handled_gracefully(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        time, plex = fleet.stop_time(), fleet["plex"]
        plex.hold("scan_library")
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory(every={"circuit_breaker_threshold": 1}))
        await orchestrator.connect_all()
        slow = asyncio.ensure_future(orchestrator.call_tool("plex", "scan_library", timeout=8.0))
        await eventually(lambda: plex.held)

        time.advance(8.0)

        with pytest.raises(MCPTimeoutError):
            await slow
        await eventually(lambda: plex.pings == 1)  # Asked whether it is the server: it is not.
        assert (await orchestrator.call_tool("plex", "get_libraries")).data["server"] == "plex"
        assert orchestrator.get_circuit_breaker_state("plex")["state"] == "closed"
        assert plex.connects == 1

    @on_a_loop
    async def test_connection_error_triggers_reconnection_attempt(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        sonarr = fleet["sonarr"]
        sonarr.hints = {"get_series": {"readOnlyHint": True}}
        orchestrator = fleet.async_orchestrator(
            mcp_orchestrator_config_factory(every={"retry_base_s": 0.001, "reconnect_base_s": 0.001})
        )
        await orchestrator.connect_all()
        sonarr.hold()
        reading = asyncio.ensure_future(orchestrator.call_tool("sonarr", "get_series"))
        writing = asyncio.ensure_future(orchestrator.call_tool("sonarr", "search_series"))
        await eventually(lambda: len(sonarr.held) == 2)

        sonarr.die()

        with pytest.raises(OutcomeUnknownError):
            await writing
        await eventually(lambda: sonarr.held)
        sonarr.let()
        assert (await reading).metadata.attempts == 2
        assert (sonarr.connects, sonarr.open) == (2, 1)

    def test_error_callback_is_invoked_on_failures(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        fleet["sabnzbd"].always("get_queue", lambda _: connection_error_factory("refused"))
        heard: list[FailedCall] = []
        every = {"retry_base_s": 0.001, "max_retries": 2}
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every=every), on_error=heard.append)
        orchestrator.connect_all()

        with pytest.raises(MCPConnectionError) as failure:
            orchestrator.call_tool("sabnzbd", "get_queue")
        orchestrator.call_tool("sabnzbd", "get_history")

        until(lambda: heard)
        assert heard == [FailedCall(server="sabnzbd", tool="get_queue", error=failure.value, attempt=3)]

    def test_retry_only_on_transient_errors(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        sabnzbd = fleet["sabnzbd"]
        sabnzbd.tools, sabnzbd.hints = ["read", "write"], {"read": {"readOnlyHint": True}}
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every={"retry_base_s": 0.001}))
        orchestrator.connect_all()

        def attempts(tool: str, failure: Outcome) -> int:
            sabnzbd.calls.clear()
            sabnzbd.then(tool, failure)
            orchestrator.submit("sabnzbd", tool).exception(LIMIT_S)
            return len(sabnzbd.calls)

        assert attempts("write", connection_error_factory("refused")) == 2  # The server never saw it.
        assert attempts("read", connection_error_factory("reset")) == 2  # It may have run, and may run twice.
        assert attempts("write", connection_error_factory("reset")) == 1  # It may have run.
        assert attempts("read", text("no", is_error=True)) == 1  # It was answered.
        assert attempts("read", MCPToolError("bad params", executed="no", code=-32602)) == 1


class TestOrchestratorHealthChecks:
    """Pings on the connection there is, and what is made of them."""

    def test_health_check_all_returns_status_for_all_servers(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        assert orchestrator.health_check_all() == dict.fromkeys(ALL, True)

        assert [(client.pings, client.connects) for client in fleet.clients.values()] == [(1, 1)] * 4

    @on_a_loop
    async def test_health_check_all_detects_unhealthy_server(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mock_mcp_client_factory: ClientFactory,
    ) -> None:
        mock_mcp_client_factory("radarr", health_check_result=False)
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()

        assert await orchestrator.health_check_all() == {**dict.fromkeys(ALL, True), "radarr": False}

    def test_health_check_single_server(self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        assert orchestrator.health_check("plex")

        assert [client.pings for client in fleet.clients.values()] == [0, 0, 0, 1]
        with pytest.raises(ValueError, match="Invalid server"):
            orchestrator.health_check("lidarr")

    def test_health_check_handles_connection_error(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        fleet["sonarr"].always("ping", lambda _: connection_error_factory("refused"))
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect("sonarr")

        assert orchestrator.health_check("sonarr") is False
        assert orchestrator.health_check("plex") is False  # Never connected.
        assert fleet["plex"].connects == 0

    def test_health_check_retries_on_transient_failure(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        fleet["sonarr"].then("ping", connection_error_factory("refused"))
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        assert orchestrator.health_check("sonarr")

        assert fleet["sonarr"].pings == 2
        assert _health(orchestrator, "sonarr")["misses"] == 0

    def test_health_check_marks_server_down_after_failures(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mock_mcp_client_factory: ClientFactory,
    ) -> None:
        radarr = mock_mcp_client_factory("radarr", health_check_result=False)
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        statuses: list[str] = []
        for _ in range(3):
            assert not orchestrator.health_check("radarr")
            statuses.append(_health(orchestrator, "radarr")["state"])

        assert statuses == ["unknown", "unknown", "down"]
        until(lambda: radarr.connects == 2)  # Down, it gets a new connection.
        radarr.always("ping", None)
        until(lambda: orchestrator.is_connected("radarr"))
        assert orchestrator.health_check_detailed("radarr")["status"] == "up"

    def test_periodic_health_checks_run_automatically(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        time, sabnzbd = fleet.stop_time(), fleet["sabnzbd"]
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        orchestrator.start_periodic_health_checks(interval=10.0)
        orchestrator.health_check("sabnzbd")
        for pings in (2, 3):
            time.advance(10.0)
            until(partial(_all_checked, orchestrator, pings, ["sabnzbd"]))
        orchestrator.stop_periodic_health_checks()
        orchestrator.health_check("sabnzbd")
        time.advance(100.0)
        orchestrator.health_check("sabnzbd")

        assert sabnzbd.pings == 5

    @on_a_loop
    async def test_health_check_includes_detailed_diagnostics(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()

        details = await orchestrator.health_check_detailed("sabnzbd")

        assert (details["server"], details["healthy"], details["status"]) == ("sabnzbd", True, "up")
        assert details["response_time"] >= 0.0
        assert datetime.fromisoformat(details["last_check_time"]).tzinfo is not None
        assert (details["state"], details["protocol"], details["circuit_breaker"]) == ("ready", "2025-11-25", "closed")
        assert (details["misses"], details["checks"]) == (0, 1)


class TestOrchestratorResourceManagement:
    """Whatever happens, nothing is left, and everything is counted."""

    def test_orchestrator_cleans_up_on_shutdown(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        threads = set(threading.enumerate())
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()

        assert orchestrator.shutdown() == []

        assert [(client.closed, client.open) for client in fleet.clients.values()] == [(1, 0)] * 4
        until(lambda: orchestrator.check_for_leaks() == NOTHING_LEFT)
        until(lambda: set(threading.enumerate()) <= threads)
        assert orchestrator.shutdown() == []
        with pytest.raises(ServerUnavailableError):
            orchestrator.submit("sabnzbd", "get_queue").result(LIMIT_S)

    @on_a_loop
    async def test_orchestrator_context_manager_support(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        async with fleet.async_orchestrator(mcp_orchestrator_config_factory()) as orchestrator:
            assert orchestrator.get_connected_servers() == ALL
        assert not any(client.open for client in fleet.clients.values())

        with fleet.orchestrator(mcp_orchestrator_config_factory()) as blocking:
            assert blocking.get_connected_servers() == ALL
        assert not any(client.open for client in fleet.clients.values())

    def test_orchestrator_handles_cleanup_errors(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()
        fleet["sonarr"].close_raises = RuntimeError("a transport's bug")

        assert orchestrator.shutdown() == []

        assert not any(client.open for client in fleet.clients.values())
        until(lambda: orchestrator.check_for_leaks() == NOTHING_LEFT)

    def test_resource_leak_detection(self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory) -> None:
        time, plex = fleet.stop_time(), fleet["plex"]
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()
        assert orchestrator.check_for_leaks() == NOTHING_LEFT
        plex.keeps_connections = True

        stopping = in_background(lambda: orchestrator.shutdown(timeout=8.0, force=True))
        until(lambda: plex.closed == 1 and _server_actors() == 1)
        time.advance(8.0)
        time.advance(1.0)

        assert stopping.result(LIMIT_S) == ["plex"]
        until(lambda: orchestrator.check_for_leaks() == {**NOTHING_LEFT, "connections": 1})
        plex.let_go()
        until(lambda: orchestrator.check_for_leaks() == NOTHING_LEFT)

    def test_restart_orchestrator_preserves_configuration(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        custom = {"sabnzbd": {"timeout": 60.0, "max_retries": 5, "aliases": ["sab"]}}
        heard: list[FailedCall] = []
        orchestrator = fleet.orchestrator(
            mcp_orchestrator_config_factory(custom_configs=custom, disabled_servers=["plex"]), on_error=heard.append
        )
        orchestrator.connect_all()
        before = orchestrator.config

        assert orchestrator.restart() == dict.fromkeys(["sabnzbd", "sonarr", "radarr"], True)

        assert orchestrator.config == before
        assert orchestrator.call_tool("sab", "get_queue").data["server"] == "sabnzbd"
        with pytest.raises(MCPToolError):
            orchestrator.call_tool("sab", "get_everything")
        until(lambda: heard)
        assert [client.connects for client in fleet.clients.values()] == [2, 2, 2, 0]

    def test_orchestrator_memory_usage_stays_bounded(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mcp_batch_tool_calls_factory: BatchFactory,
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory())
        orchestrator.connect_all()
        before = _count(Call)

        for _ in range(10):
            orchestrator.call_tools_parallel(mcp_batch_tool_calls_factory(count=20))
            for client in fleet.clients.values():
                client.forget()

        assert orchestrator.get_pending_calls() == 0
        last_in_hand = 1 + len(ALL)  # The router and each server keep what they did last.
        until(lambda: _count(Call) <= before + last_in_hand)

    @on_a_loop
    async def test_proper_task_cleanup_on_cancellation(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        mcp_batch_tool_calls_factory: BatchFactory,
    ) -> None:
        sabnzbd = fleet["sabnzbd"]
        sabnzbd.hold()
        heard: list[FailedCall] = []
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory(), on_error=heard.append)
        await orchestrator.connect_all()
        batch = mcp_batch_tool_calls_factory(count=2, servers=["sabnzbd"])
        tasks: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(orchestrator.call_tool("sabnzbd", "get_queue")),
            asyncio.ensure_future(orchestrator.call_tools_parallel(batch)),
        ]
        await eventually(lambda: len(sabnzbd.held) == 3)

        for task in tasks:
            task.cancel()

        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ends] == [asyncio.CancelledError] * 2
        await eventually(lambda: len(heard) == 3)
        assert [(type(failed.error), failed.error.executed) for failed in heard] == [
            (CallCancelledError, "unknown")
        ] * 3
        await eventually(lambda: len(sabnzbd.cancelled) == 3)
        await eventually(lambda: orchestrator.get_pending_calls() == 0)
        assert sabnzbd.held == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    @on_a_loop
    async def test_connection_pool_releases_on_error(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        time, sabnzbd = fleet.stop_time(), fleet["sabnzbd"]
        custom = {"sabnzbd": {"max_concurrent": 1}}
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory(custom_configs=custom))
        await orchestrator.connect_all()
        sabnzbd.then("get_queue", text("no", is_error=True), connection_error_factory("reset"))
        for error in (MCPToolError, OutcomeUnknownError):
            with pytest.raises(error):
                await orchestrator.call_tool("sabnzbd", "get_queue")
        sabnzbd.hold("add_nzb")
        slow = asyncio.ensure_future(orchestrator.call_tool("sabnzbd", "add_nzb", timeout=8.0))
        await eventually(lambda: sabnzbd.held)
        time.advance(8.0)
        with pytest.raises(MCPTimeoutError):
            await slow

        assert (await orchestrator.call_tool("sabnzbd", "get_queue")).data["server"] == "sabnzbd"

        await eventually(lambda: orchestrator.get_connection_pool_state()["sabnzbd"]["in_flight"] == 0)
        assert sabnzbd.most_in_flight == 1

    @on_a_loop
    async def test_graceful_shutdown_timeout(
        self, fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
    ) -> None:
        time, sabnzbd, plex = fleet.stop_time(), fleet["sabnzbd"], fleet["plex"]
        orchestrator = fleet.async_orchestrator(mcp_orchestrator_config_factory())
        await orchestrator.connect_all()
        sabnzbd.hold()
        pending = asyncio.ensure_future(orchestrator.call_tool("sabnzbd", "get_queue"))
        await eventually(lambda: sabnzbd.held)
        plex.keeps_connections = True

        stopping = asyncio.ensure_future(orchestrator.shutdown(graceful=True, timeout=8.0, force=True))
        await eventually(lambda: plex.closed == 1 and _state(orchestrator, "sabnzbd") == "draining")
        time.advance(8.0)
        with pytest.raises(OutcomeUnknownError):
            await pending
        await eventually(lambda: _server_actors() == 1)
        time.advance(1.0)

        assert await stopping == ["plex"]
        assert sabnzbd.open == 0

    def test_orchestrator_stats_tracking(
        self,
        fleet: Fleet,
        mcp_orchestrator_config_factory: ConfigFactory,
        connection_error_factory: ErrorFactory,
    ) -> None:
        orchestrator = fleet.orchestrator(mcp_orchestrator_config_factory(every={"retry_base_s": 0.001}))
        orchestrator.connect_all()
        fleet["sabnzbd"].then("get_queue", connection_error_factory("refused"))
        fleet["plex"].then("scan_library", text("no", is_error=True))
        orchestrator.call_tool("sabnzbd", "get_queue")
        orchestrator.call_tool("sabnzbd", "get_history")
        with pytest.raises(MCPToolError):
            orchestrator.call_tool("plex", "scan_library")
        orchestrator.health_check_all()

        expected = {
            "total_calls": 3,
            "total_health_checks": 4,
            "calls_per_server": {"sabnzbd": 2, "sonarr": 0, "radarr": 0, "plex": 1},
            "succeeded": 2,
            "failures": 1,
            "failed_with": {"MCPToolError": 1},
            "tool_errors": 1,
            "retries": 1,
            "pending_calls": 0,
            "unaccounted_calls": 0,
            "connected_servers": ALL,
        }
        until(lambda: _without_rest(orchestrator.get_stats(), expected) == expected)
        latency = orchestrator.get_stats()["latency_per_server"]
        assert latency["sabnzbd"]["p50"] <= latency["sabnzbd"]["p95"] <= latency["sabnzbd"]["p99"]
        assert latency["sonarr"] == {"p50": None, "p95": None, "p99": None}


def _health(orchestrator: MCPOrchestrator, server: str) -> dict[str, Any]:
    health: dict[str, Any] = orchestrator.get_server_status(server)["health"]
    return health


def _all_checked(orchestrator: MCPOrchestrator, checks: int, servers: Sequence[str] = ALL) -> bool:
    return all(_health(orchestrator, server)["checks"] == checks for server in servers)


def _state(orchestrator: AsyncMCPOrchestrator, server: str) -> str:
    return str(orchestrator.get_server_status(server)["state"])


def _breaker(orchestrator: AsyncMCPOrchestrator) -> str:
    return str(orchestrator.get_circuit_breaker_state("sonarr")["state"])


def _is_breaker(orchestrator: MCPOrchestrator, server: str, expected: dict[str, Any]) -> bool:
    return _without_rest(orchestrator.get_circuit_breaker_state(server), expected) == expected


def _without_rest(actual: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    return {key: actual[key] for key in expected}


def _server_actors() -> int:
    return sum(thread.name.startswith("ServerActor") for thread in threading.enumerate())


def _near(actual_s: float | None, expected_s: float) -> bool:
    return actual_s is not None and isclose(actual_s, expected_s)


def _count(kind: type) -> int:
    gc.collect()
    return sum(isinstance(thing, kind) for thing in gc.get_objects())
