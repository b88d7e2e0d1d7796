"""No way to the server: nothing was executed, and the error says where and why."""

import socket
from functools import partial
from threading import Event

import pytest

from actors.errors import MCPConnectionError, MCPOrchestratorError, NotExecutedError
from actors.mcp.http_connection import AbortedError, Grip
from tests.fixtures.asking import LIMIT_S, Asker
from tests.fixtures.raw_server import Peer, RawServer, hung_listener
from tests.unit.mcp.conftest import ConnectHttp


def the_error(asker: Asker, *, timeout_s: float = LIMIT_S) -> MCPOrchestratorError:
    outcome = asker.ask(timeout_s=timeout_s).outcome()
    assert isinstance(outcome, MCPOrchestratorError), outcome
    return outcome


def answer_once(peer: Peer) -> None:
    peer.request()
    peer.answer(b'{"id":1,"result":{}}')


def test_a_refused_connection_was_not_executed_and_names_where_and_why(connect_http: ConnectHttp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    error = the_error(connect_http(f"http://127.0.0.1:{port}/mcp"))

    assert isinstance(error, MCPConnectionError)
    assert f"127.0.0.1:{port}" in error.message
    assert "refused" in error.message


def test_a_name_that_cannot_be_one_was_not_executed(connect_http: ConnectHttp) -> None:
    error = the_error(connect_http(f"http://{'a' * 64}.invalid:1234/mcp"))

    assert isinstance(error, MCPConnectionError)
    assert ".invalid:1234" in error.message


def test_a_name_that_does_not_resolve_was_not_executed(
    connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_such_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)

    error = the_error(connect_http("http://nowhere.invalid:1234/mcp"))

    assert isinstance(error, MCPConnectionError)
    assert "nowhere.invalid:1234" in error.message
    assert "Name or service not known" in error.message


def test_a_connect_that_takes_too_long_was_not_executed(connect_http: ConnectHttp) -> None:
    with hung_listener() as port:
        error = the_error(connect_http(f"http://127.0.0.1:{port}/mcp", connect_timeout_s=0.05))

    assert isinstance(error, MCPConnectionError)


def found(addresses: object, *_: object, **__: object) -> object:
    return addresses


def test_an_address_that_swallows_everything_does_not_hide_the_next(
    connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hung_listener() as hung, RawServer(answer_once) as server:
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in (hung, server.port)]
        monkeypatch.setattr(socket, "getaddrinfo", partial(found, addresses))

        assert connect_http(server.url, connect_timeout_s=0.4).ask().outcome() == {}


def test_a_connect_ends_with_the_deadline_if_that_comes_first(connect_http: ConnectHttp) -> None:
    with hung_listener() as port:
        error = the_error(connect_http(f"http://127.0.0.1:{port}/mcp", connect_timeout_s=60), timeout_s=0.05)

    assert isinstance(error, NotExecutedError)


def test_an_abort_just_before_the_connect_begins_is_heard_once_it_has_begun(
    connect_http: ConnectHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived, go_on, connect_ex = Event(), Event(), socket.socket.connect_ex

    def paused(sock: socket.socket, address: tuple[str, int]) -> int:
        arrived.set()
        go_on.wait(LIMIT_S)
        return connect_ex(sock, address)

    with hung_listener() as port:
        monkeypatch.setattr(socket.socket, "connect_ex", paused)
        asked = connect_http(f"http://127.0.0.1:{port}/mcp", connect_timeout_s=0.5).ask()
        assert arrived.wait(LIMIT_S)

        asked.handle.abort()
        go_on.set()
        error = asked.outcome()

    assert type(error) is NotExecutedError  # And not the end of the time for a connect.


def test_after_an_abort_no_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[object] = []

    def look_up(*name: object, **_: object) -> None:
        looked_up.append(name)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    grip = Grip()
    grip.break_off()

    with pytest.raises(AbortedError):
        grip.resolve("localhost", 1)

    assert not looked_up
    assert not grip.abandoned
