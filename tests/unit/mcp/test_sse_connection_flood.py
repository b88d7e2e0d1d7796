"""A server that says more on the stream of HTTP+SSE than a listener can hear: it is held up, and nothing is lost."""

import pytest

from actors.errors import OutcomeUnknownError
from actors.mcp.event_cursor import MOST_MESSAGES_PER_S
from tests.fixtures.pauses import Pauses
from tests.fixtures.sse_server import SseServer, asking

FLOOD = 2 * MOST_MESSAGES_PER_S
A_YEAR_S = 365 * 24 * 3600.0


@pytest.mark.parametrize("batch", [1, 500])
def test_a_flood_is_heard_whole_and_no_faster_than_a_listener_can_hear(batch: int, pauses: Pauses) -> None:
    message = {"method": "x"} if batch == 1 else [{"method": "x"}] * batch
    with SseServer() as server, asking(server.url, clock=pauses.clock, pause=pauses) as asker:
        asked = asker.ask(timeout_s=1000)
        server.taken()
        for _ in range(FLOOD // 1000):
            server.say(*[message] * (1000 // batch))
        server.answer(1, {"last": True})

        assert asked.outcome() == {"last": True}
        assert [asker.received().method for _ in range(FLOOD)] == ["x"] * FLOOD
    assert sum(pauses.all_asked()) == pytest.approx(FLOOD / MOST_MESSAGES_PER_S, rel=0.2)


def test_an_abort_ends_a_flood_that_is_held_up() -> None:
    with SseServer() as server, asking(server.url, pause=lambda grip, _: grip.pause(A_YEAR_S)) as asker:
        asked = asker.ask(timeout_s=1000)
        server.taken()
        server.say([{"method": "x"}] * FLOOD)
        asker.received()

        asker.connection.abort()

        assert isinstance(asked.outcome(), OutcomeUnknownError)
        asker.wait_until_released()
