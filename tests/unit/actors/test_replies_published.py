"""Who is told "connected", or "gone", can read it by then, and call."""

from concurrent.futures import Future

from actors.errors import MCPConnectionError
from actors.messages import Connect, Disconnect
from tests.fixtures.scripted import World


def test_who_hears_of_a_connection_finds_it_published() -> None:
    world = World(connect=False)
    read: list[str] = []
    reply: Future[bool] = Future()
    reply.add_done_callback(lambda _: read.append(world.status.state))

    world.server.tell(Connect(reply=reply))
    world.runtime.run()

    assert (reply.result(timeout=0), read) == (True, ["ready"])


def test_who_hears_of_the_end_of_a_connection_finds_it_published() -> None:
    world = World()
    read: list[str] = []
    reply: Future[bool] = Future()
    reply.add_done_callback(lambda _: read.append(world.status.state))

    world.server.tell(Disconnect(reply=reply))
    world.runtime.run()

    assert (reply.result(timeout=0), read) == (True, ["disconnected"])


def test_who_hears_of_the_last_connect_that_failed_finds_it_published() -> None:
    world = World(connect=False, max_retries=0)
    world.wire.script("initialize", MCPConnectionError("refused"))
    read: list[str] = []
    reply: Future[bool] = Future()
    reply.add_done_callback(lambda _: read.append(world.status.state))

    world.server.tell(Connect(reply=reply))
    world.runtime.run()

    assert (reply.result(timeout=0), read) == (False, ["reconnecting"])
