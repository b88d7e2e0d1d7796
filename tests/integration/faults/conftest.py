"""A server that breaks on command, and an orchestrator that calls it."""

from collections.abc import Iterator
from typing import Any

import pytest

from faults.faulty_server import FaultyServer
from tests.fixtures.orchestrating import Orchestrated, Section, orchestrating

# What is waited for is waited for shortly. Annotations are believed over both transports.
QUICK: Section = {
    "trust_annotations": True,
    "retry_base_s": 0.01,
    "retry_cap_s": 0.05,
    "reconnect_base_s": 0.01,
    "reconnect_cap_s": 0.05,
    "max_response_bytes": 100_000,
    "breaker": {"open_s": 0.1, "open_cap_s": 0.1},
}


@pytest.fixture
def weather() -> Iterator[FaultyServer]:
    with FaultyServer() as server:
        yield server


@pytest.fixture(params=["http", "stdio"])
def section(request: pytest.FixtureRequest, weather: FaultyServer) -> dict[str, Any]:
    """Return how to reach it, each way in turn."""
    return {**QUICK, **({"url": weather.url} if request.param == "http" else {"command": weather.command})}


@pytest.fixture
def whole(section: dict[str, Any]) -> Iterator[Orchestrated]:
    with orchestrating({"weather": section}) as orchestrated:
        yield orchestrated
