"""HTTP+SSE over TLS: the stream and the POSTs, and a certificate nobody vouches for."""

from pathlib import Path

import pytest

from actors.errors import MCPConnectionError
from actors.transport import ConnectionLost
from tests.fixtures.asking import LIMIT_S
from tests.fixtures.certificates import make_certificate, serving_with
from tests.fixtures.sse_server import SseServer, asking


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("chunked", [True, False])
def test_a_session_over_tls_lives_and_ends_as_any_other(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, *, chunked: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with SseServer(chunked=chunked, eager=True, tls=serving_with(certificate)) as server, asking(server.url) as asker:
        for number in range(5):
            assert asker.ask(params={"number": number}).outcome() == {"number": number}

        asker.connection.close()
        asker.wait_until_released()


def test_an_abort_ends_a_silent_stream_over_tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with SseServer(tls=serving_with(certificate)) as server, asking(server.url) as asker:
        asked = asker.ask()
        server.taken()

        asker.connection.abort()

        assert not isinstance(asked.outcome(), dict)
        asker.wait_until_released()


def test_a_certificate_nobody_vouches_for_was_not_executed(certificate: Path) -> None:
    with SseServer(tls=serving_with(certificate)) as server, asking(server.url) as asker:
        error = asker.ask().outcome()

        assert isinstance(error, MCPConnectionError)
        assert "certificate" in error.message
        assert isinstance(asker.events.get(timeout=LIMIT_S), ConnectionLost)
