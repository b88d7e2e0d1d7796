"""An actor whose thread really hangs, in a transport that blocks where it must not."""

from threading import Event

import pytest

from actors.errors import OutcomeUnknownError, ServerUnavailableError
from actors.messages import Tick
from mcp_orchestrator import MCPOrchestrator
from tests.fixtures.faces import facing
from tests.fixtures.manual_time import until
from tests.fixtures.scripted_wire import ScriptedExchange


def test_a_thread_stuck_in_a_transports_start_is_paid_for_replaced_and_sends_nothing_when_it_wakes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("CRITICAL")
    stuck, wake = Event(), Event()

    with facing(MCPOrchestrator, "a", hung_after_s=5.0) as (face, scripts):
        assert face.connect("a")
        scripts.hold = True
        sent = face.submit("a", "get_queue", timeout=1000)
        assert scripts.exchange("a", "get_queue").write()

        def block(exchange: ScriptedExchange) -> None:
            if exchange.label == "add_nzb":
                stuck.set()
                wake.wait(10)

        scripts.wire("a").on_begin = block
        begun = face.submit("a", "add_nzb", timeout=1000)
        assert stuck.wait(5)
        unread = face.submit("a", "get_queue", timeout=1000)
        board = face._board  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

        def passed() -> bool:
            scripts.runtime.advance(0.9)
            board.supervisor.tell(Tick())
            return all(call.done() for call in (sent, begun, unread))

        until(passed)
        assert isinstance(sent.exception(timeout=0), OutcomeUnknownError)
        for call in (begun, unread):
            error = call.exception(timeout=0)
            assert isinstance(error, ServerUnavailableError)
            assert (error.executed, error.state) == ("no", "crashed")
        assert face.check_for_leaks()["threads"] == 1
        until(lambda: passed() and face.is_connected("a"))

        exchanges = len(scripts.wire("a").sent)
        wake.set()
        until(lambda: face.check_for_leaks()["threads"] == 0)
        assert not scripts.exchange("a", "add_nzb").write()
        assert len(scripts.wire("a").sent) == exchanges
        assert face.get_server_status("a")["generation"] == 1
        assert face.get_stats()["unaccounted_calls"] == 0
        scripts.hold = False
        assert face.shutdown() == []
