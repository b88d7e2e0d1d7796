"""How the head of an answer is read."""

import http.client
import socket
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from actors.mcp.http_head import Response

Begin: TypeAlias = Callable[[bytes], Response]
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Return a function that reads the head of these bytes."""
    opened: list[socket.socket | Response] = []

    def read(head: bytes) -> Response:
        ours, theirs = socket.socketpair()
        response = Response(ours, method="POST")
        opened.extend((ours, theirs, response))
        theirs.sendall(head)
        theirs.shutdown(socket.SHUT_WR)
        response.begin()
        return response

    yield read
    for one in opened:
        one.close()


def test_a_head_says_how_long_the_body_is_and_whether_the_connection_stays(begin: Begin) -> None:
    response = begin(OK + b"Content-Length: 5\r\nX-One: a\r\nX-One: b\r\n\r\n")

    assert (response.status, response.reason, response.length, response.will_close) == (200, "OK", 5, False)
    assert response.headers.get_all("x-one") == ["a", "b"]


@pytest.mark.parametrize(
    ("headers", "length", "chunked", "will_close"),
    [
        (b"Transfer-Encoding: Chunked\r\n", None, True, False),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", None, True, False),
        (b"Content-Length: 5\r\nConnection: close\r\n", 5, False, True),
        (b"", None, False, True),
        (b"Content-Length: -5\r\n", None, False, True),
        (b"Content-Length: many\r\n", None, False, True),
    ],
)
def test_a_body_ends_where_the_head_says(
    headers: bytes, length: int | None, begin: Begin, *, chunked: bool, will_close: bool
) -> None:
    response = begin(OK + headers + b"\r\n")

    assert (response.length, response.chunked, response.will_close) == (length, chunked, will_close)


@pytest.mark.parametrize("interim", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_what_comes_before_the_real_answer_is_passed_over(interim: bytes, begin: Begin) -> None:
    response = begin(b"HTTP/1.1 %b\r\nX: 1\r\n\r\nHTTP/1.1 204 No Content\r\nY: 2\r\n\r\n" % interim)

    assert (response.status, response.length, dict(response.headers)) == (204, 0, {"Y": "2"})


def test_an_answer_does_not_stay_to_come_for_ever(begin: Begin) -> None:
    with pytest.raises(http.client.HTTPException, match="no answer"):
        begin(b"HTTP/1.1 102 Processing\r\n\r\n" * 101 + OK + b"\r\n")


def test_a_value_may_go_on_in_the_next_line(begin: Begin) -> None:
    assert begin(OK + b"X: one\r\n  two\r\n\r\n").headers["X"] == "one two"


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/0.9"])
def test_an_old_server_closes_unless_it_says_otherwise(version: bytes, begin: Begin) -> None:
    response = begin(version + b" 200 OK\r\nContent-Length: 5\r\n\r\n")

    assert (response.version, response.will_close) == (10, True)


@pytest.mark.parametrize(
    "head",
    [
        OK + b"no header\r\n\r\n",
        OK + b"Bad Name : 1\r\n\r\n",
        OK + b": 1\r\n\r\n",
        OK + b"X: 1\r\n" * 101 + b"\r\n",
        OK + b"X: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"",
        b"HTTP/1.1 404 Not",
        OK + b"X: 1\r\n",
        OK + b"X: 1",
    ],
    ids=[
        *("no colon", "space before colon", "no name", "too many", "too long", "version", "nothing"),
        *("half a status line", "no end", "half a line"),
    ],
)
def test_what_is_no_head_is_an_error(head: bytes, begin: Begin) -> None:
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        begin(head)
