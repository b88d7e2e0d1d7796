"""What the status says of a link while it is being mended."""

from actors.errors import MCPConnectionError, ServerUnavailableError
from tests.fixtures.scripted import World


def test_the_reason_of_a_failed_connect_stays_in_sight_while_the_next_is_tried() -> None:
    world = World(connect=False)
    world.wire.script("initialize", MCPConnectionError("exited: no API key"), None)
    world.connect()
    world.runtime.run()

    world.advance(1.0)

    assert world.status.state == "connecting"
    assert "no API key" in world.status.reason


def test_a_server_that_throttles_for_no_time_is_asked_again_at_once() -> None:
    world = World(url="http://127.0.0.1:1/mcp")
    world.begin("a")

    world.end("a", ServerUnavailableError("HTTP 429", state="throttled", retry_after_s=0.0))
    world.advance(0.0)

    assert world.status.state == "ready"
    assert world.exchange("a").write()
