"""What came of what callers wanted, or why nothing did, as the OpenAPI document describes it. See `answers`."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from mcp_orchestrator.control.answers import Answer, Configuration, Seconds, Server, State

Responses: TypeAlias = dict[int | str, dict[str, Any]]

Executed = Annotated[
    Literal["no", "yes", "unknown"],
    Field(description="Whether the server can have run the call; no: it is safe to repeat it"),
]


class Error(Answer):
    """What went wrong, and what the caller may do next."""

    type: str = Field(description="Kind of error, such as CircuitBreakerOpenError")
    message: str = Field(description="For people: what happened, and the remedy if there is one")
    executed: Executed
    retry_after_s: Seconds = Field(description="Seconds until another try makes sense; null if nobody knows")
    server: str | None = Field(description="Which server the call was for")
    tool: str | None = Field(description="Which tool was called, as its server has it")
    request_id: int | None = Field(description="Number of the call, as in the logs")
    code: int | None = Field(default=None, description="Of a JSON-RPC error, if the server answered with one")
    data: Any = Field(default=None, description="Of a JSON-RPC error: whatever the server said")


class Refusal(Answer):
    """Every answer that is not a success."""

    error: Error


class Order(Answer):
    """What came of an order to a server."""

    done: bool = Field(description="Whether the server is now as wished; if not, `explain` says what happens next")
    server: Server


class HealthCheck(Answer):
    """What came of a ping."""

    server: str = Field(description="Its name")
    healthy: bool = Field(description="Whether it was answered")
    status: Literal["unknown", "up", "down"] = Field(description="By the last pings")
    response_time: Seconds = Field(description="Seconds that the answer took")
    last_check_time: str | None = Field(description="ISO 8601, UTC")
    misses: int = Field(description="Pings in a row without an answer")
    checks: int = Field(description="Pings so far")
    state: State = Field(description="What the server is in")
    reason: str = Field(description="Why; may be empty")
    protocol: str = Field(description="Revision that is spoken")
    circuit_breaker: Literal["closed", "open", "half_open"] = Field(description="State of its breaker")
    in_flight: int = Field(description="Calls that are at the server")
    waiting: int = Field(description="Calls that wait to be sent")


class Reloaded(Answer):
    """What came of reading the configuration again."""

    touched: list[str] = Field(description="Servers that were added, changed or removed; all others went on")
    configuration: Configuration


class Metadata(Answer):
    """How a call went."""

    server: str = Field(description="Its name")
    tool: str | None = Field(description="As its server has it")
    request_id: int = Field(description="Number of the call, as in the logs")
    attempts: int = Field(description="How often it was tried")
    queued_s: float = Field(description="Seconds until it was sent")
    duration_s: float = Field(description="Seconds until its answer")
    protocol: str = Field(description="Revision that was spoken")


class Called(Answer):
    """What became of one call."""

    server: str | None = Field(description="Its name")
    tool: str | None = Field(description="As its server has it")
    success: bool = Field(description="Whether the tool did what was asked")
    executed: Executed
    data: Any = Field(description="What the tool answered: structured, else parsed, else text; null if it failed")
    result: dict[str, Any] | None = Field(description="The result of MCP, as the server sent it")
    error: Error | None = Field(description="Why it failed")
    metadata: Metadata | None = Field(description="How it went; null if it failed")


class OutcomeOfCall(Called):
    """What became of one call of a batch."""

    index: int = Field(description="Its place in the list that was asked for")


class Batch(Answer):
    """What became of all calls."""

    outcomes: list[OutcomeOfCall] = Field(description="In the order asked for")
    succeeded: int = Field(description="How many did")
    failed: int = Field(description="How many did not")


_STATUSES = {
    401: "No token, or a wrong one, where tokens are asked for",
    403: "The token is not good for this",
    404: "No server has this name or alias",
    409: "Not as things stand; the message says what to do first",
    422: "The request makes no sense; the message names the key and the remedy",
    429: "Too many calls wait for this server; nothing was executed",
    502: "The server did not answer, or not with what it promised: `executed` says if it can have run the call",
    503: "Nobody serves this now; nothing was executed",
    504: "The time was over; `executed` says if the server can have run the call",
}


def refusals(*statuses: int) -> Responses:
    """Return how the document describes answers that are no success, besides those of tokens."""
    return {status: {"model": Refusal, "description": _STATUSES[status]} for status in (401, 403, *statuses)}


OF_CALLS = refusals(404, 422, 429, 502, 503, 504)
OF_ORDERS = refusals(404, 409, 422, 503)
