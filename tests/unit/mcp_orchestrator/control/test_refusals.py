"""How mistakes are told: one shape, a status that says whose, the key, and the remedy."""

import logging
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from mcp_orchestrator.control import refuse_http
from mcp_orchestrator.control.facts import Facts
from tests.fixtures.asgi import Caller
from tests.fixtures.controlled import controlling
from tests.fixtures.manual_time import on_a_loop

BREAKER = "/servers/a/breaker"


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "/call", {"server": "a"}, "body: tool is missing"),
        ("POST", "/call", {"tool": "t", "tol": 1}, "body: tol is not known here; take it out"),
        ("POST", "/call", {"tool": ""}, "body: tool: String should have at least 1 character, not ''"),
        ("POST", "/call", {"tool": "t", "timeout": "5"}, "body: timeout: must be a valid number, not '5'"),
        ("POST", "/call", {"tool": "t", "timeout": True}, "body: timeout: must be a valid number, not True"),
        ("POST", "/call", {"tool": "t", "timeout": 0}, "body: timeout: must be greater than 0, not 0"),
        (
            "POST",
            "/call",
            b'{"server": "a", "tool": "status", "timeout": Infinity}',
            "must be more than 0 s and finite",
        ),
        ("POST", "/call", {"tool": "t", "params": [1]}, "body: params: must be a valid dictionary, not [1]"),
        ("POST", "/call", [1], "the body must be a JSON object, not [1]"),
        ("POST", "/call", b"{nope", "the body is no JSON: "),
        ("POST", "/call", b"", "the body is missing: send a JSON object"),
        ("POST", "/batch", {"calls": [{"tool": 5}]}, "body: calls.0.tool: must be a valid string, not 5"),
        ("POST", "/batch", {"calls": [], "max_parallel": 0}, "body: max_parallel: must be greater than or equal to 1"),
        ("POST", "/batch", {"calls": [{"tool": "t"}] * 1001}, "body: calls: List should have at most 1000 items"),
        ("PUT", BREAKER, {"state": "half_open"}, "body: state: must be 'open' or 'closed', not 'half_open'"),
        ("PUT", BREAKER, {"state": "open", "for_s": -1}, "body: for_s: must be greater than 0, not -1"),
        ("PUT", BREAKER, {"state": "open", "why": ""}, "body: why is not known here; take it out"),
        ("GET", "/incidents?limit=0", None, "query: limit: must be greater than or equal to 1, not '0'"),
        ("GET", "/incidents?limit=few", None, "query: limit: must be a valid integer"),
    ],
)
def test_a_mistake_in_a_request_is_422_and_names_the_key_and_what_it_must_be(
    method: str, path: str, body: object, said: str
) -> None:
    @on_a_loop
    async def run() -> None:
        async with controlling("a") as (controlled, _):
            status, error = await controlled.refusal(method, path, body)

            assert (status, error["type"], error["executed"]) == (422, "InvalidCallError", "no")
            assert said in error["message"]

    run()


@on_a_loop
async def test_what_is_not_said_to_be_json_is_not_taken_for_it() -> None:
    async with controlling("a") as (controlled, scripts):
        said = {"server": "a", "tool": "status"}

        asked = await controlled.ask("POST", "/call", said, content_type="text/plain").done()

        assert asked.status == 422
        assert "send Content-Type: application/json" in asked.messages[0]["error"]["message"]
        assert scripts.wire("a").executed == []


@on_a_loop
async def test_a_long_mistake_is_told_in_short() -> None:
    async with controlling("a") as (controlled, _):
        _, error = await controlled.refusal("POST", "/call", {"tool": ["x" * 5000]})

        assert len(error["message"]) < 200


@on_a_loop
async def test_a_bug_is_logged_and_told_without_its_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Facts) -> Any:
        raise KeyError("canary")

    monkeypatch.setattr(Facts, "statistics", broken)
    async with controlling("a") as (controlled, _):
        with caplog.at_level(logging.ERROR):
            status, error = await controlled.refusal("GET", "/statistics")

        assert (status, error["type"]) == (500, "InternalError")
        assert "canary" not in str(error)
        assert "canary" in caplog.text


@on_a_loop
async def test_an_application_that_is_ours_alone_says_in_the_same_shape_that_there_is_nothing() -> None:
    app = FastAPI()
    app.add_exception_handler(HTTPException, refuse_http)

    asked = await Caller(app).http("GET", path="/nowhere").done()

    assert (asked.status, asked.messages[0]["error"]["type"]) == (404, "RequestError")
    assert "GET /nowhere: Not Found" in asked.messages[0]["error"]["message"]
