"""Reading from an application over HTTP: what is tried again, what is not, and what each mishap is called."""

from threading import Thread
from typing import Any

import pytest

from media_servers.errors import BadAnswerError, FailedError, SecretRefusedError, UnreachableError
from media_servers.http import HttpApi
from tests.fixtures.applications import KEY, access, ask, client, serve
from tests.fixtures.raw_server import Peer, RawServer
from tests.fixtures.serving import free_port

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def test_a_read_sends_the_key_and_what_is_asked_and_gets_json() -> None:
    seen: list[Any] = []

    def script(peer: Peer) -> None:
        seen.append(peer.request())
        peer.answer(b'{"a": 1}', kind="application/json; charset=utf-8")

    with RawServer(script) as server:
        reply = client(server).read("/api", {"mode": "queue", "limit": 1})

    assert (reply.status, reply.media_type, reply.json()) == (200, "application/json", {"a": 1})
    assert (seen[0].method, seen[0].path) == ("GET", "/api?mode=queue&limit=1")
    assert (seen[0].headers["x-api-key"], seen[0].headers["user-agent"]) == (KEY, "mcp-orchestrator")


def test_reads_share_a_connection() -> None:
    with RawServer(serve) as server:
        api = client(server)
        for _ in range(3):
            assert ask(api) == []

        assert server.connections == 1


def test_a_kept_connection_that_died_is_replaced_without_a_word() -> None:
    def once(peer: Peer) -> None:
        peer.request()
        peer.answer(b"[]")

    with RawServer(once) as server:
        api = client(server)

        assert [ask(api) for _ in range(3)] == [[]] * 3


@pytest.mark.parametrize("mishap", ["reset", "closed", "502", "503", "504"])
def test_a_read_that_was_lost_is_tried_again(mishap: str) -> None:
    def script(peer: Peer) -> None:
        if peer.number:
            serve(peer)
        peer.request()
        if mishap == "reset":
            peer.reset()
        elif mishap != "closed":
            peer.answer(b"", status=f"{mishap} Gone", headers="Connection: close\r\n")

    with RawServer(script) as server:
        assert ask(client(server)) == []


def test_a_read_that_is_lost_each_time_is_given_up() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.reset()

    with (
        RawServer(script) as server,
        pytest.raises(
            UnreachableError, match=r"cannot be reached at http://localhost:\d+ \(connection reset by peer\)"
        ),
    ):
        ask(client(server))
    assert server.connections == 3


def test_a_read_that_is_hung_up_on_each_time_is_given_up() -> None:
    def script(peer: Peer) -> None:
        peer.request()

    with RawServer(script) as server, pytest.raises(UnreachableError, match=r"\(the connection broke\)"):
        ask(client(server))
    assert server.connections == 3


def test_a_read_that_fails_is_not_tried_again_and_tells_the_words() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b'{"message": "database is locked"}', status="500 Internal Server Error")

    with RawServer(script) as server, pytest.raises(FailedError, match="HTTP 500, database is locked") as caught:
        ask(client(server))
    assert server.connections == 1
    assert "look into its log, and try again later" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'[{"errorMessage": "first"}, {"errorMessage": "second"}]', "HTTP 500, first)"),
        (b'{"error": "' + b"x" * 500 + b'"}', f"HTTP 500, {'x' * 200})"),
        (b'{"other": 1}', "HTTP 500)"),
        (b"[]", "HTTP 500)"),
        (b'["text"]', "HTTP 500)"),
        (b"<html>Boom</html>", "HTTP 500)"),
    ],
)
def test_the_words_of_a_failure_are_cut_and_may_be_missing(body: bytes, words: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(body, status="500 Internal Server Error")

    with RawServer(script) as server, pytest.raises(FailedError) as caught:
        ask(client(server))
    assert words in str(caught.value)


def test_an_application_that_does_not_listen_is_unreachable() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(
        UnreachableError, match=r"\(connection refused\): start it, or correct SABNZBD_URL \(url in a preset\)\."
    ):
        ask(HttpApi(access(url), headers={}))


def test_a_name_that_nobody_has_is_unreachable() -> None:
    with pytest.raises(UnreachableError, match=r"cannot be reached at http://no-such-host\.invalid"):
        ask(HttpApi(access("http://no-such-host.invalid"), headers={}))


@pytest.mark.parametrize("head", [b"Content-Length: 100\r\n\r\n[", b"Transfer-Encoding: chunked\r\n\r\n9\r\n["])
def test_half_an_answer_is_none(head: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + head)

    with RawServer(script) as server, pytest.raises(BadAnswerError, match="broke off its answer: try again"):
        ask(client(server))


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        (b"<html>Login</html>", "text/html", r"A web page came .* check SABNZBD_URL .*; a login page or a proxy"),
        (b" <html>Login</html>", "application/json", r"A web page came"),
        (b'{"a": ', "application/json", r"garbled its answer \(6 bytes, no JSON\)"),
        (b"", "application/json", r"garbled its answer \(0 bytes, no JSON\)"),
        (b"[" * 100_000, "application/json", r"garbled its answer \(100000 bytes, no JSON\)"),
        (b"\xff\xfe\xff", "application/json", r"garbled its answer"),
    ],
)
def test_what_is_no_json_is_told_apart(body: bytes, kind: str, sentence: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(body, kind=kind)

    with RawServer(script) as server, pytest.raises(BadAnswerError, match=sentence):
        ask(client(server))


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_key_that_is_refused_is_told_with_the_place_of_the_right_one(status: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b"", status=status)

    with (
        RawServer(script) as server,
        pytest.raises(SecretRefusedError, match=r"set SABNZBD_API_KEY \(api_key in a preset\) to what stands"),
    ):
        ask(client(server))


def test_a_status_below_that_is_for_the_client_of_the_api_to_judge() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b'{"message": "NotFound"}', status="404 Not Found")

    with RawServer(script) as server:
        reply = client(server).read("/")

    assert (reply.status, reply.json()) == (404, {"message": "NotFound"})


@pytest.mark.parametrize("target", ["https://elsewhere.invalid/login?apikey=c4n4ry", "/login?next=/api"])
def test_a_redirect_is_not_followed_for_the_key_would_go_along(target: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.answer(b"", status="302 Found", headers=f"Location: {target}\r\n")

    with RawServer(script) as server, pytest.raises(BadAnswerError) as caught:
        ask(client(server))
    assert f"redirects to {target.partition('?')[0]}: set SABNZBD_URL" in str(caught.value)
    assert server.connections == 1


def test_cookies_of_one_answer_do_not_go_with_the_next_request() -> None:
    cookies: list[str | None] = []

    def script(peer: Peer) -> None:
        while True:
            cookies.append(peer.request().headers.get("cookie"))
            peer.answer(b"[]", headers="Set-Cookie: session=1\r\n")

    with RawServer(script) as server:
        api = client(server)
        ask(api)
        ask(api)

    assert cookies == [None, None]


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")

    with RawServer(serve) as server:
        assert ask(client(server)) == []


def test_a_port_that_does_not_speak_http_is_told() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"SSH-2.0-OpenSSH_9.6\r\n")

    with RawServer(script) as server, pytest.raises(UnreachableError, match="it does not speak HTTP"):
        ask(client(server))


def test_many_threads_may_ask_at_once() -> None:
    answers: list[Any] = []

    with RawServer(serve) as server:
        api = client(server)
        threads = [Thread(target=lambda: answers.append(ask(api))) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

    assert answers == [[]] * 30
