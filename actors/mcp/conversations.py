"""What is said on the control connection, exchange by exchange. Pure: generators that yield requests.

A conversation yields what to send next and is sent the outcome. It returns what came of it, or the error that
ended it. Request ids are given by whoever runs it. Source: MCP, lifecycle and pagination of all revisions.
"""

from collections.abc import Generator, Mapping
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
from actors.mcp.era import Legacy, Probe, Silent, speaks_our_version
from actors.mcp.session import Session, Way, server_name
from actors.mcp.texts import shown, text_of
from actors.transport import Reply, Request

T = TypeVar("T")
Conversation: TypeAlias = Generator[Request | Reply, Outcome, T | MCPOrchestratorError]


def _request(method: str, params: dict[str, Any] | None = None) -> Request:
    return Request(id=0, method=method, params=params, replay_safe=True)


def discover(probe: Probe) -> Conversation[Session | Legacy | Silent]:
    """Ask a server for its era, and once more if it refuses the very version that it lists."""
    outcome = yield probe.ask()
    if speaks_our_version(outcome):
        outcome = yield probe.ask()
    return probe.finding(outcome)


def handshake(capabilities: Mapping[str, Any], transport: Way) -> Conversation[Session]:
    """Open a legacy session: initialize, then notifications/initialized. `capabilities`: ours."""
    params = {"protocolVersion": LEGACY_VERSIONS[0], "capabilities": capabilities, "clientInfo": CLIENT_INFO}
    answer = yield _request("initialize", params)
    if isinstance(answer, MCPOrchestratorError):
        return answer
    version = answer.get("protocolVersion")
    if version not in LEGACY_VERSIONS:
        return ServerUnavailableError(
            f"the server speaks protocol {shown(version)}, we speak {', '.join(LEGACY_VERSIONS)}", state="config"
        )
    taken = yield _request("notifications/initialized")
    if isinstance(taken, MCPOrchestratorError):
        return taken
    return Session(
        era="legacy",
        protocol=version,
        transport=transport,
        capabilities=table(answer.get("capabilities")),
        server_info=server_name(answer.get("serverInfo")),
        instructions=text_of(answer.get("instructions")),
    )


def one(message: Request | Reply) -> Conversation[Any]:
    """Send one message; return its outcome."""
    return (yield message)


def ping(*, modern: bool) -> Conversation[Any]:
    """Ask whether the server is there, twice before it counts as not; `is_alive` reads the answer.

    Revision 2026-07-28 has no ping; its server/discover is cheap, and says so.
    """
    question = _request("server/discover" if modern else "ping")
    outcome = yield question
    if isinstance(outcome, MCPConnectionError | OutcomeUnknownError):  # One hiccup is no news.
        outcome = yield question
    return outcome


def is_alive(outcome: Outcome) -> bool:
    """Say if this outcome of a ping comes from a live server: any answer does, also a refusal."""
    return isinstance(outcome, dict | MCPToolError | ServerUnavailableError | SessionLostError)


def cancelled(request_id: int, reason: str) -> Request:
    """Tell the server that nobody waits for this request any more."""
    return _request("notifications/cancelled", {"requestId": request_id, "reason": reason})


def log_level(level: str) -> Request:
    """Ask a legacy server for its log messages, from this level on."""
    return _request("logging/setLevel", {"level": level})


def as_connect_failure(error: MCPOrchestratorError) -> MCPOrchestratorError:
    """Return the error of a handshake as an error of the connect: nothing of the caller's was sent."""
    if isinstance(error, ServerUnavailableError):
        return error
    failure = MCPConnectionError(f"connecting failed: {error.message}", retry_after_s=error.retry_after_s)
    failure.__cause__ = error
    return failure
