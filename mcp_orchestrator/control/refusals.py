"""How what goes wrong is told over HTTP: one shape for all, and a status by what the caller may do next."""

import logging
import math
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from actors.errors import (
    CallCancelledError,
    ConfigurationError,
    InvalidCallError,
    MCPOrchestratorError,
    MCPTimeoutError,
    MCPToolError,
    NotExecutedError,
    OverloadedError,
    UnknownServerError,
)
from mcp_orchestrator.gateway.streams import encoded

logger = logging.getLogger(__name__)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_INVALID_PARAMS = -32602

# The first that fits. What is not in it was sent, and nobody knows what came of it, or its answer is of no use.
_STATUS: tuple[tuple[type[MCPOrchestratorError], int], ...] = (
    (UnknownServerError, 404),
    (ConfigurationError, 422),
    (InvalidCallError, 422),
    (OverloadedError, 429),
    (MCPTimeoutError, 504),
    (NotExecutedError, 503),
)


class Json(Response):
    """JSON as it is, with what FastAPI's own would fail on: half surrogate pairs in what servers say."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Return the body."""
        return encoded(content)


class ForbiddenError(NotExecutedError):
    """The caller's token does not let him do this."""


class NothingDoneError(NotExecutedError):
    """It makes sense, but not as things stand; the message says what to do first."""


class ControlRoute(APIRoute):
    """A route of the control API: whatever goes wrong is told as `body_of` has it, in anybody's application."""

    def get_route_handler(self) -> Handler:
        """Return what serves the route."""
        serve = super().get_route_handler()

        async def served(request: Request) -> Response:
            try:
                return await serve(request)
            except RequestValidationError as error:
                return refused(InvalidCallError(_mistakes(error)))
            except MCPOrchestratorError as error:
                return refused(error)

        return served


@contextmanager
def callers_mistakes() -> Generator[None]:
    """Tell what a face finds wrong with what it was given as the caller's mistake."""
    try:
        yield
    except MCPOrchestratorError:
        raise
    except (ValueError, TypeError) as error:
        raise InvalidCallError(str(error)) from error


def refused(error: MCPOrchestratorError) -> Json:
    """Return the answer that tells an error."""
    headers: dict[str, str] = {}
    if error.retry_after_s is not None and error.executed == "no":
        headers["retry-after"] = str(max(math.ceil(error.retry_after_s), 1))
    return Json(body_of(error), status_of(error), headers)


def status_of(error: MCPOrchestratorError) -> int:
    """Return the HTTP status for an error."""
    if isinstance(error, MCPToolError):
        return 422 if error.code == _INVALID_PARAMS else 502
    if isinstance(error, ForbiddenError):
        return 403
    if isinstance(error, NothingDoneError):
        return 409
    if isinstance(error, CallCancelledError) and error.executed == "no":
        return 503
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 502)


def body_of(error: MCPOrchestratorError) -> dict[str, Any]:
    """Return an error in JSON's types."""
    told = {
        "type": type(error).__name__,
        "message": error.message,
        "executed": error.executed,
        "retry_after_s": error.retry_after_s,
        "server": error.server,
        "tool": error.tool,
        "request_id": error.request_id,
    }
    if isinstance(error, MCPToolError) and error.code is not None:
        told |= {"code": error.code, "data": error.data}
    return {"error": told}


def _mistakes(error: RequestValidationError) -> str:
    """Say of each mistake where it is and what to do about it."""
    return "; ".join(_mistake(cast("Mapping[str, Any]", one)) for one in error.errors())


def _mistake(one: Mapping[str, Any]) -> str:
    where, *path = (str(part) for part in one["loc"])
    name = ".".join(path)
    match one["type"]:
        case "json_invalid":
            return f"the body is no JSON: {one['ctx']['error']}"
        case "missing" if not path:
            return "the body is missing: send JSON, with Content-Type: application/json"
        case "missing":
            return f"{where}: {name} is missing"
        case "extra_forbidden":
            return f"{where}: {name} is not known here; take it out"
        case _:
            given = repr(one.get("input"))
            return f"{where}: {name or 'all of it'}: {one['msg']}, not {given[:80]}"
