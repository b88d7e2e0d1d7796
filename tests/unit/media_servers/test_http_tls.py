"""Applications behind TLS: whom to trust, and that what fails before anything is sent is known not to be sent."""

from pathlib import Path

import pytest

from media_servers.errors import BadAnswerError, UnreachableError
from media_servers.http import HttpApi
from tests.fixtures.applications import access, ask, client, serve, tell
from tests.fixtures.certificates import make_certificate, serving_with
from tests.fixtures.raw_server import Peer, RawServer
from tests.fixtures.serving import free_port

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def test_a_certificate_that_nobody_vouches_for_is_told(tmp_path: Path) -> None:
    with (
        RawServer(serve, tls=serving_with(make_certificate(tmp_path))) as server,
        pytest.raises(
            UnreachableError,
            match="its certificate is not trusted, or is for another name; say what to trust with ca_file",
        ),
    ):
        ask(client(server))


def test_a_certificate_can_be_trusted(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)

    with RawServer(serve, tls=serving_with(certificate)) as server:
        assert ask(client(server, ca_file=str(certificate))) == []


def test_https_to_a_port_of_http_is_told() -> None:
    def script(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.wait_for_the_end()

    with RawServer(script) as server, pytest.raises(UnreachableError, match="it does not speak https; write http"):
        ask(HttpApi(access(f"https://localhost:{server.port}"), headers={}))


def test_a_drip_over_tls_has_the_limit_too(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + b"Content-Length: 100000\r\n\r\n")
        while not server.release.wait(0.02):
            peer.send(b"x")

    with (
        RawServer(script, tls=serving_with(certificate)) as server,
        pytest.raises(BadAnswerError, match=r"within 0\.3 s"),
    ):
        ask(client(server, ca_file=str(certificate), timeout_s=0.3))


def test_an_application_behind_tls_that_does_not_listen_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match=r"\(connection refused\)"):
        ask(HttpApi(access(f"https://127.0.0.1:{free_port()}"), headers={}))


def test_a_change_that_tls_kept_from_being_sent_was_not_made(tmp_path: Path) -> None:
    with (
        RawServer(serve, tls=serving_with(make_certificate(tmp_path))) as server,
        pytest.raises(UnreachableError, match="its certificate is not trusted"),
    ):
        tell(client(server))


def test_a_change_whose_tls_is_broken_off_was_not_made() -> None:
    def script(peer: Peer) -> None:
        peer.sock.recv(65536)  # The hello.
        peer.reset()

    with RawServer(script) as server, pytest.raises(UnreachableError, match="cannot be reached"):
        tell(HttpApi(access(f"https://localhost:{server.port}"), headers={}))
