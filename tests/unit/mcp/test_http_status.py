"""What a status says, and when it says to come again. The rest of it is tested against servers."""

import pytest

from actors.errors import MCPConnectionError, MCPToolError, OutcomeUnknownError, SessionLostError
from actors.mcp.http_status import outcome_of_status, retry_after_s

DATE = "Sun, 22 Nov 2026 11:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("5", 5.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Sun, 22 Nov 2026 11:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 11:00:30 -0000", 30.0),
        ("Sun, 22 Nov 2026 10:00:00 GMT", 0.0),
        ("9" * 5000, 999_999_999.0),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("soon", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_own_clock(value: str, wait_s: float | None) -> None:
    assert retry_after_s({"Retry-After": value, "Date": DATE}) == wait_s


def test_a_date_without_a_date_to_compare_it_with_is_by_our_clock() -> None:
    assert retry_after_s({"Retry-After": DATE.replace("2026", "1999")}) == 0.0


def test_no_retry_after_is_no_word() -> None:
    assert retry_after_s({}) is None


@pytest.mark.parametrize(
    ("status", "had_session", "kind"),
    [
        (404, True, SessionLostError),
        (404, False, MCPConnectionError),
        (400, True, SessionLostError),
        (400, False, MCPConnectionError),
        (405, True, MCPConnectionError),
        (599, True, OutcomeUnknownError),
        (304, True, MCPConnectionError),
        (303, False, OutcomeUnknownError),
        (101, False, OutcomeUnknownError),
    ],
)
def test_only_a_404_or_400_to_a_message_in_a_session_means_that_it_is_gone(
    *, status: int, had_session: bool, kind: type[Exception]
) -> None:
    outcome = outcome_of_status(status, {}, b"", where="http://x/mcp", had_session=had_session)

    assert type(outcome) is kind
    assert outcome.status == status


def error(code: int) -> bytes:
    return b'{"id":null,"error":{"code":%d,"message":"no"}}' % code


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, error(-32001), SessionLostError),  # A bridge to a child.
        (404, b"<html>", SessionLostError),
        (400, error(-32600), SessionLostError),  # Python 1.12: "No valid session ID provided".
        (400, error(-32000), SessionLostError),  # TypeScript 1.x.
        (400, error(-32019), SessionLostError),
        (400, error(-32602), MCPToolError),
        (400, error(-32601), MCPToolError),
        (400, error(-32700), MCPToolError),
        (400, error(-32020), MCPToolError),  # Only a modern server says this and the next two.
        (400, error(-32021), MCPToolError),
        (400, error(-32022), MCPToolError),
        (410, error(-32600), MCPToolError),
    ],
)
def test_in_a_session_the_code_decides_what_a_400_means(status: int, body: bytes, kind: type[Exception]) -> None:
    outcome = outcome_of_status(status, {}, body, where="http://x/mcp", had_session=True)

    assert type(outcome) is kind
    assert outcome.status == status
