"""Which changes of a server's status are told to a person, and in which words."""

from dataclasses import replace
from typing import Any

import pytest

from actors.breaker import BreakerSnapshot
from actors.breaker import State as BreakerState
from actors.call import ServerName
from actors.incidents import between
from actors.status import ServerStatus

BEFORE = ServerStatus(server=ServerName("a"))
READY = replace(BEFORE, state="ready", reason="", server_info="odd 1", protocol="2025-11-25")


def test_a_connection_that_comes_and_goes_is_told_with_what_it_is_and_why_it_went() -> None:
    lost = replace(READY, state="reconnecting", reason="killed by SIGKILL")

    assert between(BEFORE, READY) == [("connected", "odd 1, protocol 2025-11-25")]
    assert between(READY, lost) == [("lost", "killed by SIGKILL")]


def test_a_connection_that_is_replaced_as_asked_is_told_as_lost_too() -> None:
    replaced = replace(READY, state="connecting", reason="connecting")

    assert between(READY, replaced) == [("lost", "a new connection is being made")]


@pytest.mark.parametrize("state", ["connecting", "reconnecting", "draining"])
def test_what_is_only_being_tried_is_no_news(state: str) -> None:
    assert between(BEFORE, replace(BEFORE, state=state, reason=state)) == []
    assert between(None, replace(BEFORE, state=state)) == []


@pytest.mark.parametrize("state", ["reconnecting", "connecting"])
def test_a_failed_connect_is_told_once_with_its_reason_also_if_the_next_is_under_way(state: str) -> None:
    trying = replace(BEFORE, state="connecting")
    failed = replace(trying, state=state, reason="connecting failed: refused", failed_connects=1)

    assert between(trying, failed) == [("connect_failed", "refused")]
    assert between(failed, replace(failed, state="connecting")) == []


def test_a_connect_that_fails_in_a_crash_loop_is_told_as_one() -> None:
    failed = replace(BEFORE, state="connecting", failed_connects=4)
    again = replace(failed, state="crash_loop", reason="exit 1", failed_connects=5)

    assert between(failed, again) == [("crash_loop", "exit 1")]


@pytest.mark.parametrize("state", ["throttled", "auth_required", "config", "disconnected", "parked", "stopped"])
def test_every_other_state_is_told_with_its_reason(state: str) -> None:
    assert between(READY, replace(READY, state=state, reason="why")) == [(state, "why")]


def test_a_breaker_is_told_with_what_opened_it() -> None:
    opened = replace(READY, breaker=BreakerSnapshot(state=BreakerState.OPEN), last_failure="HTTP 500")

    assert between(READY, opened) == [("breaker_open", "HTTP 500")]
    assert between(opened, READY) == [("breaker_closed", "")]


def test_a_tool_that_is_left_alone_is_told() -> None:
    change: dict[str, Any] = {"tools_open": ("slow",)}

    assert between(READY, replace(READY, **change)) == [("tool_breaker_open", "calls of slow time out")]
