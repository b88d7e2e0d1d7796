"""What the protocol puts around every request of revision 2026-07-28: its `_meta`. Pure.

Source: MCP 2026-07-28, basic protocol, `_meta`; a server may infer nothing from earlier requests.
"""

from collections.abc import Mapping
from typing import Any

from actors.call import Outcome, Result
from actors.catalogue import table
from actors.errors import OutcomeUnknownError
from actors.mcp.texts import shown
from actors.transport import Reply, Request

CLIENT_INFO = {"name": "mcp-orchestrator", "version": "0.1.0"}
MODERN_VERSIONS = ("2026-07-28",)
LEGACY_VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")

_PREFIX = "io.modelcontextprotocol/"
PROTOCOL_VERSION = f"{_PREFIX}protocolVersion"
SUBSCRIPTION_ID = f"{_PREFIX}subscriptionId"
_CLIENT_INFO = f"{_PREFIX}clientInfo"
_CAPABILITIES = f"{_PREFIX}clientCapabilities"
_LOG_LEVEL = f"{_PREFIX}logLevel"


def envelope(version: str, capabilities: Mapping[str, Any], log_level: str | None = None) -> Mapping[str, Any]:
    """Return the keys that every request of a modern connection carries. `log_level`: without one, no log comes."""
    keys = {PROTOCOL_VERSION: version, _CLIENT_INFO: CLIENT_INFO, _CAPABILITIES: capabilities}
    return keys if log_level is None else {**keys, _LOG_LEVEL: log_level}


def enclosed(params: Mapping[str, Any] | None, keys: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `params` with the envelope; reserved keys of the caller's `_meta` are ours to set, others stay."""
    given = params or {}
    return {**given, "_meta": {**_theirs(given), **keys}}


def bare(params: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return `params` without an envelope, which a server of before knows nothing of; what else is in `_meta` stays."""
    if params is None or "_meta" not in params:
        return params
    return {**params, "_meta": _theirs(params)}


def _theirs(params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in table(params.get("_meta")).items() if not key.startswith(_PREFIX)}


def completed(result: Result) -> Outcome:
    """Return a modern result if it is of the type that ends its request; else what is wrong with it."""
    kind = result.get("resultType")
    if kind is None or kind == "complete":  # None: a server from before there was a type.
        return result
    return OutcomeUnknownError(f"malformed answer: its resultType is {shown(kind)}")


def protocol_of(message: Request | Reply) -> str | None:
    """Return the revision that a modern request names; None for every other message."""
    if not isinstance(message, Request) or message.params is None:
        return None
    version = table(message.params.get("_meta")).get(PROTOCOL_VERSION)
    return version if isinstance(version, str) else None
