"""The time limit of a whole tool call, of which each request has what those before it have left."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import pytest

from media_servers.deadline import begin, passed_s
from media_servers.errors import BackendError, BadAnswerError
from media_servers.server import READS, MediaServer, tool
from tests.fixtures.applications import ask, client, serve, tell
from tests.fixtures.raw_server import Peer, RawServer

LIMIT_S = 0.02


def late_in_a_call(do: Callable[[], object]) -> None:
    """Do this when a call has gone on for longer than the limit."""

    def wait_and_do() -> None:
        begin()
        while passed_s() <= LIMIT_S:
            pass
        do()

    copy_context().run(wait_and_do)


def test_each_call_of_a_tool_begins_anew_and_knows_it_on_its_own_thread() -> None:
    def show() -> float:
        """Show how long the call has been going on."""
        return passed_s()

    server = MediaServer("test", title="Test", instructions="", tools=[tool(show, "Show", READS)])

    def shown() -> float:
        result: Any = asyncio.run(server.call_tool("show", {}))
        passed: float = result.structured_content["result"]
        return passed

    assert shown() > 0
    late_in_a_call(lambda: None)
    assert passed_s() == 0  # Nothing of it is left outside of the call.


def test_a_call_that_has_used_up_its_time_asks_nothing_more() -> None:
    def asking() -> None:
        with pytest.raises(BadAnswerError, match=r"SABnzbd did not answer within 0\.02 s: it is busy, so try again"):
            ask(api)

    with RawServer(serve) as server:
        api = client(server, timeout_s=LIMIT_S)
        late_in_a_call(asking)

        assert server.connections == 0


def test_a_change_for_which_no_time_is_left_is_not_begun_and_says_so() -> None:
    def telling() -> None:
        with pytest.raises(BadAnswerError, match=r"within 0\.02 s, and nothing was changed: it is busy, so try again"):
            tell(api)

    with RawServer(serve) as server:
        api = client(server, timeout_s=LIMIT_S)
        late_in_a_call(telling)

        assert server.connections == 0


@pytest.mark.parametrize("mishap", ["reset", "503"])
def test_a_read_is_not_tried_again_late_in_a_call(mishap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        if mishap == "reset":
            peer.reset()
        else:
            peer.answer(status="503 Service Unavailable")

    def asking() -> None:
        with pytest.raises(BackendError):
            ask(api)

    monkeypatch.setattr("media_servers.http.AGAIN_S", LIMIT_S)
    with RawServer(script) as server:
        api = client(server)
        late_in_a_call(asking)

        assert server.connections == 1
