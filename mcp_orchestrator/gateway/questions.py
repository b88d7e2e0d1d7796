"""What servers ask of callers within sessions: a request to the caller, whose answer goes to the server.

Source: MCP 2026-07-28, multi round-trip requests; MCP 2025-11-25, sampling, elicitation, roots. Requests and results
have the same shapes in both.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

from actors.catalogue import table
from actors.inputs import NO_ANSWER
from mcp_orchestrator.gateway.streams import Message

Put = Callable[[Message], bool]
Ask = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]  # By method and params.

CARRIED = ("inputResponses", "requestState")
MOST_ROUNDS = 10  # The specification's suggestion.
PATIENCE_S = 600.0  # Somebody has to read, and to think. Arbitrary.
_MOST_OPEN = 16  # Of one session. Arbitrary.
_ASKABLE: Mapping[str, str] = {
    "sampling/createMessage": "sampling",
    "elicitation/create": "elicitation",
    "roots/list": "roots",
}


class UnansweredError(Exception):
    """A question got no answer. The text says why; `code`: of the caller's error, or of ours."""

    def __init__(self, text: str, code: int = NO_ANSWER) -> None:
        super().__init__(text)
        self.code = code


def askable(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a modern server may ask of a caller who declared this as his session began.

    Of elicitation only forms: how the opening of a URL is told of differs between the eras.
    """
    elicitation = declared.get("elicitation")
    forms = elicitation == {} or "form" in table(elicitation)
    asked = {
        "sampling": table(declared.get("sampling")) if "sampling" in declared else None,
        "elicitation": table(None) if forms else None,
        "roots": table(None) if "roots" in declared else None,
    }
    return {name: value for name, value in asked.items() if value is not None}


def asked_for(method: str) -> str | None:
    """Return the capability that a caller must have declared to be asked this; None: nobody can be."""
    return _ASKABLE.get(method)


class Questions:
    """Those that are open in one session. All on the loop's thread."""

    def __init__(self, declared: Mapping[str, Any]) -> None:
        self._declared, self.capabilities = declared, askable(declared)
        self._number: Callable[[], int] = count(1).__next__
        self._open: dict[str, asyncio.Future[Mapping[str, Any]]] = {}

    async def ask(self, put: Put, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a request by `put`, and return the result that the caller posts. UnansweredError: there is none."""
        if asked_for(method) not in self._declared:
            raise UnansweredError(f"the caller does not answer {method}")
        request_id = f"gateway-{self._number()}"
        request = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
        if len(self._open) >= _MOST_OPEN or not put(request):
            raise UnansweredError("the caller cannot be asked now")
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._open[request_id] = answer
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await answer
        except (TimeoutError, asyncio.CancelledError) as error:  # He need not think about it any more.
            put({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request_id}})
            if isinstance(error, TimeoutError):
                raise UnansweredError("nobody has answered") from error
            raise
        finally:
            del self._open[request_id]

    def answered(self, message: Mapping[str, Any]) -> None:
        """Take a response in; one that answers nothing is none."""
        request_id = message.get("id")
        answer = self._open.get(request_id) if isinstance(request_id, str) else None
        if answer is None or answer.done():
            return
        if isinstance(message.get("result"), dict):
            answer.set_result(table(message["result"]))
        else:
            text, code = _reason(table(message.get("error")))
            answer.set_exception(UnansweredError(f"the caller gave no answer: {text}", code))

    def end(self, why: str) -> None:
        """Wait for no answer any more."""
        for answer in self._open.values():
            if not answer.done():
                answer.set_exception(UnansweredError(why))


async def next_round(params: Mapping[str, Any], required: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    """Return the params to send again, once the caller has answered what was asked for. UnansweredError."""
    answers: dict[str, Any] = {}
    for name, request in table(required.get("inputRequests")).items():  # One after the other: two forms help nobody.
        asked = table(request)
        answers[name] = await ask(str(asked.get("method")), table(asked.get("params")))
    again = {key: value for key, value in params.items() if key not in CARRIED}
    if answers:
        again["inputResponses"] = answers
    if "requestState" in required:
        again["requestState"] = required["requestState"]
    return again


def _reason(error: Mapping[str, Any]) -> tuple[str, int]:
    text, code = error.get("message"), error.get("code")
    reason = text if isinstance(text, str) and text else "an error without a reason"
    return reason, code if type(code) is int else NO_ANSWER
