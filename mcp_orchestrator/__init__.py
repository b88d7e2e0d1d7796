"""Calls many MCP servers and gets an answer every time: the public names.

Every accepted call has exactly one outcome, at the latest at its deadline: a result, or an error whose `executed`
says whether the server can have run it.
"""

from pathlib import Path

import actors

_home = Path(__file__).resolve().parent.parent
if Path(actors.__file__ or "").resolve().parent.parent != _home:
    raise ImportError(
        f"mcp_orchestrator needs its own package `actors`, in {_home}, but Python found the one at {actors.__file__}: "
        "rename that module of your application, or move it into a package"
    )

from actors.batches import CallOutcome  # noqa: E402 -- after the check that it is ours
from actors.call import CallFuture  # noqa: E402
from actors.caller import Caller  # noqa: E402
from actors.catalogue import Repeatable  # noqa: E402
from actors.config import BreakerPolicy, ServerConfig, ToolConfig  # noqa: E402
from actors.errors import (  # noqa: E402
    CallCancelledError,
    CircuitBreakerOpenError,
    ConfigurationError,
    InvalidCallError,
    InvalidResultError,
    MCPConnectionError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    NotExecutedError,
    OutcomeUnknownError,
    OverloadedError,
    ResponseTooLargeError,
    ServerUnavailableError,
    UnknownServerError,
)
from actors.inputs import Elicitation, Sampling  # noqa: E402
from actors.notices import Notification  # noqa: E402
from actors.results import CallMetadata, ToolResult  # noqa: E402
from actors.status import Incident  # noqa: E402
from mcp_orchestrator.aio import AsyncMCPOrchestrator  # noqa: E402
from mcp_orchestrator.asking import ToolCall  # noqa: E402
from mcp_orchestrator.config import OrchestratorConfig, load  # noqa: E402
from mcp_orchestrator.engine import FailedCall  # noqa: E402
from mcp_orchestrator.handles import ServerHandle  # noqa: E402
from mcp_orchestrator.orchestrator import MCPOrchestrator  # noqa: E402

__all__ = [
    "AsyncMCPOrchestrator",
    "BreakerPolicy",
    "CallCancelledError",
    "CallFuture",
    "CallMetadata",
    "CallOutcome",
    "Caller",
    "CircuitBreakerOpenError",
    "ConfigurationError",
    "Elicitation",
    "FailedCall",
    "Incident",
    "InvalidCallError",
    "InvalidResultError",
    "MCPConnectionError",
    "MCPOrchestrator",
    "MCPOrchestratorError",
    "MCPTimeoutError",
    "MCPToolError",
    "NotExecutedError",
    "Notification",
    "OrchestratorConfig",
    "OutcomeUnknownError",
    "OverloadedError",
    "Repeatable",
    "ResponseTooLargeError",
    "Sampling",
    "ServerConfig",
    "ServerHandle",
    "ServerUnavailableError",
    "ToolCall",
    "ToolConfig",
    "ToolResult",
    "UnknownServerError",
    "load",
]
