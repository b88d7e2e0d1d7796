"""The orchestrator, real MCP servers and what is behind them, as the test strategy describes it, name by name.

Behind them are stand-ins, or the real applications that TEST_SABNZBD_URL, TEST_SABNZBD_API_KEY and so on name. Those
are only read, but for a pause that is undone; what they should answer, each test finds out by asking them itself.
The plan has the thirty in one file, as its seventy-five unit tests.
"""

import math
import os
import re
import signal
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mcp_orchestrator import (
    CircuitBreakerOpenError,
    MCPConnectionError,
    MCPTimeoutError,
    MCPToolError,
    OutcomeUnknownError,
)
from tests.fixtures.network import Network
from tests.fixtures.orchestrating import PATIENCE_S, Orchestrated, eventually, orchestrating, prepared
from tests.fixtures.serving import free_port
from tests.fixtures.systems import NAMES, START_S, System, Systems, address, far, serving_over_http

READS = {"sabnzbd": "get_queue", "sonarr": "get_series", "radarr": "get_movies", "plex": "get_libraries"}
LARGEST_PAGE = 100


def asked(whole: Orchestrated, server: str, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool that must succeed, and return its answer."""
    answer: dict[str, Any] = whole.face.call_tool(server, tool, arguments, timeout=START_S).data
    return answer


def listed(whole: Orchestrated, server: str, tool: str, limit: int = LARGEST_PAGE, **arguments: str) -> list[Any]:
    """Return a whole list, page by page."""
    items: list[Any] = []
    while True:
        page = asked(whole, server, tool, limit=limit, offset=len(items), **arguments)
        items += page["items"]
        assert page["unreadable"] == 0
        assert len(page["items"]) <= limit
        if page["next_offset"] is None:
            assert len(items) == page["total"]
            return items


def around_today(days: int) -> tuple[str, str]:
    today = datetime.now(UTC).date()
    return str(today - timedelta(days=days)), str(today + timedelta(days=days))


def pid_of(whole: Orchestrated, server: str) -> int:
    return int(whole.face.get_server_status(server)["pid"])


def memory_bytes(pid: int) -> int:
    """Return what a process holds in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


class TestConnections:
    """Four servers, connected, lost and checked."""

    def test_connect_to_all_real_servers(self, unconnected: Orchestrated, systems: Systems) -> None:
        assert unconnected.face.get_connected_servers() == []

        assert unconnected.face.connect_all() == dict.fromkeys(NAMES, True)

        assert unconnected.face.get_connected_servers() == list(NAMES)
        for name, tool in READS.items():
            assert tool in {entry["name"] for entry in unconnected.face.list_tools(name)}
            assert asked(unconnected, name, "get_version")["version"] == systems[name].version()

    def test_reconnect_after_connection_loss(self, systems: Systems) -> None:
        with (
            serving_over_http(systems["sabnzbd"]) as server,
            Network(address(server.url)) as network,
            orchestrating({"sabnzbd": far(network.url, max_retries=500)}) as whole,
        ):
            before = asked(whole, "sabnzbd", "get_version")
            network.down()
            call = whole.face.submit("sabnzbd", "get_version", timeout=START_S)
            eventually(lambda: whole.face.get_server_status("sabnzbd")["retries"], "the call is tried again")

            network.up()

            assert call.result(timeout=START_S).data == before
            assert whole.face.reconnect("sabnzbd")
            assert asked(whole, "sabnzbd", "get_version") == before

    def test_health_check_real_servers(self, whole: Orchestrated, systems: Systems) -> None:
        assert whole.face.health_check_all() == dict.fromkeys(NAMES, True)

        for name, system in systems.items():
            checked = whole.face.health_check_detailed(name)
            assert (checked["server"], checked["healthy"], checked["status"]) == (name, True, "up")
            assert checked["response_time"] > 0
            assert datetime.fromisoformat(checked["last_check_time"]).utcoffset() == timedelta(0)
            behind = asked(whole, name, "health_check")
            assert behind["healthy"] or (system.stub is None and behind["issues"])

    def test_connection_pool_with_real_servers(self, whole: Orchestrated) -> None:
        before = whole.face.get_connection_pool_state()
        seen: list[dict[str, dict[str, int]]] = []
        calls = [{"server": name, "tool": "get_version"} for name in NAMES for _ in range(10)]

        outcomes = whole.face.call_tools_parallel(
            calls, on_result=lambda _: seen.append(whole.face.get_connection_pool_state())
        )

        eventually(lambda: len(seen) == len(calls), "each outcome is told")
        assert all(outcome.success for outcome in outcomes)
        assert all(pool["in_flight"] <= pool["max_concurrent"] for state in seen for pool in state.values())
        eventually(lambda: whole.face.get_connection_pool_state() == before, "all idle again, and none connected anew")

    def test_concurrent_connections_to_real_servers(self, unconnected: Orchestrated) -> None:
        with ThreadPoolExecutor(2 * len(NAMES)) as threads:
            assert all(threads.map(unconnected.face.connect, [*NAMES, *NAMES]))

        states = [unconnected.face.get_server_status(name) for name in NAMES]
        assert len({state["pid"] for state in states}) == len(NAMES)
        assert [state["connects"] for state in states] == [1, 1, 1, 1]


class TestTools:
    """What the tools answer is what the applications say."""

    def test_sabnzbd_get_queue(self, whole: Orchestrated, systems: Systems) -> None:
        queue = asked(whole, "sabnzbd", "get_queue", limit=LARGEST_PAGE)

        known = systems["sabnzbd"].ask("queue", limit=LARGEST_PAGE)["queue"]
        assert [item["nzo_id"] for item in queue["items"]] == [slot["nzo_id"] for slot in known["slots"]]
        assert (queue["total"], queue["paused"]) == (known["noofslots"], known["paused"])
        assert all(0 <= item["remaining_bytes"] <= item["size_bytes"] for item in queue["items"])

    def test_sabnzbd_get_history(self, whole: Orchestrated, systems: Systems) -> None:
        history = asked(whole, "sabnzbd", "get_history", limit=LARGEST_PAGE)

        known = systems["sabnzbd"].ask("history", limit=LARGEST_PAGE)["history"]
        assert [item["nzo_id"] for item in history["items"]] == [slot["nzo_id"] for slot in known["slots"]]
        assert history["total"] == known["noofslots"]
        failed = [slot["nzo_id"] for slot in known["slots"] if slot["status"] == "Failed"]
        assert [item["nzo_id"] for item in history["items"] if item["status"] == "failed"] == failed

    def test_sonarr_get_series(self, whole: Orchestrated, systems: Systems) -> None:
        series = listed(whole, "sonarr", "get_series")

        known = {one["id"]: one for one in systems["sonarr"].ask("/series")}
        assert {one["series_id"]: one["title"] for one in series} == {
            number: one["title"] for number, one in known.items()
        }
        assert all(one["tvdb_id"] == known[one["series_id"]]["tvdbId"] for one in series)

    def test_sonarr_get_calendar(self, whole: Orchestrated, systems: Systems) -> None:
        first, last = around_today(30)

        episodes = listed(whole, "sonarr", "get_calendar", start=first, end=last)

        known = systems["sonarr"].ask("/calendar", start=f"{first}T00:00:00Z", end=f"{last}T23:59:59Z")
        assert {one["episode_id"] for one in episodes} == {one["id"] for one in known}
        assert [one["air_at"] for one in episodes] == sorted(one["air_at"] for one in episodes)

    def test_radarr_get_movies(self, whole: Orchestrated, systems: Systems) -> None:
        movies = listed(whole, "radarr", "get_movies")

        known = systems["radarr"].ask("/movie")
        assert {one["movie_id"]: one["tmdb_id"] for one in movies} == {one["id"]: one["tmdbId"] for one in known}

    def test_radarr_search_movies(self, whole: Orchestrated, systems: Systems) -> None:
        library = systems["radarr"].ask("/movie")
        term = library[0]["title"] if library else "Nosferatu"

        found = asked(whole, "radarr", "search_movies", term=term, limit=5)["items"]

        known = systems["radarr"].ask("/movie/lookup", term=term)[:5]
        assert [(one["tmdb_id"], one["title"]) for one in found] == [(one["tmdbId"], one["title"]) for one in known]
        assert found or systems["radarr"].stub is None

    def test_plex_get_libraries(self, whole: Orchestrated, systems: Systems) -> None:
        libraries = listed(whole, "plex", "get_libraries")

        known = systems["plex"].ask("/library/sections")["MediaContainer"].get("Directory", [])
        assert [(one["library_id"], one["title"], one["type"]) for one in libraries] == [
            (int(one["key"]), one["title"], one["type"]) for one in known
        ]

    def test_tool_execution_with_complex_params(self, whole: Orchestrated, systems: Systems) -> None:
        term = 'Größer & „wahn“? 100% #1 / "Ω"'
        start, end = around_today(180)

        assert asked(whole, "plex", "search", term=term, limit=1)["offset"] == 0
        in_twos = listed(whole, "sonarr", "get_calendar", 2, start=start, end=end)
        assert in_twos == listed(whole, "sonarr", "get_calendar", start=start, end=end)
        error = whole.error(whole.face.submit("sonarr", "get_series", {"limit": 0, "page": 1}), MCPToolError)

        assert (error.executed, "limit" in error.message, "page" in error.message) == ("yes", True, True)
        if (stub := systems["plex"].stub) is not None:
            assert term in {request.query.get("query") for request in stub.seen}  # It has arrived as it is.

    def test_tool_execution_returns_metadata(self, whole: Orchestrated) -> None:
        first, second = (whole.face.call_tool(name, "get_version").metadata for name in ("sonarr", "plex"))

        assert (first.server, first.tool, first.attempts) == ("sonarr", "get_version", 1)
        assert (second.server, second.tool, second.attempts) == ("plex", "get_version", 1)
        assert first.request_id != second.request_id
        assert 0 <= first.queued_s <= first.duration_s
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", first.protocol)

    @pytest.mark.e2e
    def test_sequential_tool_calls_maintain_state(self, whole: Orchestrated, systems: Systems) -> None:
        def states() -> tuple[Any, ...]:
            known = systems["sabnzbd"].ask("queue", limit=1)["queue"]["paused"]
            return asked(whole, "sabnzbd", "get_queue")["paused"], known

        was_paused = states()[0]
        try:
            asked(whole, "sabnzbd", "pause_queue")
            assert states() == (True, True)
            assert asked(whole, "sabnzbd", "get_status")["state"] == "paused"
            asked(whole, "sabnzbd", "resume_queue")
            assert states() == (False, False)
        finally:
            asked(whole, "sabnzbd", "pause_queue" if was_paused else "resume_queue")


@pytest.mark.e2e
class TestCoordination:
    """What takes more than one server."""

    def test_parallel_calls_to_different_servers(self, whole: Orchestrated, systems: Systems) -> None:
        outcomes = whole.face.call_tools_parallel([{"server": name, "tool": "get_version"} for name in NAMES])

        assert [outcome.server for outcome in outcomes] == list(NAMES)
        assert [outcome.data["version"] for outcome in outcomes] == [systems[name].version() for name in NAMES]

    def test_aggregate_data_from_multiple_servers(self, whole: Orchestrated, systems: Systems) -> None:
        outcomes = whole.face.call_tools_parallel(
            [{"server": name, "tool": tool, "params": {"limit": 1}} for name, tool in READS.items()]
        )

        totals = {outcome.server: outcome.data["total"] for outcome in outcomes}
        assert totals == {
            "sabnzbd": systems["sabnzbd"].ask("queue", limit=1)["queue"]["noofslots"],
            "sonarr": len(systems["sonarr"].ask("/series")),
            "radarr": len(systems["radarr"].ask("/movie")),
            "plex": systems["plex"].ask("/library/sections")["MediaContainer"]["size"],
        }

    def test_cross_server_workflow(self, whole: Orchestrated, systems: Systems) -> None:
        """What SABnzbd has completed is looked for in Plex."""
        completed = asked(whole, "sabnzbd", "get_history", status="completed", limit=5)["items"]
        libraries = {one["library_id"]: one["title"] for one in listed(whole, "plex", "get_libraries")}
        titles = [item["name"].split(".")[0] for item in completed]

        outcomes = whole.face.call_tools_parallel(
            [{"server": "plex", "tool": "search", "params": {"term": title}} for title in titles]
        )

        assert completed or systems["sabnzbd"].stub is None
        assert all(item["status"] == "completed" and item["path"] for item in completed)
        assert all(outcome.success for outcome in outcomes)
        where = {
            title: {libraries[item["library_id"]] for item in outcome.data["items"]}
            for title, outcome in zip(titles, outcomes, strict=True)
        }
        assert list(where) == list(dict.fromkeys(titles))

    def test_partial_failure_graceful_degradation(self, whole: Orchestrated) -> None:
        outcomes = whole.face.call_tools_parallel(
            [
                {"server": "sabnzbd", "tool": "get_status"},
                {"server": "sonarr", "tool": "get_series_by_id", "params": {"series_id": 999_999_999}},
                {"server": "radarr", "tool": "get_movies", "params": {"limit": 1}},
                {"server": "plex", "tool": "no_such_tool"},
                {"server": "plex", "tool": "get_libraries", "params": {}},
            ]
        )

        assert [outcome.success for outcome in outcomes] == [True, False, True, False, True]
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        assert [(type(error), error.executed) for error in errors] == [(MCPToolError, "yes"), (MCPToolError, "no")]
        assert "999999999" in errors[0].message
        assert all(whole.breaker(name) == "closed" for name in NAMES)  # Answers, all of them.

    def test_server_priority_routing(self, systems: Systems) -> None:
        order = {"sabnzbd": 30, "sonarr": 10, "radarr": 20}  # All three have a get_queue.
        sections = {name: systems[name].section(priority=priority) for name, priority in order.items()}
        with orchestrating(sections, start_timeout_s=START_S) as whole:

            def chosen() -> str:
                return whole.face.call_tool(None, "get_queue").metadata.server

            assert chosen() == "sonarr"
            assert whole.face.disconnect("sonarr")
            assert chosen() == "radarr"
            assert whole.face.disconnect("radarr")
            assert chosen() == "sabnzbd"
            assert whole.face.connect("sonarr")
            assert chosen() == "sonarr"


class TestRecovery:
    """What breaks between the orchestrator and its servers, or in them, and what comes after."""

    @pytest.fixture
    def network(self, systems: Systems) -> Iterator[Network]:
        """Yield what is between an orchestrator and the server for Sonarr."""
        with serving_over_http(systems["sonarr"]) as server, Network(address(server.url)) as network:
            yield network

    def test_recover_from_network_timeout(self, network: Network) -> None:
        with orchestrating({"sonarr": far(network.url)}) as whole:
            before = asked(whole, "sonarr", "get_version")
            network.hold()

            error = whole.error(whole.face.submit("sonarr", "get_version", timeout=0.3), MCPTimeoutError)

            assert (error.server, error.tool) == ("sonarr", "get_version")
            network.go_on()
            assert asked(whole, "sonarr", "get_version") == before
            assert whole.breaker("sonarr") == "closed"

    def test_retry_on_transient_server_error(self, network: Network) -> None:
        with orchestrating({"sonarr": far(network.url)}) as whole:
            before = whole.face.call_tool("sonarr", "get_version")
            network.fail_next_call(503)

            after = whole.face.call_tool("sonarr", "get_version")

            assert after.data == before.data
            assert (before.metadata.attempts, after.metadata.attempts) == (1, 2)

    @pytest.mark.e2e
    def test_circuit_breaker_with_real_failures(self, systems: Systems) -> None:
        breaker = {"failure_threshold": 3, "open_s": 0.2, "open_cap_s": 0.2}
        with (
            serving_over_http(systems["radarr"]) as server,
            orchestrating({"radarr": far(server.url, breaker=breaker, max_retries=0)}) as whole,
        ):
            assert whole.serves("radarr", "get_version")
            server.kill()

            errors = [whole.face.submit("radarr", "get_version").exception(PATIENCE_S) for _ in range(10)]

            first_refused = [type(error) for error in errors].index(CircuitBreakerOpenError)
            assert first_refused >= 3
            assert all(isinstance(error, MCPConnectionError | OutcomeUnknownError) for error in errors[:first_refused])
            assert isinstance(errors[-1], CircuitBreakerOpenError)
            assert errors[-1].retry_after_s is not None
            server.start()
            server.wait()
            eventually(lambda: whole.serves("radarr", "get_version"), "the first that may go is answered")
            eventually(lambda: whole.serves("radarr", "get_version"), "and the second")
            eventually(lambda: whole.breaker("radarr") == "closed", "two calls went well")

    @pytest.mark.e2e
    def test_reconnect_after_server_restart(self, systems: Systems) -> None:
        with orchestrating({"sabnzbd": systems["sabnzbd"].section(reconnect_base_s=0.01)}) as whole:
            before, pid = listed(whole, "sabnzbd", "get_history"), pid_of(whole, "sabnzbd")

            os.kill(pid, signal.SIGKILL)
            eventually(lambda: whole.state("sabnzbd") == "ready" and pid_of(whole, "sabnzbd") != pid, "a new child")

            assert listed(whole, "sabnzbd", "get_history") == before
            assert whole.face.get_server_status("sabnzbd")["connects"] == 2

    @pytest.mark.e2e
    def test_continue_operation_with_degraded_service(self, systems: Systems) -> None:
        """Sonarr itself is down, and the server for Radarr; the rest goes on."""
        nowhere = f"http://127.0.0.1:{free_port()}"
        sonarr = systems["sonarr"]
        dead = System(application=sonarr.application, url=nowhere, secret=sonarr.secret, stub=None)
        sections = {
            "sabnzbd": systems["sabnzbd"].section(),
            "sonarr": dead.section(),
            "radarr": far(f"{nowhere}/mcp"),
            "plex": systems["plex"].section(),
        }
        with prepared(sections, start_timeout_s=START_S) as whole:
            assert whole.face.connect_all() == dict.fromkeys(NAMES, True) | {"radarr": False}

            batches = [
                whole.face.call_tools_parallel([{"server": name, "tool": "get_version"} for name in NAMES])
                for _ in range(3)
            ]

            for batch in batches:
                outcomes: Mapping[str, Any] = {outcome.server: outcome for outcome in batch}
                assert [name for name, outcome in outcomes.items() if outcome.success] == ["sabnzbd", "plex"]
                assert outcomes["sonarr"].error.executed == "yes"
                assert "cannot be reached" in outcomes["sonarr"].error.message
                assert isinstance(outcomes["radarr"].error, MCPConnectionError | CircuitBreakerOpenError)
                assert outcomes["radarr"].error.executed == "no"
            assert whole.face.health_check_all() == dict.fromkeys(NAMES, True) | {"radarr": False}
            assert not asked(whole, "sonarr", "health_check")["healthy"]


class TestPerformance:
    """Many calls: none is lost, nothing piles up, none takes longer than the plan allows."""

    def test_high_throughput_tool_calls(self, whole: Orchestrated) -> None:
        before = whole.face.get_stats()

        outcomes = whole.face.call_tools_parallel([{"server": "sabnzbd", "tool": "get_queue"}] * 100)

        assert all(outcome.success for outcome in outcomes)
        made = before["calls_per_server"]["sabnzbd"] + 100
        eventually(lambda: whole.face.get_stats()["calls_per_server"]["sabnzbd"] == made, "all are counted, once")
        after = whole.face.get_stats()
        assert (after["failures"], after["unaccounted_calls"]) == (before["failures"], 0)

    @pytest.mark.e2e
    def test_concurrent_parallel_batches(self, whole: Orchestrated) -> None:
        batch = [{"server": "sabnzbd", "tool": "get_status"}, {"server": "plex", "tool": "get_libraries"}]
        with ThreadPoolExecutor(10) as threads:
            batches = list(threads.map(whole.face.call_tools_parallel, [batch] * 10))

        assert [[outcome.server for outcome in outcomes] for outcomes in batches] == [["sabnzbd", "plex"]] * 10
        assert all(outcome.success for outcomes in batches for outcome in outcomes)

    def test_connection_pool_efficiency(self, whole: Orchestrated) -> None:
        before, pid = whole.face.get_connection_pool_state(), pid_of(whole, "radarr")

        for _ in range(50):
            asked(whole, "radarr", "get_version")

        assert pid_of(whole, "radarr") == pid
        eventually(lambda: whole.face.get_connection_pool_state() == before, "idle again, and not connected anew")
        assert before["radarr"]["connections"] == 1

    def test_memory_usage_under_load(self, whole: Orchestrated) -> None:
        calls = [{"server": name, "tool": tool} for name, tool in READS.items()] * 13
        processes = [os.getpid(), *(pid_of(whole, name) for name in NAMES)]
        whole.face.call_tools_parallel(calls[:50])  # What is made once is made.
        before = [memory_bytes(process) for process in processes]

        for _ in range(10):
            assert all(outcome.success for outcome in whole.face.call_tools_parallel(calls[:50]))

        grown = [memory_bytes(process) - was for process, was in zip(processes, before, strict=True)]
        assert max(grown) < 30 * 1024 * 1024, grown
        eventually(lambda: whole.face.get_pending_calls() == 0, "nothing is pending")

    def test_response_time_percentiles(self, whole: Orchestrated) -> None:
        took: list[float] = []
        for _ in range(100):
            began = time.perf_counter()
            asked(whole, "sabnzbd", "get_queue")
            took.append(time.perf_counter() - began)

        took.sort()
        within = {share: took[math.ceil(len(took) * share / 100) - 1] for share in (50, 95, 99)}
        assert within[50] < 0.5, within
        assert within[95] < 1.0, within
        assert within[99] < 2.0, within
