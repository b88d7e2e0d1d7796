"""What people are told of a server, in every state it can be in."""

from typing import Any

import pytest

from actors.breaker import BreakerSnapshot, State
from actors.call import ToolName
from actors.catalogue import Catalogue
from actors.mcp.session import Era, Way
from actors.statistics import StatisticsSnapshot
from mcp_orchestrator import views
from mcp_orchestrator.config import load
from tests.fixtures.boards import CONFIG, A, shown

HANDSHAKE = "That revision was agreed on in a handshake (initialize)"
CLOSED = "The circuit breaker is closed; 0 of 5 failures in a row."


def explained(*, later_s: float = 0.0, **status: Any) -> list[str]:
    board, runtime = shown(**status)
    runtime.now += later_s
    return views.explain(board, runtime, CONFIG, A)


@pytest.mark.parametrize(
    ("status", "sentences"),
    [
        ({}, ["a is disconnected: never connected.", "Calls are refused until it is connected."]),
        (
            {"state": "connecting", "reason": "connecting"},
            ["a is connecting.", "Calls wait for the connection within their deadlines."],
        ),
        (
            {"state": "ready", "reason": "", "server_info": "x 1", "protocol": "2025-11-25"},
            ["a is ready.", "It is x 1 and speaks protocol 2025-11-25."],
        ),
        (
            {"state": "ready", "reason": "", "protocol": "2025-11-25"},
            ["a is ready.", "It is a nameless server and speaks protocol 2025-11-25."],
        ),
        (
            {"state": "reconnecting", "reason": "refused", "retry_after_s": 2.0},
            ["a is reconnecting: refused.", "Calls wait within their deadlines; the next try comes in 2.0 s."],
        ),
        (
            {"state": "reconnecting", "reason": "last on stderr: set NAME in .env.", "retry_after_s": 2.0},
            [
                "a is reconnecting: last on stderr: set NAME in .env.",
                "Calls wait within their deadlines; the next try comes in 2.0 s.",
            ],
        ),
        (
            {"state": "reconnecting", "reason": "restarting"},
            ["a is reconnecting: restarting.", "Calls wait within their deadlines."],
        ),
        (
            {"state": "throttled", "reason": "429", "retry_after_s": 9.0},
            ["a is throttled: 429.", "The server asked to be left alone; calls are refused for another 9.0 s."],
        ),
        (
            {"state": "auth_required", "reason": "401"},
            [
                "a is refusing our credentials: 401.",
                "Calls are refused: correct the credentials and reload, or reconnect if it takes these now.",
            ],
        ),
        (
            {"state": "config", "reason": "404"},
            [
                "a is configured wrongly: 404.",
                "Calls are refused: correct the configuration and reload, or reconnect if what it lacked is there now.",
            ],
        ),
        (
            {"state": "crash_loop", "reason": "exit 1", "retry_after_s": 3.0},
            [
                "a is in a crash loop: exit 1.",
                "Its tools are withdrawn; the next call tries to connect, and without one the next try comes in 3.0 s.",
            ],
        ),
        (
            {"state": "parked", "reason": "crashed"},
            [
                "a is parked: crashed.",
                "Calls are refused; its actor is started again from time to time, and when it is called.",
            ],
        ),
        (
            {"state": "disabled", "reason": "enabled = false"},
            ["a is disabled: enabled = false.", "Calls are refused until it is enabled."],
        ),
        ({"state": "draining", "reason": ""}, ["a is draining.", "It finishes what it owes, then stops."]),
        (
            {"state": "stopped", "reason": ""},
            ["a is stopped.", "Calls are refused: the orchestrator was shut down."],
        ),
    ],
)
def test_every_state_is_explained_in_sentences(status: dict[str, Any], sentences: list[str]) -> None:
    assert explained(**status) == [
        *sentences,
        CLOSED,
        "Calls so far: 0, failed: 0, retries: 0; now under way: 0, waiting: 0.",
        "Its tools are not known yet.",
    ]


@pytest.mark.parametrize(
    ("era", "transport", "sentence"),
    [
        ("modern", "http", "It named that revision when it was asked (server/discover), over Streamable HTTP."),
        ("legacy", "stdio", f"{HANDSHAKE}, over stdio."),
        ("legacy", "sse", f"{HANDSHAKE}, over HTTP+SSE."),
    ],
)
def test_how_the_revision_was_found_is_explained(era: Era, transport: Way, sentence: str) -> None:
    lines = explained(state="ready", reason="", protocol="x", era=era, transport=transport)

    assert lines[2] == sentence


def test_a_configured_era_and_what_is_offered_are_explained() -> None:
    board, runtime = shown(
        state="ready",
        reason="",
        protocol="2025-11-25",
        era="legacy",
        transport="stdio",
        capabilities={"odd": {}, "resources": {}, "prompts": {"listChanged": True}},
    )
    configured = load({"servers": {"a": {"command": "a", "protocol": "legacy"}}})

    lines = views.explain(board, runtime, configured, A)

    assert lines[2:4] == [
        f'{HANDSHAKE}, over stdio, as protocol = "legacy" in its section wants it.',
        "It offers: prompts, resources.",
    ]
    assert views.server(board, runtime, configured, A)["capabilities"] == {
        "odd": {},
        "resources": {},
        "prompts": {"listChanged": True},
    }


@pytest.mark.parametrize("state", ["connecting", "reconnecting"])
def test_while_the_breaker_is_open_only_its_time_is_told(state: str) -> None:
    restored = BreakerSnapshot(state=State.OPEN, open_for_s=16.8)

    lines = explained(state=state, reason="refused", breaker=restored, retry_after_s=1.1)

    assert lines[1:3] == [
        "Calls are refused as long as its circuit breaker is open.",
        "The circuit breaker is open; it tries the server in 16.8 s.",
    ]


def test_a_time_that_is_over_is_not_told() -> None:
    lines = explained(state="reconnecting", reason="refused", retry_after_s=2.0, later_s=0.5)
    assert lines[1] == "Calls wait within their deadlines; the next try comes in 1.5 s."

    lines = explained(state="reconnecting", reason="refused", retry_after_s=2.0, later_s=2.5)
    assert lines[1] == "Calls wait within their deadlines."


@pytest.mark.parametrize(
    ("breaker", "later_s", "sentence"),
    [
        (BreakerSnapshot(failures=2), 0, "The circuit breaker is closed; 2 of 5 failures in a row."),
        (
            BreakerSnapshot(state=State.OPEN, open_for_s=5.0),
            2,
            "The circuit breaker is open; it tries the server in 3.0 s.",
        ),
        (
            BreakerSnapshot(state=State.OPEN, open_for_s=5.0),
            6,
            "The circuit breaker is half-open: one call at a time tries the server.",
        ),
        (
            BreakerSnapshot(state=State.OPEN, forced="maintenance", forced_for_s=60.0),
            6,
            "The circuit breaker is forced open for another 54 s: maintenance.",
        ),
        (
            BreakerSnapshot(forced="we know better"),
            6,
            "The circuit breaker is forced closed: we know better.",
        ),
    ],
)
def test_the_circuit_breaker_is_explained_as_it_is_now(breaker: BreakerSnapshot, later_s: float, sentence: str) -> None:
    assert explained(breaker=breaker, later_s=later_s)[2] == sentence


def test_failures_slow_tools_and_what_may_be_repeated_are_told() -> None:
    catalogue = Catalogue.of([{"name": "read", "annotations": {"readOnlyHint": True}}, {"name": "write"}])
    lines = explained(
        last_failure_at=990.0,
        last_failure="reset by peer",
        tools_open=(ToolName("slow"),),
        catalogue=catalogue,
        fresh=True,
    )

    assert lines[3:] == [
        "The circuit breaker of its tool slow is open: its calls time out.",
        "The last failure that counted was 10 s ago: reset by peer.",
        "Calls so far: 0, failed: 0, retries: 0; now under way: 0, waiting: 0.",
        "Tools: 2; calls of 1 of them may be repeated when an answer is lost.",
    ]


def test_notifications_that_were_dropped_are_told() -> None:
    lines = explained(statistics=StatisticsSnapshot(notifications_dropped=7))

    assert "Notifications dropped, which came faster than they were taken: 7." in lines
