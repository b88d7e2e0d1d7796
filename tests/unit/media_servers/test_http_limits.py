"""How long an application may take for an answer, and how much it may say."""

import pytest

from media_servers.errors import BadAnswerError, UnreachableError
from media_servers.http import LARGEST_BYTES, HttpApi
from tests.fixtures.applications import access, ask, client
from tests.fixtures.raw_server import Peer, RawServer, hung_listener

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.slow
def test_an_application_that_does_not_take_the_connection_is_unreachable() -> None:
    with hung_listener() as port, pytest.raises(UnreachableError, match=r"\(no connection within 5 s\)"):
        ask(HttpApi(access(f"http://127.0.0.1:{port}"), headers={}))


@pytest.mark.parametrize(
    "begun",
    [b"", HEAD[:20], HEAD, HEAD + b"Content-Length: 100\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n"],
)
def test_an_answer_that_takes_too_long_is_given_up_once(begun: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(begun)
        peer.wait_for_the_end()

    with (
        RawServer(script) as server,
        pytest.raises(BadAnswerError, match=r"did not answer within 0\.2 s: .* set SABNZBD_TIMEOUT_S .* higher"),
    ):
        ask(client(server, timeout_s=0.2))
    assert server.connections == 1


@pytest.mark.parametrize("begun", [HEAD + b"X: ", HEAD + b"Content-Length: 100000\r\n\r\n"])
def test_an_answer_that_drips_has_the_same_limit_as_one_that_hangs(begun: bytes) -> None:
    dripped = 0

    def script(peer: Peer) -> None:
        nonlocal dripped
        peer.request()
        peer.send(begun)
        while not server.release.wait(0.02):
            peer.send(b"x")
            dripped += 1

    with RawServer(script) as server:
        with pytest.raises(BadAnswerError, match=r"did not answer within 0\.3 s"):
            ask(client(server, timeout_s=0.3))
        assert dripped < 10_000  # It would have gone on as long as there are drops.


def test_a_read_may_have_a_time_limit_of_its_own() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.wait_for_the_end()

    with RawServer(script) as server, pytest.raises(BadAnswerError, match=r"within 0\.1 s"):
        client(server, timeout_s=60).read("/", timeout_s=0.1)


def test_an_answer_without_end_is_cut() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + b"Connection: close\r\n\r\n")
        while True:
            peer.send(b" " * 1_000_000)

    with RawServer(script) as server, pytest.raises(BadAnswerError, match=f"larger than {LARGEST_BYTES} bytes"):
        ask(client(server, timeout_s=30))


def test_an_answer_that_never_pauses_has_the_limit_too() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + b"Connection: close\r\n\r\n")
        while True:
            peer.send(b" " * 1000)

    with RawServer(script) as server, pytest.raises(BadAnswerError, match=r"did not answer within 0\.01 s"):
        ask(client(server, timeout_s=0.01))
