"""What can go wrong with the POSTs of a session over HTTP+SSE, and with answers that are too large to be kept."""

import socket
from collections.abc import Callable

import pytest

from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPToolError,
    NotExecutedError,
    OutcomeUnknownError,
    ResponseTooLargeError,
    ServerUnavailableError,
    SessionLostError,
)
from tests.fixtures.sse_server import Posted, SseServer, asking, event


def refusal(status: int, body: bytes = b"no") -> Callable[[Posted], None]:
    return lambda posted: posted.peer.answer(body, status=f"{status} No", headers="Retry-After: 2\r\n")


def post_error(misbehave: Callable[[Posted], None], *, method: str = "tools/call") -> MCPOrchestratorError:
    with SseServer() as server, asking(server.url) as asker:
        asked = asker.ask(method)
        misbehave(server.posted())
        error = asked.outcome()
        assert isinstance(error, MCPOrchestratorError), error

        server.answer(1, {"after": "all"})
        server.say({"method": "the/end"})

        asker.received()
        assert asker.connection.dropped_answers == 1
        assert asked.reports.empty()
        return error


@pytest.mark.parametrize("status", [400, 404])
def test_a_post_to_a_session_that_is_gone_was_not_executed(status: int) -> None:
    error = post_error(refusal(status))

    assert isinstance(error, SessionLostError)
    assert error.status == status
    assert "sessionId" not in error.message


@pytest.mark.parametrize("status", [400, 404, 405, 413])
def test_an_initialize_that_is_refused_has_lost_no_session(status: int) -> None:
    error = post_error(refusal(status), method="initialize")

    assert isinstance(error, MCPConnectionError)
    assert error.status == status


@pytest.mark.parametrize(("status", "state"), [(401, "auth_required"), (403, "auth_required"), (429, "throttled")])
def test_a_post_that_is_refused_for_now_was_not_executed(status: int, state: str) -> None:
    error = post_error(refusal(status))

    assert isinstance(error, ServerUnavailableError)
    assert error.state == state


def test_a_post_that_is_refused_with_a_reason_says_it() -> None:
    error = post_error(refusal(400, b'{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"bad params"}}'))

    assert isinstance(error, MCPToolError)
    assert (error.code, error.executed) == (-32602, "no")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_post_at_which_the_server_failed_has_an_unknown_outcome_at_once(status: int) -> None:
    error = post_error(refusal(status))

    assert isinstance(error, OutcomeUnknownError)
    assert (error.status, error.retry_after_s) == (status, 2.0)


def hang_up(posted: Posted) -> None:
    posted.peer.sock.shutdown(socket.SHUT_RDWR)


def answer_nonsense(posted: Posted) -> None:
    posted.peer.send(b"HTTP/1.1 ???\r\n\r\n")


@pytest.mark.parametrize("misbehave", [hang_up, answer_nonsense])
def test_a_post_whose_answer_is_lost_has_an_unknown_outcome(misbehave: Callable[[Posted], None]) -> None:
    assert isinstance(post_error(misbehave), OutcomeUnknownError)


def test_a_post_that_cannot_connect_was_not_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with SseServer() as server, asking(server.url) as asker:
        asker.ask("notifications/initialized")
        server.posted()
        monkeypatch.setattr(socket, "getaddrinfo", no_such_name)

        error = asker.ask().outcome()

        assert isinstance(error, NotExecutedError)
        assert "Name or service not known" in error.message
        assert server.posts.empty()


def big(number: int, size: int = 5000) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "result": {"text": "x" * size}}


def test_an_answer_that_is_too_large_ends_its_own_call_and_no_other() -> None:
    with SseServer() as server, asking(server.url, max_response_bytes=1000) as asker:
        first, second = asker.ask(), asker.ask()
        server.taken()
        server.taken()

        server.say(big(2))
        server.answer(1, {"well": True})

        error = second.outcome()
        assert isinstance(error, ResponseTooLargeError)
        assert error.executed == "yes"
        assert "1000" in error.message
        assert first.outcome() == {"well": True}


def test_an_answer_that_is_too_large_and_hides_its_id_can_only_be_that_of_the_only_call() -> None:
    with SseServer() as server, asking(server.url, max_response_bytes=1000) as asker:
        asked = asker.ask()
        server.taken()

        server.say({"result": {"text": "x" * 5000}, "id": 1, "extra": "y" * 500})

        assert isinstance(asked.outcome(), ResponseTooLargeError)


def test_what_is_too_large_and_nobodys_is_counted_and_ends_nothing() -> None:
    with SseServer() as server, asking(server.url, max_response_bytes=1000) as asker:
        asked = [asker.ask(), asker.ask()]
        server.taken()
        server.taken()

        server.say({"method": "notifications/message", "params": {"data": "x" * 5000}}, big(9))
        server.say({"result": {"text": "x" * 5000}, "id": 1, "extra": "y" * 500})
        server.send(event("x" * 5000, "other"))
        server.answer(1)
        server.answer(2)

        assert [one.outcome() for one in asked] == [{}, {}]
        assert (asker.connection.skipped_events, asker.connection.dropped_answers) == (1, 2)
