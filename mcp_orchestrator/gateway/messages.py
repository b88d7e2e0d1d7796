"""What a message of JSON-RPC has to be, whichever way it came. Pure."""

import json
from collections.abc import Mapping
from typing import Any, cast

from mcp_orchestrator.gateway.refusals import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, RefusedError

# Whoever comes next serves them; who has a call under way may still ask what there is, answer, and cancel.
_NEW_WORK = frozenset({"initialize", "tools/call", "prompts/get", "resources/read", "completion/complete"})
NO_NEW_WORK = "the gateway is shutting down; nothing was executed"


def parsed(text: bytes) -> object:
    """Return what the JSON says. RefusedError: it is none."""
    try:
        return cast("object", _JSON.decode(text.decode()))
    except (ValueError, RecursionError) as error:
        raise RefusedError(PARSE_ERROR, f"Parse error: this is no JSON: {type(error).__name__}") from error


def check_is_message(message: Mapping[str, Any]) -> None:
    """Refuse what is no message of JSON-RPC."""
    request_id, method = message.get("id", 0), message.get("method", "")
    is_id = isinstance(request_id, str | int) and not isinstance(request_id, bool)
    if message.get("jsonrpc") != "2.0" or not is_id or not isinstance(method, str):
        raise RefusedError(INVALID_REQUEST, "Invalid request: no message of JSON-RPC 2.0")
    if "method" not in message and "result" not in message and "error" not in message:
        raise RefusedError(INVALID_REQUEST, "Invalid request: neither method nor result nor error")
    if not isinstance(message.get("params", {}), dict):
        raise RefusedError(INVALID_PARAMS, "Invalid params: they must be an object")


def is_request(message: Mapping[str, Any]) -> bool:
    """Say whether a message wants an answer."""
    return "id" in message and isinstance(message.get("method"), str)


def is_new_work(message: Mapping[str, Any]) -> bool:
    """Say whether a message asks for something that is not begun any more while everything ends."""
    return message.get("method") in _NEW_WORK


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse)  # Once: `json.loads` would make one for each message.
