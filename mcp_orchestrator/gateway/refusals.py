"""Errors of JSON-RPC as the gateway says them, and how a call of a server may end, mapped once. Pure."""

from collections.abc import Mapping
from typing import Any

from actors.errors import InvalidCallError, MCPOrchestratorError, MCPToolError, UnknownServerError

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION = -32020, -32021, -32022
RESOURCE_NOT_FOUND = -32002  # Of revisions before 2026-07-28.

_BETWEEN_US = frozenset({HEADER_MISMATCH, UNSUPPORTED_VERSION})  # Of our request to a server; no caller can mend it.


class RefusedError(Exception):
    """Ends a request with an error of JSON-RPC. `data`: any JSON; None: there is none."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:  # noqa: ANN401 -- any JSON
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def body(self, request_id: object) -> dict[str, Any]:
        """Return the message that says so."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return {"jsonrpc": "2.0", "id": request_id, "error": error}


def invalid(message: str) -> RefusedError:
    """Return the error for params that are not as they must be."""
    return RefusedError(INVALID_PARAMS, message)


def ended_badly(method: str, error: MCPOrchestratorError) -> dict[str, Any]:
    """Return the result that a call which ended with `error` has for its caller, or raise RefusedError.

    * A tool that ran and failed: its result as it came. An error of JSON-RPC that the server gave: the same error.
    * Everything else is ours to say. Of a tool, the model is to read it, so that it does something else meanwhile: a
      result with isError, one sentence. Of all other methods the application is to know it: an error -32603.
    """
    if isinstance(error, MCPToolError):
        if error.result is not None:
            return error.result
        if error.code is not None and error.code not in _BETWEEN_US:
            raise RefusedError(error.code, error.message, facts(error) if error.data is None else error.data)
    if isinstance(error, InvalidCallError | UnknownServerError):
        raise RefusedError(INVALID_PARAMS, error.message, facts(error))
    if method != "tools/call":
        raise RefusedError(INTERNAL, sentence(error), facts(error))
    return {"content": [{"type": "text", "text": sentence(error)}], "isError": True}


def sentence(error: MCPOrchestratorError) -> str:
    """Say what happened, and what it means for another try, to whoever reads results: mostly a model."""
    where = f"{error.server}: " if error.server else ""
    what = f"{where}{error.message.rstrip('.')}."
    match error.executed:
        case "no":
            later = (
                "" if error.retry_after_s is None else f"; it makes sense to try again in {error.retry_after_s:.0f} s"
            )
            return f"{what} Nothing was executed{later}."
        case "yes":
            return f"{what} The tool has run: do not repeat the call without looking first."
        case _:
            return f"{what} The tool may have run: look at what it has done before you repeat the call."


def facts(error: MCPOrchestratorError) -> Mapping[str, Any]:
    """Return for programs what the sentence says for models."""
    return {
        "executed": error.executed,
        "retry_after_s": error.retry_after_s,
        "server": error.server,
        "request_id": error.request_id,
    }
