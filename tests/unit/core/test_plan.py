"""The tests that the plan names are all there, and make the pyramid that it draws."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
UNIT = "tests/unit/core/test_mcp_orchestrator.py"
INTEGRATION = "tests/integration/core/test_mcp_orchestrator_integration.py"
THIRTY = {
    "TestConnections": """connect_to_all_real_servers reconnect_after_connection_loss health_check_real_servers
        connection_pool_with_real_servers concurrent_connections_to_real_servers""",
    "TestTools": """sabnzbd_get_queue sabnzbd_get_history sonarr_get_series sonarr_get_calendar radarr_get_movies
        radarr_search_movies plex_get_libraries tool_execution_with_complex_params tool_execution_returns_metadata
        sequential_tool_calls_maintain_state""",
    "TestCoordination": """parallel_calls_to_different_servers aggregate_data_from_multiple_servers
        cross_server_workflow partial_failure_graceful_degradation server_priority_routing""",
    "TestRecovery": """recover_from_network_timeout retry_on_transient_server_error circuit_breaker_with_real_failures
        reconnect_after_server_restart continue_operation_with_degraded_service""",
    "TestPerformance": """high_throughput_tool_calls concurrent_parallel_batches connection_pool_efficiency
        memory_usage_under_load response_time_percentiles""",
}

pytestmark = pytest.mark.slow  # Each asks pytest, in a process of its own, what it would run.


def collected(path: str, markers: str = "") -> list[str]:
    """Return the tests that pytest finds, in order, those of several cases once."""
    told = subprocess.run(  # noqa: S603 -- our own tests
        [sys.executable, "-m", "pytest", path, "--collect-only", "-q", "-m", markers, "-p", "no:cacheprovider"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    return list(dict.fromkeys(re.findall(r"::(\w+::\w+)", told)))


def test_the_thirty_integration_tests_are_there_by_name_and_marked() -> None:
    named = [f"{group}::test_{name}" for group, names in THIRTY.items() for name in names.split()]

    assert len(named) == 30
    assert collected(INTEGRATION, "integration") == named


def test_seven_in_ten_are_unit_tests_two_integration_tests_and_one_end_to_end() -> None:
    unit = collected(UNIT, "not integration")
    alone = collected(INTEGRATION, "integration and not e2e")
    end_to_end = collected(INTEGRATION, "e2e")

    assert (len(unit), len(alone), len(end_to_end)) == (75, 20, 10)
