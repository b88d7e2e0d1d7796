"""The load scenarios of the specification. Outcomes and states are asserted; how long it took is printed."""

import asyncio
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from faults.faulty_server import FaultyServer
from mcp_orchestrator import (
    AsyncMCPOrchestrator,
    CircuitBreakerOpenError,
    MCPOrchestratorError,
    OutcomeUnknownError,
    ToolResult,
)
from tests.fixtures.media_servers import NAMES, stdio_sections

LIMIT_S = 120.0  # Of a call. The machine may be slow; a call that is lost is found out by then.
RECOVERY_S = 60.0


@contextmanager
def timed(what: str) -> Generator[None]:
    began = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began:.2f} s")  # noqa: T201 -- shown by pytest -s, and with a failure


@pytest.fixture(scope="module")
def media() -> Iterator[AsyncMCPOrchestrator]:
    """Yield an orchestrator of the four media servers, each a child of its own."""
    sections = {name: {**section, "timeout_s": LIMIT_S} for name, section in stdio_sections().items()}
    orchestrator = AsyncMCPOrchestrator(
        {"orchestrator": {"state": "memory", "start_timeout_s": 60.0}, "servers": sections}
    )
    assert asyncio.run(orchestrator.connect_all()) == dict.fromkeys(NAMES, True)
    yield orchestrator
    assert asyncio.run(orchestrator.shutdown()) == []


@pytest.mark.timeout(240)
def test_a_thousand_calls_to_one_server(media: AsyncMCPOrchestrator) -> None:
    async def scenario() -> list[ToolResult]:
        return await asyncio.gather(*[media.call_tool("sabnzbd", "get_queue", {}) for _ in range(1000)])

    with timed("1,000 calls of get_queue"):
        results = asyncio.run(scenario())

    assert len(results) == 1000
    assert all(result.data["items"] for result in results)
    stats = media.get_stats()
    assert (stats["calls_per_server"]["sabnzbd"], stats["failures"], stats["unaccounted_calls"]) == (1000, 0, 0)
    assert media.get_circuit_breaker_state("sabnzbd")["state"] == "closed"


@pytest.mark.timeout(240)
def test_a_hundred_batches_of_four_servers(media: AsyncMCPOrchestrator) -> None:
    batch_of_four: list[dict[str, Any]] = [{"server": name, "tool": "health_check", "params": {}} for name in NAMES]
    batches = [batch_of_four for _ in range(100)]

    async def scenario() -> None:
        outcomes = await asyncio.gather(*[media.call_tools_parallel(batch) for batch in batches])
        assert all([outcome.server for outcome in batch] == list(NAMES) for batch in outcomes)
        assert all(outcome.success for batch in outcomes for outcome in batch)

    with timed("100 batches of 4 health_check"):
        asyncio.run(scenario())

    assert media.get_stats()["pending_calls"] == 0


def test_a_hundred_calls_to_a_failing_server_open_the_breaker_and_it_recovers() -> None:
    with FaultyServer() as failing:
        section = {
            "url": failing.url,
            "breaker": {"open_s": 0.2, "open_cap_s": 0.2},
            "tools": {"write": {"aliases": ["tool"]}},
        }
        config = {"orchestrator": {"state": "memory"}, "servers": {"failing_server": section}}
        with timed("100 calls to a failing server, and its recovery"):
            asyncio.run(fail_and_recover(config, failing))


async def fail_and_recover(config: dict[str, Any], failing: FaultyServer) -> None:
    async with AsyncMCPOrchestrator(config) as orchestrator:
        failing.status(500, runs=True)
        kinds: Counter[type[MCPOrchestratorError]] = Counter()
        for _ in range(100):
            try:
                await orchestrator.call_tool("failing_server", "tool", {})
            except MCPOrchestratorError as error:
                kinds[type(error)] += 1

        assert set(kinds) == {OutcomeUnknownError, CircuitBreakerOpenError}
        assert kinds.total() == 100
        assert failing.executed.total() == kinds[OutcomeUnknownError]  # No call ran twice; those refused never.
        assert orchestrator.get_circuit_breaker_state("failing_server")["state"] in {"open", "half_open"}

        failing.heal()
        give_up_at = time.monotonic() + RECOVERY_S
        while orchestrator.get_circuit_breaker_state("failing_server")["state"] != "closed":
            assert time.monotonic() < give_up_at
            try:
                await orchestrator.call_tool("failing_server", "tool", {})
            except CircuitBreakerOpenError as error:
                await asyncio.sleep(min(error.retry_after_s or 0.0, 0.05))
        assert orchestrator.get_stats()["unaccounted_calls"] == 0
