"""The limits that the kernel keeps on a socket: what they end, and what they leave alone."""

import socket
from collections.abc import Iterator

import pytest

from actors.mcp.http_socket import KernelTimedSocket

pytestmark = pytest.mark.slow  # The kernel counts in whole seconds here.
Pair = tuple[KernelTimedSocket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return one of ours, and its peer, connected over TCP."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        KernelTimedSocket(socket.AF_INET, socket.SOCK_STREAM) as ours,
    ):
        ours.connect(listener.getsockname())
        with listener.accept()[0] as peer:
            yield ours, peer


def test_a_read_that_is_too_slow_ends(pair: Pair) -> None:
    ours, peer = pair
    ours.settimeout(0.1)

    with pytest.raises(TimeoutError):
        ours.recv(1)
    with ours.makefile("rb") as reader, pytest.raises(TimeoutError):
        reader.readline()

    peer.sendall(b"x")
    assert ours.recv(1) == b"x"


def test_a_write_that_is_too_slow_ends(pair: Pair) -> None:
    ours, _ = pair
    ours.settimeout(0.1)

    with pytest.raises(TimeoutError):
        ours.sendall(b"x" * 50_000_000)


def test_a_new_limit_holds_and_zero_does_not_wait_at_all(pair: Pair) -> None:
    ours, peer = pair
    ours.settimeout(60.0)
    ours.settimeout(0.1)
    with pytest.raises(TimeoutError):
        ours.recv(1)

    ours.settimeout(0.0)
    assert ours.connect_ex(peer.getsockname()) != 0  # It is connected, and answers at once.
    assert not ours.getblocking()

    ours.settimeout(None)
    assert ours.getblocking()
    peer.sendall(b"x")
    assert ours.recv(1) == b"x"


def test_without_a_limit_the_kernel_keeps_none(pair: Pair) -> None:
    ours, _ = pair
    ours.settimeout(5.0)
    limited = ours.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16)

    ours.settimeout(None)

    assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16) == bytes(16) != limited
