"""What an HTTP answer without a result means for the call. Pure; for the HTTP transports."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPToolError,
    OutcomeUnknownError,
    ServerUnavailableError,
    SessionLostError,
)
from actors.mcp.jsonrpc import Answer, decode

_MOST_SECONDS = 9  # Digits of a Retry-After.

# What a server that lost our session says with a 400: the specification wants 404, several servers know better. No
# JSON-RPC at all, "invalid request", or a code of the range that every SDK uses as it likes.
_SESSION_LOST_CODES = {None, -32600, *range(-32019, -31999)}

# No answer yet and none to follow; and "see other", which says that what was asked is done (RFC 9110, 15.4.4).
_SAYS_NOTHING = {101, 303}

# Said before a request is looked into. Any other 4xx, such as 408 and 409, may be said after it was begun.
_REFUSES = {400, 404, 405, 406, 410, 411, 413, 414, 415, 417, 421, 426, 428, 431}

_WHAT_TO_CHECK = {
    404: "check the path of the url",
    405: 'the url takes no POST: check its path; a server of the older HTTP+SSE is found by transport = "auto"',
    406: "the server wants other headers than the protocol's: check what stands between",
    413: "the server takes no request of this size",
    415: "the server wants other headers than the protocol's: check what stands between",
}


def outcome_of_status(
    status: int, headers: Mapping[str, str], body: bytes, *, where: str, had_session: bool
) -> MCPOrchestratorError:
    """Translate an answer that is not 2xx. `body`: as much of it as was read. `had_session`: was sent with an id.

    Source of what was executed: the Streamable HTTP pages of the revisions 2025-03-26 to 2026-07-28, and what the
    servers of the official SDKs do.
    """
    error = _error_of_status(status, headers, body, where, had_session=had_session)
    error.status = status
    return error


def _error_of_status(
    status: int, headers: Mapping[str, str], body: bytes, where: str, *, had_session: bool
) -> MCPOrchestratorError:
    what = f"{where}: HTTP {status}"
    if status in {401, 403}:
        return ServerUnavailableError(f"{what}: check the credentials in headers", state="auth_required")
    if status == 429:
        when_s = retry_after_s(headers)
        return ServerUnavailableError(f"{what}: too many requests", state="throttled", retry_after_s=when_s)
    error = _error_in(body)
    if status >= 500 or status in _SAYS_NOTHING:
        said = f": {error.message}" if error else ""
        return OutcomeUnknownError(f"{what}{said}", retry_after_s=retry_after_s(headers))
    code = error.code if error else None
    if had_session and (status == 404 or (status == 400 and code in _SESSION_LOST_CODES)):
        return SessionLostError(f"{what}: the session is gone")
    if 300 <= status < 400:
        remedy = f"redirected to {headers.get('Location')!r}: set that as the url"
    else:
        remedy = _WHAT_TO_CHECK.get(status, "check the url and the headers")
    if error is not None:
        return error
    return (MCPConnectionError if status in _REFUSES or status < 400 else OutcomeUnknownError)(f"{what}: {remedy}")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait by Retry-After: its seconds, or its date less the answer's own; None: no word."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:_MOST_SECONDS])
    with suppress(ValueError):
        until = _date(value)
        now = _date(headers["Date"]) if "Date" in headers else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    return None


def _date(value: str) -> datetime:
    date = parsedate_to_datetime(value)
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _error_in(body: bytes) -> MCPToolError | None:
    """Return the JSON-RPC error in the body of an answer, whatever id it names: it can only mean this request."""
    with suppress(ValueError):
        for message in decode(body):
            if isinstance(message, Answer) and isinstance(message.outcome, MCPToolError):
                return message.outcome
    return None
