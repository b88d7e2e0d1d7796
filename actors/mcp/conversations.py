"""What is said on the control connection, exchange by exchange. Pure: generators that yield requests.

A conversation yields what to send next and is sent the outcome. It returns what came of it, or the error that
ended it. Request ids are given by whoever runs it. Source: MCP 2025-11-25, lifecycle and pagination.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from actors.call import Outcome
from actors.catalogue import table
from actors.errors import (
    MCPConnectionError,
    MCPOrchestratorError,
    MCPToolError,
    OutcomeUnknownError,
    ServerUnavailableError,
    SessionLostError,
)
from actors.mcp.envelope import CLIENT_INFO, LEGACY_VERSIONS
from actors.transport import Reply, Request

T = TypeVar("T")
Conversation: TypeAlias = Generator[Request | Reply, Outcome, T | MCPOrchestratorError]


_MAX_PAGES = 1000  # Against a server whose cursors never end. Arbitrary.


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What the handshake agreed on. `capabilities` as the server sent them."""

    protocol: str
    capabilities: Mapping[str, Any]
    server_info: str
    instructions: str


def _request(method: str, params: dict[str, Any] | None = None) -> Request:
    return Request(id=0, method=method, params=params, replay_safe=True)


def handshake() -> Conversation[Session]:
    """Open a session: initialize, then notifications/initialized."""
    params = {"protocolVersion": LEGACY_VERSIONS[0], "capabilities": {}, "clientInfo": CLIENT_INFO}
    answer = yield _request("initialize", params)
    if isinstance(answer, MCPOrchestratorError):
        return answer
    version = answer.get("protocolVersion")
    if version not in LEGACY_VERSIONS:
        return ServerUnavailableError(
            f"the server speaks protocol {version!r}, we speak {', '.join(LEGACY_VERSIONS)}", state="config"
        )
    taken = yield _request("notifications/initialized")
    if isinstance(taken, MCPOrchestratorError):
        return taken
    info = table(answer.get("serverInfo"))
    return Session(
        protocol=version,
        capabilities=table(answer.get("capabilities")),
        server_info=" ".join(str(part) for part in map(info.get, ("name", "version")) if part),
        instructions=str(answer.get("instructions") or ""),
    )


def list_all(method: str, key: str) -> Conversation[list[Any]]:
    """Fetch all pages of `method`; the entries stand under `key`. An empty cursor is a cursor; a repeated one ends."""
    entries: list[Any] = []
    seen: set[str] = set()
    params: dict[str, Any] | None = None
    for _ in range(_MAX_PAGES):
        answer = yield _request(method, params)
        if isinstance(answer, MCPOrchestratorError):
            return answer
        page = answer.get(key)
        if not isinstance(page, list):
            return OutcomeUnknownError(f"the answer to {method} has no list of {key}")
        entries += page
        cursor = answer.get("nextCursor")
        if not isinstance(cursor, str) or cursor in seen:
            return entries
        seen.add(cursor)
        params = {"cursor": cursor}
    return entries


def one(message: Request | Reply) -> Conversation[Any]:
    """Send one message; return its outcome."""
    return (yield message)


def ping() -> Conversation[Any]:
    """Ask whether the server is there, twice before it counts as not; `is_alive` reads the answer."""
    outcome = yield _request("ping")
    if isinstance(outcome, MCPConnectionError | OutcomeUnknownError):  # One hiccup is no news.
        outcome = yield _request("ping")
    return outcome


def is_alive(outcome: Outcome) -> bool:
    """Say if this outcome of a ping comes from a live server: any answer does, also a refusal."""
    return isinstance(outcome, dict | MCPToolError | ServerUnavailableError | SessionLostError)


def cancelled(request_id: int, reason: str) -> Request:
    """Tell the server that nobody waits for this request any more."""
    return _request("notifications/cancelled", {"requestId": request_id, "reason": reason})


def answer_to(method: str, request_id: int | str) -> Reply:
    """Answer a request of the server: we declare no capability, so a ping is all it may ask."""
    if method == "ping":
        return Reply(id=request_id, result={})
    return Reply(id=request_id, error={"code": -32601, "message": f"{method}: this client offers no such method"})


def as_connect_failure(error: MCPOrchestratorError) -> MCPOrchestratorError:
    """Return the error of a handshake as an error of the connect: nothing of the caller's was sent."""
    if isinstance(error, ServerUnavailableError):
        return error
    failure = MCPConnectionError(f"connecting failed: {error.message}", retry_after_s=error.retry_after_s)
    failure.__cause__ = error
    return failure
