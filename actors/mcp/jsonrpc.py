"""JSON-RPC for one peer: our messages as bytes, its bytes as answers and events. Pure; for every transport.

Rules: the JSON-RPC pages of all MCP revisions. Unknown keys stay, `jsonrpc` is not checked: a lax peer is served.
"""

import json
from dataclasses import dataclass
from typing import Any, cast

from actors.call import Outcome
from actors.errors import Executed, InvalidCallError, MCPToolError, OutcomeUnknownError
from actors.mcp.texts import shown, text_of
from actors.transport import Received, Reply, Request

# Codes by which the peer says that it refused the request before running it: parse error, invalid request,
# unknown method, bad params (an unknown tool too), headers at odds with the body, unsupported revision. Not -32021, a
# capability that the request does not declare: a tool may find that out in the middle of its work.
REFUSALS = frozenset({-32700, -32600, -32601, -32602, -32020, -32022})

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_ENCODE_ASCII = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The peer's answer to a request of ours. `id` is None where it names none, as for what it could not read."""

    id: int | str | None
    outcome: Outcome

    def ends(self, request_id: int) -> bool:
        """Whether this answers that request. Typed: neither "1" nor 1.0 nor true is 1."""
        return type(self.id) is int and self.id == request_id


def encode(message: Request | Reply) -> bytes:
    """One message as compact UTF-8 without a newline. Raises InvalidCallError for what JSON cannot say."""
    try:
        wire = {"jsonrpc": "2.0", **_fields(message)}
        try:
            return _ENCODE(wire).encode()
        except UnicodeEncodeError:  # Half a surrogate pair: legal in JSON as an escape, not in UTF-8.
            return _ENCODE_ASCII(wire).encode()
    except BaseException as error:  # A caller's own mappings run here, and must not end the actor of all callers.
        raise InvalidCallError(f"{message_name(message)} cannot be sent as JSON: {error}") from error


def _fields(message: Request | Reply) -> dict[str, Any]:
    if isinstance(message, Reply):
        said = {"result": dict(message.result or {})} if message.error is None else {"error": dict(message.error)}
        return {"id": message.id, **said}
    wire: dict[str, Any] = {} if message.is_notification else {"id": message.id}
    wire["method"] = message.method
    if message.params is not None:
        wire["params"] = dict(message.params)
    return wire


def message_name(message: Request | Reply) -> str:
    """Say in an error text which message of ours is meant."""
    return message.method if isinstance(message, Request) else f"the answer to request {message.id!r}"


def decode(data: bytes | str) -> list[Answer | Received]:
    """Read what one body, line or event holds: one message, or several as a batch. ValueError: not JSON-RPC."""
    try:
        decoded: object = json.loads(data)
    except RecursionError as error:
        raise ValueError("JSON nested too deeply") from error
    if isinstance(decoded, list):
        return [_message(part) for part in cast("list[object]", decoded)]
    return [_message(decoded)]


def _message(part: object) -> Answer | Received:
    if not isinstance(part, dict):
        raise ValueError(f"not a JSON-RPC message but a {type(part).__name__}")  # noqa: TRY004 -- bad data, no bug
    message = cast("dict[str, Any]", part)
    method, error, params, raw_id = (message.get(key) for key in ("method", "error", "params", "id"))
    peer_id = raw_id if type(raw_id) is int or type(raw_id) is str else None
    if isinstance(method, str):
        known = cast("dict[str, Any]", params) if isinstance(params, dict) else {}
        return Received(method=method, params=known, id=peer_id)
    if error is not None and message.get("result") is not None:
        return Answer(id=peer_id, outcome=OutcomeUnknownError("malformed answer: it has a result and an error"))
    if error is not None:
        return Answer(id=peer_id, outcome=_outcome_of_error(error))
    if "result" not in message:
        raise ValueError("an object with neither method nor result nor error")
    return Answer(id=peer_id, outcome=_outcome_of_result(message["result"]))


def _outcome_of_result(result: object) -> Outcome:
    if isinstance(result, dict):
        return cast("dict[str, Any]", result)
    return OutcomeUnknownError(f"malformed answer: its result is {shown(result)}")


def _outcome_of_error(error: object) -> Outcome:
    body: dict[str, Any] = cast("dict[str, Any]", error) if isinstance(error, dict) else {}
    code = body.get("code")
    if type(code) is not int:
        return OutcomeUnknownError("malformed answer: its error has no code")
    executed: Executed = "no" if code in REFUSALS else "unknown"
    text = f"{text_of(body.get('message')) or 'error without a message'} (code {code})"
    return MCPToolError(text, executed=executed, code=code, data=body.get("data"))
