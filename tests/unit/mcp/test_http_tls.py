"""The same over TLS: an exchange, a socket used again, and a certificate nobody vouches for."""

import json
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from actors.errors import MCPConnectionError
from tests.fixtures.raw_server import Peer, RawServer
from tests.unit.mcp.conftest import ConnectHttp


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for localhost that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


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
