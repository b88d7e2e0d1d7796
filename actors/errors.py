"""How a call can end badly, sorted by what the caller may do next."""

import copy
from typing import Any, Literal, Self

Executed = Literal["no", "yes", "unknown"]


class MCPOrchestratorError(Exception):
    """Root of all. `executed` says whether the server can have run the call: "no" is safe to repeat.

    * `server`, `tool`, `request_id`: which call; None where there is none. `of_call` fills them in.
    * `retry_after_s`: seconds until another try makes sense; None if nobody knows.
    * `status`: of the HTTP answer that said so; None if none did.
    """

    status: int | None = None

    def __init__(self, message: str, *, executed: Executed, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.executed: Executed = executed
        self.retry_after_s = retry_after_s
        self.server: str | None = None
        self.tool: str | None = None
        self.request_id: int | None = None

    def of_call(self, server: str, tool: str | None, request_id: int) -> Self:
        """Return this error as the outcome of one call: a copy if it is another call's already."""
        error = self if self.request_id is None else copy.copy(self)
        error.server, error.tool, error.request_id = server, tool, request_id
        return error

    def __reduce__(self) -> tuple[object, ...]:
        """Make copies, and errors that cross processes: the constructors have keywords, which Exception forgets."""
        return _rebuilt, (type(self), self.args), self.__dict__

    def __str__(self) -> str:
        """Say which call, what happened, and what that means for a repeat."""
        where = ".".join(part for part in (self.server, self.tool) if part)
        what = f"{where}: {self.message}" if where else self.message
        later = "" if self.retry_after_s is None else f", try again in {self.retry_after_s:.1f} s"
        return f"{what} (executed: {self.executed}{later})"


def _rebuilt(kind: type[MCPOrchestratorError], args: tuple[object, ...]) -> MCPOrchestratorError:
    error = kind.__new__(kind)
    error.args = args
    return error


class NotExecutedError(MCPOrchestratorError):
    """No byte of the call reached the server, or the server said it did nothing."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message, executed="no", retry_after_s=retry_after_s)


class ConfigurationError(NotExecutedError, ValueError):
    """A configuration that cannot be used. The message names the key's path and the remedy."""

    def __str__(self) -> str:
        """Say only what is wrong: no call was there."""
        return self.message


class UnknownServerError(NotExecutedError, ValueError):
    """No server of this name or alias is configured."""

    def __str__(self) -> str:
        """Say only what is wrong: no call was there."""
        return self.message


class InvalidCallError(NotExecutedError, ValueError):
    """The caller's mistake, found too late to be raised at once: in a call of a batch, or in params no JSON can say."""


class MCPConnectionError(NotExecutedError, ConnectionError):
    """There is no way to the server: refused, unreachable, never connected."""


class CircuitBreakerOpenError(NotExecutedError):
    """The server, or this one tool of it, failed too often lately; it is left alone for `retry_after_s`."""


class OverloadedError(NotExecutedError):
    """Too many calls wait for this server already."""


Unavailable = Literal[
    "auth_required", "config", "throttled", "draining", "stopped", "crashed", "restarting", "parked", "broken"
]


class ServerUnavailableError(NotExecutedError):
    """Nobody serves this name now. `state` is the word for it, `reason` the sentence."""

    def __init__(self, reason: str, *, state: Unavailable, retry_after_s: float | None = None) -> None:
        super().__init__(f"{state}: {reason}", retry_after_s=retry_after_s)
        self.state: Unavailable = state
        self.reason = reason


class SessionLostError(NotExecutedError):
    """The server has forgotten our session (HTTP 404, or a 400 that means it). Mended, then tried again."""


class OutcomeUnknownError(MCPOrchestratorError):
    """The call went out and its answer will not come: look before you repeat it.

    `stale`: a reused connection ended before the first byte of an answer, as idle ones do. No news of the server.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None, stale: bool = False) -> None:
        super().__init__(message, executed="unknown", retry_after_s=retry_after_s)
        self.stale = stale


class MCPTimeoutError(MCPOrchestratorError, TimeoutError):
    """The deadline passed first. `executed` is "no" if the call had not gone out, else "unknown"."""


class CallCancelledError(MCPOrchestratorError):
    """The caller gave up first. `executed` as for a timeout."""


class MCPToolError(MCPOrchestratorError):
    """The server answered, and the answer is an error.

    * `result`: the raw result with isError true (the tool ran and failed), else None.
    * `code`, `data`: of a JSON-RPC error (the request was refused or broke), else None.
    """

    def __init__(
        self,
        message: str,
        *,
        executed: Executed,
        result: dict[str, Any] | None = None,
        code: int | None = None,
        data: Any = None,  # noqa: ANN401 -- whatever JSON the server sent
    ) -> None:
        super().__init__(message, executed=executed)
        self.result, self.code, self.data = result, code, data


class InvalidResultError(MCPOrchestratorError):
    """The tool ran; its structured content is not what its own outputSchema says. `result`: raw, as it came."""

    def __init__(self, message: str, *, result: dict[str, Any]) -> None:
        super().__init__(message, executed="yes")
        self.result = result


class ResponseTooLargeError(MCPOrchestratorError):
    """The answer is larger than `max_response_bytes`: the server ran the call, the answer is thrown away."""

    def __init__(self, message: str) -> None:
        super().__init__(message, executed="yes")


class ActorCrashedError(Exception):
    """A BaseException (SystemExit, say) in an actor, made harmless for pykka; see `base`."""
