"""The same over TLS: an exchange, a socket used again, and a certificate nobody vouches for."""

import json
import ssl
from pathlib import Path

import pytest

from actors.errors import MCPConnectionError
from tests.fixtures.certificates import make_certificate, serving_with
from tests.fixtures.raw_server import Peer, RawServer
from tests.unit.mcp.conftest import ConnectHttp


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    return serving_with(certificate)


def numbered(peer: Peer) -> None:
    while True:
        message = json.loads(peer.request().body)
        peer.answer(json.dumps({"id": message["id"], "result": {"connection": peer.number}}).encode())


def test_calls_over_tls_use_one_socket(
    certificate: Path, tls: ssl.SSLContext, connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with RawServer(numbered, tls=tls) as server:
        asker = connect_http(server.url)

        assert [asker.ask().outcome() for _ in range(3)] == [{"connection": 0}] * 3


def test_a_certificate_nobody_vouches_for_was_not_executed_and_the_error_says_the_remedy(
    tls: ssl.SSLContext, connect_http: ConnectHttp
) -> None:
    with RawServer(numbered, tls=tls) as server:
        error = connect_http(server.url).ask().outcome()

    assert isinstance(error, MCPConnectionError)
    assert "self-signed certificate" in error.message
    assert "SSL_CERT_FILE" in error.message


def test_a_certificate_for_another_name_was_not_executed(
    certificate: Path, tls: ssl.SSLContext, connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with RawServer(numbered, tls=tls) as server:
        error = connect_http(server.url.replace("localhost", "127.0.0.1")).ask().outcome()

    assert isinstance(error, MCPConnectionError)
    assert "host name" in error.message


def test_a_server_without_tls_was_not_executed(connect_http: ConnectHttp) -> None:
    def script(peer: Peer) -> None:
        peer.sock.recv(65536)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RawServer(script) as server:
        error = connect_http(server.url.replace("http:", "https:")).ask().outcome()

    assert isinstance(error, MCPConnectionError)
    assert f"localhost:{server.port}" in error.message


def test_a_socket_that_ends_just_then_is_stale_over_tls_too(
    certificate: Path, tls: ssl.SSLContext, connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b'{"id":1,"result":{}}')
        peer.request()

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with RawServer(script, tls=tls) as server:
        asker = connect_http(server.url)
        asker.ask().outcome()

        error = asker.ask().outcome()

    assert getattr(error, "stale", False)
