"""`--attach`: what is asked of a daemon, what is wrong with an address or a token, and nothing stale."""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from mcp_orchestrator.cli import main
from mcp_orchestrator.cli.attach import Attached, AwayError, Picture, token_of
from mcp_orchestrator.cli.exits import UsageError
from tests.fixtures.certificates import make_certificate, serving_with

Capture = pytest.CaptureFixture[str]
JSON = "application/json"
INCIDENT = {"at": 1.5, "server": "odd", "kind": "lost", "text": "why"}


def server(**more: Any) -> dict[str, Any]:
    """Return how a daemon tells of a server."""
    return {
        "server": "odd",
        "state": "ready",
        "era": "legacy",
        "protocol": "2025-11-25",
        "transport": "stdio",
        "circuit_breaker": {"state": "closed"},
        "latency": {"p50": None, "p95": None},
        "in_flight": 0,
        "waiting": 0,
        "generation": 0,
        "calls": 7,
        "enabled": True,
        "connected": True,
        **more,
    }


def overview(*servers: dict[str, Any]) -> dict[str, Any]:
    """Return what a daemon says first."""
    stats = {"total_calls": 7, "succeeded": 7, "failures": 0, "pending_calls": 0, "unaccounted_calls": 0, "retries": 0}
    stats["store"] = {"mode": "memory", "reason": ""}  # type: ignore[assignment]
    return {
        "state": "serving",
        "reason": "",
        "servers": list(servers) or [server()],
        "statistics": stats,
        "incidents": [INCIDENT],
    }


class Answering(BaseHTTPRequestHandler):
    """Answers everything the same way, and takes down what was asked."""

    def __init__(self, answer: tuple[int, str, bytes, int], asked: list[Any], *given: Any) -> None:
        self._answer, self._asked = answer, asked
        super().__init__(*given)

    def do_GET(self) -> None:
        self._asked.append((self.path, self.headers.get("Authorization")))
        status, kind, body, missing = self._answer
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body) + missing))
        self.send_header("location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- as http.server has it
        pass


@contextmanager
def answering(
    status: int = 200, body: object = "", kind: str = JSON, certificate: Path | None = None, missing: int = 0
) -> Generator[tuple[str, list[Any]]]:
    """Answer so on loopback, with so many bytes `missing`; yield the address, and what is asked."""
    asked: list[Any] = []
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Answering, (status, kind, data, missing), asked))
    if certificate is not None:
        httpd.socket = serving_with(certificate).wrap_socket(httpd.socket, server_side=True)
    thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http{'' if certificate is None else 's'}://localhost:{httpd.server_port}", asked
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


@pytest.mark.parametrize("url", ["127.0.0.1:8600", "localhost", "ftp://x", "http://", "http://[::1", "http://x:99999"])
def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    with pytest.raises(UsageError, match="is no address of a daemon: write it as http://127"):
        Attached(url, "")


@pytest.mark.parametrize("ending", ["", "/", "/mcp", "/api/v1/", "/mcp?x=1#y"])
def test_the_address_that_serve_says_is_taken_as_it_is(ending: str) -> None:
    with answering(body=overview()) as (url, asked):
        assert Attached(url + ending, "").overview()["state"] == "serving"

        assert asked == [("/api/v1/overview", None)]


def test_a_daemon_behind_a_path_is_asked_there() -> None:
    with answering(body=overview()) as (url, asked):
        Attached(f"{url}/tools/", "").overview()

        assert asked[0][0] == "/tools/api/v1/overview"


def test_a_token_is_shown_and_no_other_password_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("default login somebody password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with answering(body=overview()) as (url, asked):
        Attached(url, "").overview()
        Attached(url, "tok").overview()

        assert [authorization for _, authorization in asked] == [None, "Bearer tok"]


@pytest.mark.parametrize(
    ("status", "body", "kind", "token", "said"),
    [
        (401, "", JSON, "", "asks for a token: --token-file FILE, or $MCP_ORCHESTRATOR_TOKEN; make one with"),
        (401, "", JSON, "t", "does not take this token: make one with mcp-orchestrator token create"),
        (403, {"error": {"message": 'it needs "read"'}}, JSON, "t", 'refuses: it needs "read"'),
        (403, b"<html>", "text/html", "t", "refuses: HTTP 403"),
        (404, "", JSON, "", "is no daemon of ours (HTTP 404): give the address that mcp-orchestrator serve has said"),
        (200, b"<html>", "text/html", "", "is no daemon of ours (HTTP 200)"),
        (302, "", JSON, "", "is no daemon of ours (HTTP 302)"),
    ],
)
def test_what_will_not_be_another_time_is_one_sentence(
    status: int, body: object, kind: str, token: str, said: str
) -> None:
    with answering(status, body, kind) as (url, _):
        with pytest.raises(UsageError) as error:
            Attached(url, token).overview()

        assert str(error.value).startswith(f"{url} ")
        assert said in str(error.value)


@pytest.mark.parametrize(("status", "body"), [(503, ""), (200, b"no json")])
def test_what_may_be_another_time_is_said_to_be_away(status: int, body: object) -> None:
    with answering(status, body) as (url, _), pytest.raises(AwayError):
        Attached(url, "").overview()


def test_nobody_there_is_told_by_the_reason_alone() -> None:
    with answering() as (url, _):
        pass

    with pytest.raises(AwayError, match=rf"^no daemon answers at {url}: Connection refused$"):
        Attached(url, "").overview()


def test_a_certificate_counts_if_this_machine_trusts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path)
    with answering(body=overview(), certificate=certificate) as (url, _):
        with pytest.raises(UsageError, match="there is no trusted connection to https://localhost"):
            Attached(url, "").overview()

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

        assert Attached(url, "").overview()["state"] == "serving"


def test_events_are_told_until_the_daemon_ends_them() -> None:
    stream = b'event: overview\ndata: {"a": 1}\n\n:\n\nevent: server\ndata: {"b": 2}\n\n'
    with answering(body=stream, kind="text/event-stream") as (url, asked):
        events = Attached(url, "").events()

        assert [next(events), next(events)] == [("overview", {"a": 1}), ("server", {"b": 2})]
        with pytest.raises(AwayError, match="has ended"):
            next(events)
        assert asked[0][0] == "/api/v1/events"


def test_a_stream_that_breaks_is_said_to_have_broken() -> None:
    stream = b'event: overview\ndata: {"a": 1}\n\n'
    with answering(body=stream, kind="text/event-stream", missing=1) as (url, _):
        events = Attached(url, "").events()

        with pytest.raises(AwayError, match=f"the connection to {url} broke"):
            next(events)


@pytest.mark.parametrize("content", ["", "two words", "zw\u00f6lf", "a\nb"])
def test_a_file_without_a_token_is_no_token_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)

    with pytest.raises(UsageError, match=f"there is no token in {file}"):
        token_of(file, {})


def test_a_token_comes_from_a_file_else_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("of-file\n")
    variable = {"MCP_ORCHESTRATOR_TOKEN": "of-variable"}

    assert [token_of(file, variable), token_of(None, variable), token_of(None, {})] == ["of-file", "of-variable", ""]
    with pytest.raises(UsageError, match="No such file"):
        token_of(tmp_path / "missing", {})


def test_a_picture_follows_what_is_told_and_forgets_it_when_the_daemon_is_away() -> None:
    picture = Picture()
    assert picture.away
    picture.take(
        "overview", overview(server(), server(server="other", connected=False), server(server="off", enabled=False))
    )

    picture.take("server", server(server="other", calls=8))
    picture.take("incident", {**INCIDENT, "server": "other"})
    picture.take("statistics", {"total_calls": 9})
    picture.take("sample", {})

    assert [status["calls"] for status in picture.statuses()] == [7, 8, 7]
    assert [incident.server for incident in picture.incidents()] == ["odd", "other"]
    assert (picture.stats(), picture.ready(), picture.away) == ({"total_calls": 9}, (2, 2), "")
    picture.lose("gone")
    assert picture.away == "gone"
    picture.take("overview", overview())
    assert (len(picture.statuses()), picture.away) == (1, "")


@pytest.mark.parametrize(("connected", "code"), [(True, 0), (False, 1)])
def test_status_and_run_once_show_the_daemon_and_say_whether_all_are_ready(
    capsys: Capture,
    connected: bool,  # noqa: FBT001 -- a parameter
    code: int,
) -> None:
    with answering(body=overview(server(connected=connected))) as (url, _):
        assert main(["status", "--attach", url]) == code
        shown = capsys.readouterr().out
        assert main(["run", "--attach", url, "--once"]) == code
        assert capsys.readouterr().out == shown
        assert main(["status", "--attach", url, "--json"]) == code

    assert json.loads(capsys.readouterr().out)["servers"]["odd"]["calls"] == 7
    assert re.search(r"^odd +ready +legacy 2025-11-25 ", shown, re.MULTILINE)
    assert "7 calls: 7 ok" in shown


def test_a_daemon_has_a_configuration_of_its_own(capsys: Capture) -> None:
    assert main(["run", "orchestrator.toml", "--attach", "http://127.0.0.1:8600"]) == 2
    assert main(["run", "--demo", "--attach", "http://127.0.0.1:8600"]) == 2
    assert capsys.readouterr().err.count("leave FILE and --demo out, or --attach") == 2


def test_who_cannot_attach_learns_it_in_one_line(capsys: Capture) -> None:
    with answering(404) as (url, _):
        assert main(["run", "--attach", url]) == 2
    assert main(["run", "--attach", url]) == 3

    assert len(capsys.readouterr().err.splitlines()) == 2
