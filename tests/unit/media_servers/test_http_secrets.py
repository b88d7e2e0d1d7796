"""The key: it gets to the application and nowhere else, whatever goes wrong."""

import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from media_servers.errors import BackendError
from media_servers.http import HttpApi
from tests.fixtures.applications import KEY, access, ask, client, tell
from tests.fixtures.raw_server import Peer, RawServer
from tests.fixtures.serving import free_port

ECHO = f'{{"message": "no such page: /api?apikey={KEY}"}}'.encode()


def lost(peer: Peer) -> None:
    peer.request()
    peer.reset()


def half(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[")


def garbled(peer: Peer) -> None:
    peer.request()
    peer.answer(b"[")


def hung(peer: Peer) -> None:
    peer.request()
    peer.wait_for_the_end()


def broken_head(peer: Peer) -> None:
    peer.request()
    peer.send(b"HTTP/1.1 500 Oops\r\nno colon here\r\n\r\n")


def gateway(peer: Peer) -> None:
    peer.request()
    peer.answer(ECHO, status="502 Bad Gateway")


def echo(peer: Peer) -> None:
    peer.request()
    peer.answer(ECHO, status="500 Internal Server Error")


def refused(peer: Peer) -> None:
    peer.request()
    peer.answer(ECHO, status="403 Forbidden")


def redirected(peer: Peer) -> None:
    peer.request()
    peer.answer(b"", status="302 Found", headers=f"Location: http://other.invalid/{KEY}?apikey={KEY}\r\n")


MISHAPS = [lost, half, garbled, hung, broken_head, gateway, echo, refused, redirected]


@pytest.mark.parametrize("converse", [ask, tell])
@pytest.mark.parametrize("mishap", MISHAPS)
def test_no_error_and_no_log_holds_the_key(
    mishap: Callable[[Peer], None], converse: Callable[[HttpApi], Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    with RawServer(mishap) as server, pytest.raises(BackendError) as caught:
        converse(client(server, timeout_s=0.2))

    assert KEY not in str(caught.value)
    assert KEY not in caplog.text


@pytest.mark.parametrize("converse", [ask, tell])
def test_nor_does_the_error_about_nobody_there(
    converse: Callable[[HttpApi], Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    with pytest.raises(BackendError) as caught:
        converse(HttpApi(access(f"http://127.0.0.1:{free_port()}"), headers={}))

    assert KEY not in str(caught.value)
    assert KEY not in caplog.text


@pytest.mark.parametrize("mishap", MISHAPS)
def test_not_even_the_trace_of_an_error_holds_the_key(mishap: Callable[[Peer], None]) -> None:
    with RawServer(mishap) as server, pytest.raises(BackendError) as caught:
        ask(client(server, timeout_s=0.2))

    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_what_describes_an_access_does_not_show_its_secret() -> None:
    assert KEY not in repr(access("http://127.0.0.1:8080"))


def test_the_secret_is_taken_out_of_other_peoples_words() -> None:
    where = access("http://127.0.0.1:8080", secret="a/b+c")  # noqa: S106 -- made up

    assert where.without_secret("apikey=a/b+c&k=a%2Fb%2Bc") == "apikey=…&k=…"
