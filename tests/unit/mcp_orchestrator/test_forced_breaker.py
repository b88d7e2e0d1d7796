"""An operator's hand on a circuit breaker, through both faces."""

from typing import Any

import pytest

from mcp_orchestrator import CircuitBreakerOpenError, MCPOrchestrator, OutcomeUnknownError, UnknownServerError
from tests.fixtures.faces import asynchronous, blocking, facing
from tests.fixtures.manual_time import on_a_loop, until

BAD: Any = 7  # What a type checker would not let a caller say.


def test_forced_open_every_call_from_then_on_is_refused_until_it_is_reset() -> None:
    with blocking("a", servers={"b": {"aliases": ["second"]}}) as (face, scripts):
        assert face.force_circuit_breaker("second", "open", "maintenance")

        with pytest.raises(CircuitBreakerOpenError) as refused:
            face.call_tool("b", "get_queue")
        assert (refused.value.executed, refused.value.retry_after_s) == ("no", None)
        assert refused.value.message == "circuit breaker open: maintenance"
        assert scripts.wire("b").executed == []
        assert face.get_circuit_breaker_state("b")["forced"] == "maintenance"
        assert "The circuit breaker is forced open: maintenance." in face.explain("b")
        assert any((told.server, told.text) == ("b", "maintenance") for told in face.get_incidents())
        assert face.call_tool("a", "get_queue").data

        assert face.reset_circuit_breaker("b")

        assert face.call_tool("b", "get_queue").data
        assert face.get_circuit_breaker_state("b")["forced"] == ""


def test_forced_for_some_time_it_ends_by_itself() -> None:
    with blocking("a") as (face, scripts):
        face.force_circuit_breaker("a", "open", "maintenance", for_s=60)
        with pytest.raises(CircuitBreakerOpenError) as refused:
            face.call_tool("a", "get_queue")

        scripts.runtime.advance(60)

        assert refused.value.retry_after_s == 60.0
        until(lambda: face.get_circuit_breaker_state("a")["state"] == "closed")
        assert face.call_tool("a", "get_queue").data


def test_forced_closed_it_lets_calls_pass_that_an_open_one_would_refuse() -> None:
    with blocking(servers={"a": {"breaker": {"failure_threshold": 1}, "max_retries": 0}}) as (face, scripts):
        face.force_circuit_breaker("a", "closed", "we know better")
        scripts.hold = True
        call = face.submit("a", "add_nzb")
        exchange = scripts.exchange("a", "add_nzb")
        assert exchange.write()
        exchange.end(OutcomeUnknownError("reset by peer"))
        assert isinstance(call.exception(timeout=10), OutcomeUnknownError)
        scripts.hold = False

        assert face.call_tool("a", "get_queue").data

        face.reset_circuit_breaker("a")
        with pytest.raises(CircuitBreakerOpenError):
            face.call_tool("a", "get_queue")


@pytest.mark.parametrize(
    ("server", "state", "for_s", "kind", "text"),
    [
        ("nobody", "open", None, UnknownServerError, "Invalid server"),
        ("a", "half_open", None, ValueError, "state must be 'open' or 'closed', not 'half_open'"),
        ("a", BAD, None, ValueError, "state must be"),
        ("a", "open", 0, ValueError, "for_s must be more than 0 s"),
        ("a", "open", "1", TypeError, "for_s must be a number of seconds"),
    ],
)
def test_mistakes_are_raised_and_change_nothing(
    server: str, state: Any, for_s: Any, kind: type[Exception], text: str
) -> None:
    with blocking("a") as (face, _):
        with pytest.raises(kind, match=text):
            face.force_circuit_breaker(server, state, for_s=for_s)

        assert face.call_tool("a", "get_queue").data


def test_without_an_actor_there_is_nobody_to_tell() -> None:
    with facing(MCPOrchestrator, "a", servers={"off": {"enabled": False}}) as (face, _):
        assert not face.force_circuit_breaker("off", "open")
        assert not face.reset_circuit_breaker("off")


@on_a_loop
async def test_the_asynchronous_face_has_the_same() -> None:
    with asynchronous("a") as (face, _):
        await face.connect_all()
        assert face.force_circuit_breaker("a", "open", "maintenance")
        with pytest.raises(CircuitBreakerOpenError):
            await face.call_tool("a", "get_queue")
        assert face.reset_circuit_breaker("a")
        assert (await face.call_tool("a", "get_queue")).data
