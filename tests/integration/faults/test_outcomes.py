"""For each fault, with a tool that may be repeated and one that may not: how the call ends, and how often it ran."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from actors.errors import Executed
from faults.faulty_server import FaultyServer
from mcp_orchestrator import (
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    OutcomeUnknownError,
    ResponseTooLargeError,
    ServerUnavailableError,
)
from tests.fixtures.orchestrating import PATIENCE_S, Orchestrated, eventually

Ending = tuple[type[MCPOrchestratorError], Executed]

ATTEMPTS = 4  # max_retries + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`ends`: the error and its `executed`; None: an answer. `ran`: how often the tool did."""

    fault: Callable[[FaultyServer], None]
    ends: Ending | None
    ran: int
    timeout_s: float = PATIENCE_S


UNKNOWN: Ending = (OutcomeUnknownError, "unknown")
READ_CASES: dict[str, Case] = {
    "healthy": Case(fault=FaultyServer.heal, ends=None, ran=1),
    "late": Case(fault=lambda server: server.delay(0.05), ends=None, ran=1),
    "reset once": Case(fault=lambda server: server.reset(times=1), ends=None, ran=2),
    "reset once before it ran": Case(fault=lambda server: server.reset(times=1, runs=False), ends=None, ran=1),
    "reset always": Case(fault=FaultyServer.reset, ends=UNKNOWN, ran=ATTEMPTS),
    "half once": Case(fault=lambda server: server.half(times=1), ends=None, ran=2),
    "malformed once": Case(fault=lambda server: server.malformed(times=1), ends=None, ran=2),
    "malformed always": Case(fault=FaultyServer.malformed, ends=UNKNOWN, ran=ATTEMPTS),
    "oversized": Case(fault=lambda server: server.oversized(100_001), ends=(ResponseTooLargeError, "yes"), ran=1),
    "hang": Case(fault=FaultyServer.hang, ends=(MCPTimeoutError, "unknown"), ran=1, timeout_s=0.2),
    "drip": Case(fault=lambda server: server.drip(0.05), ends=(MCPTimeoutError, "unknown"), ran=1, timeout_s=0.2),
}
WRITE_CASES: dict[str, Case] = {
    **READ_CASES,
    "reset once": Case(fault=lambda server: server.reset(times=1), ends=UNKNOWN, ran=1),
    "reset once before it ran": Case(fault=lambda server: server.reset(times=1, runs=False), ends=UNKNOWN, ran=0),
    "reset always": Case(fault=FaultyServer.reset, ends=UNKNOWN, ran=1),
    "half once": Case(fault=lambda server: server.half(times=1), ends=UNKNOWN, ran=1),
    "malformed once": Case(fault=lambda server: server.malformed(times=1), ends=UNKNOWN, ran=1),
    "malformed always": Case(fault=FaultyServer.malformed, ends=UNKNOWN, ran=1),
}
UNAUTHORIZED: Ending = (ServerUnavailableError, "no")
HTTP_READ_CASES: dict[str, Case] = {
    "500 once": Case(fault=lambda server: server.status(500, times=1), ends=None, ran=1),
    "503 once": Case(fault=lambda server: server.status(503, times=1, retry_after_s=0), ends=None, ran=1),
    "503 always": Case(fault=lambda server: server.status(503), ends=UNKNOWN, ran=0),
    "503 that asks for more than there is": Case(
        fault=lambda server: server.status(503, retry_after_s=60), ends=UNKNOWN, ran=0
    ),
    "502 after it ran": Case(fault=lambda server: server.status(502, times=1, runs=True), ends=None, ran=2),
    "429 once": Case(fault=lambda server: server.status(429, times=1, retry_after_s=0), ends=None, ran=1),
    "401": Case(fault=lambda server: server.status(401), ends=UNAUTHORIZED, ran=0),
    "403": Case(fault=lambda server: server.status(403), ends=UNAUTHORIZED, ran=0),
    "session lost": Case(fault=FaultyServer.lose_session, ends=None, ran=1),
}
HTTP_WRITE_CASES: dict[str, Case] = {
    **HTTP_READ_CASES,
    "500 once": Case(fault=lambda server: server.status(500, times=1), ends=UNKNOWN, ran=0),
    "503 once": Case(fault=lambda server: server.status(503, times=1, retry_after_s=0), ends=UNKNOWN, ran=0),
    "502 after it ran": Case(fault=lambda server: server.status(502, times=1, runs=True), ends=UNKNOWN, ran=1),
}


def parameters(read: dict[str, Case], write: dict[str, Case]) -> list[Any]:
    cases = [("read", name, case) for name, case in read.items()]
    cases += [("write", name, case) for name, case in write.items()]
    return [pytest.param(tool, case, id=f"{tool}, {name}") for tool, name, case in cases]


def check(weather: FaultyServer, whole: Orchestrated, tool: str, case: Case) -> None:
    case.fault(weather)

    reply = whole.face.submit("weather", tool, {"id": "first"}, timeout=case.timeout_s)

    if case.ends is None:
        assert reply.result(timeout=PATIENCE_S).data == {"id": "first"}
    else:
        kind, executed = case.ends
        assert whole.error(reply, kind).executed == executed
    assert weather.executed[tool, "first"] == case.ran
    assert whole.breaker("weather") == "closed"
    weather.heal()
    if whole.state("weather") == "auth_required":
        assert whole.face.reconnect("weather")
    eventually(lambda: whole.face.get_connection_pool_state()["weather"]["in_flight"] == 0, "the slot is free")
    assert whole.face.call_tool("weather", tool, {"id": "later"}).data == {"id": "later"}
    assert weather.executed[tool, "later"] == 1


@pytest.mark.parametrize(("tool", "case"), parameters(READ_CASES, WRITE_CASES))
def test_each_fault_has_its_outcome(weather: FaultyServer, whole: Orchestrated, tool: str, case: Case) -> None:
    check(weather, whole, tool, case)


@pytest.mark.parametrize("section", ["http"], indirect=True)
@pytest.mark.parametrize(("tool", "case"), parameters(HTTP_READ_CASES, HTTP_WRITE_CASES))
def test_each_fault_of_http_has_its_outcome(weather: FaultyServer, whole: Orchestrated, tool: str, case: Case) -> None:
    check(weather, whole, tool, case)


@pytest.mark.parametrize("section", ["stdio"], indirect=True)
@pytest.mark.parametrize("tool", ["read", "write"])
def test_a_refusal_over_stdio_is_an_answer_and_is_not_repeated(
    weather: FaultyServer, whole: Orchestrated, tool: str
) -> None:
    weather.status(503)

    error = whole.error(whole.face.submit("weather", tool, {"id": "first"}), MCPToolError)

    assert (error.code, error.executed) == (-32000, "unknown")
    assert whole.record.calls_of(tool)[1:] == []
