"""Changing something in an application: sent once, and what is not known is said."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from media_servers.errors import BadAnswerError, SecretRefusedError, UnclearError, UnreachableError
from media_servers.http import LARGEST_CHANGE_BYTES, HttpApi
from tests.fixtures.applications import KEY, TOOL, access, ask, client, serve, tell
from tests.fixtures.raw_server import Peer, RawRequest, RawServer, hung_listener
from tests.fixtures.serving import free_port

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
UNCLEAR = rf"may have been made\. Look with {TOOL} before you repeat it\."


def test_a_form_goes_in_the_body_and_not_in_the_address() -> None:
    seen: list[RawRequest] = []

    def script(peer: Peer) -> None:
        seen.append(peer.request())
        peer.answer(b"{}")

    with RawServer(script) as server:
        assert tell(client(server)) == {}

    (request,) = seen
    assert (request.method, request.path, request.body) == ("POST", "/api", f"apikey={KEY}".encode())
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_body_goes_as_json() -> None:
    seen: list[RawRequest] = []

    def script(peer: Peer) -> None:
        seen.append(peer.request())
        peer.answer(b"{}", status="201 Created")

    with RawServer(script) as server:
        reply = client(server).change("PUT", "/series/1", look_with=TOOL, params={"a": 1}, body={"b": 2})

    (request,) = seen
    assert (reply.status, request.method, request.path) == (201, "PUT", "/series/1?a=1")
    assert (request.body, request.headers["content-type"]) == (b'{"b": 2}', "application/json")


def test_each_change_has_a_connection_of_its_own() -> None:
    with RawServer(serve) as server:
        api = client(server)
        ask(api)
        tell(api)
        tell(api)

        assert server.connections == 3


@pytest.mark.parametrize("begun", [b"", HEAD[:20], HEAD + b"Content-Length: 100\r\n\r\n["])
@pytest.mark.parametrize("end", ["closed", "reset"])
def test_a_change_whose_answer_is_lost_may_have_been_made_and_is_sent_once(begun: bytes, end: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(begun)
        if end == "reset":
            peer.reset()

    with RawServer(script) as server, pytest.raises(UnclearError, match=UNCLEAR):
        tell(client(server))
    assert server.connections == 1


@pytest.mark.parametrize("begun", [b"", HEAD, HEAD + b"Content-Length: 100\r\n\r\n["])
def test_a_change_whose_answer_takes_too_long_may_have_been_made_and_is_sent_once(begun: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(begun)
        peer.wait_for_the_end()

    with RawServer(script) as server, pytest.raises(UnclearError, match=UNCLEAR):
        tell(client(server, timeout_s=0.2))
    assert server.connections == 1


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway", "503 Busy", "504 Gateway Timeout"])
def test_a_change_that_failed_over_there_may_have_been_made_in_part_and_is_sent_once(status: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b'{"message": "disk full"}', status=status)

    with RawServer(script) as server, pytest.raises(UnclearError, match=UNCLEAR) as caught:
        tell(client(server))
    assert server.connections == 1
    assert f"(HTTP {status[:3]}, disk full)" in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>Login</html>", b'{"a": ', b""])
def test_a_change_answered_by_no_json_may_have_been_made(body: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(body)

    with RawServer(script) as server, pytest.raises(UnclearError, match=UNCLEAR):
        tell(client(server))


def test_a_change_answered_without_end_may_have_been_made() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + b"Connection: close\r\n\r\n")
        while True:
            peer.send(b" " * 1_000_000)

    with RawServer(script) as server, pytest.raises(UnclearError, match=f"more than {LARGEST_CHANGE_BYTES} bytes"):
        tell(client(server, timeout_s=30))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 Unauthorized", SecretRefusedError),
        ("403 Forbidden", SecretRefusedError),
        ("301 Moved", BadAnswerError),
        ("307 Temporary Redirect", BadAnswerError),
    ],
)
def test_a_change_that_was_not_taken_was_not_made(status: str, kind: type[Exception]) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b"", status=status)

    with RawServer(script) as server, pytest.raises(kind):
        tell(client(server))
    assert server.connections == 1


def test_a_change_that_nobody_listened_to_was_not_made() -> None:
    with pytest.raises(UnreachableError, match="start it, or correct SABNZBD_URL"):
        tell(HttpApi(access(f"http://127.0.0.1:{free_port()}"), headers={}))


@pytest.mark.slow
def test_a_change_whose_connection_was_not_taken_was_not_made() -> None:
    with hung_listener() as port, pytest.raises(UnreachableError, match=r"\(no connection within 5 s\)"):
        tell(HttpApi(access(f"http://127.0.0.1:{port}"), headers={}))


@pytest.mark.parametrize("form", [{"value": "a&b=c d%20ü"}, {"value": ""}])
def test_what_is_in_a_form_arrives_as_it_was(form: dict[str, Any]) -> None:
    seen: list[RawRequest] = []

    def script(peer: Peer) -> None:
        seen.append(peer.request())
        peer.answer(b"{}")

    with RawServer(script) as server:
        client(server).change("POST", "/", look_with=TOOL, form=form)

    assert dict(parse_qsl(seen[0].body.decode(), keep_blank_values=True)) == form
