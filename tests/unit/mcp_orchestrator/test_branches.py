"""Engines beside an engine: they end with it, and are counted as its own."""

from concurrent.futures import Future

import pytest

from actors.errors import ServerUnavailableError
from actors.inputs import InputHandlers
from mcp_orchestrator import MCPOrchestrator
from mcp_orchestrator.branches import joined
from mcp_orchestrator.engine import Engine
from tests.fixtures.faces import facing
from tests.fixtures.manual_time import until


def branched(face: MCPOrchestrator) -> Engine:
    """Return an engine beside that of a face, connected."""
    branch = face.branch(face.config, inputs=InputHandlers(), on_notification=lambda _: None)
    assert branch.connect(next(iter(face.config.servers))).result(5.0)
    return branch


def test_what_is_beside_an_engine_ends_with_it() -> None:
    with facing(MCPOrchestrator, "a") as (face, scripts):
        branch = branched(face)

        assert face.shutdown() == []

        assert branch.end(0.0) == []  # It has ended.
        assert all(connection.ended for connection in scripts.wire("a").connections)
        assert not branch.board.supervisor.is_alive()


def test_an_engine_waits_for_the_calls_of_those_beside_it() -> None:
    with facing(MCPOrchestrator, "a") as (face, scripts):
        branch = branched(face)
        scripts.hold = True
        call = branch.submit(branch.asking.plan("a", "status", None, None))
        exchange = scripts.exchange("a", "status")
        exchange.write()

        ending: Future[list[str]] = face._engine.shut_down(finish_s=60.0, gone_s=1.0)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- what waits for it is the face's
        until(lambda: branch.board.closing)
        assert not ending.done()
        exchange.end({"content": []})

        assert ending.result(5.0) == []
        assert call.future.result(timeout=5.0) is not None


def test_an_engine_ends_no_sooner_than_those_beside_it() -> None:
    with facing(MCPOrchestrator, "a") as (face, _):
        branch = branched(face)

        face._engine.end(1.0)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- the part after the drain

        assert not branch.board.supervisor.is_alive()


def test_nothing_is_begun_beside_an_engine_that_ends() -> None:
    with facing(MCPOrchestrator, "a") as (face, _):
        face.shutdown()

        with pytest.raises(ServerUnavailableError, match="shutting down"):
            face.branch(face.config, inputs=InputHandlers(), on_notification=lambda _: None)


def test_lists_are_joined_when_the_last_has_come() -> None:
    first, second = Future[list[str]](), Future[list[str]]()
    whole = joined([first, second])

    second.set_result(["b"])
    assert not whole.done()
    first.set_result(["a"])

    assert whole.result(0.0) == ["a", "b"]
