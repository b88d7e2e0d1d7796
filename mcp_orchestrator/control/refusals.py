"""How what goes wrong is told over HTTP: one shape for all, and a status by what the caller may do next."""

import logging
import math
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

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
_LONGEST = 80  # Characters of what a caller sent, told to him.

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
    """A route of the control API: whatever goes wrong is told as `told` has it, in anybody's application."""

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
            except HTTPException:  # Of the application: what it has before its routes, and says in its own way.
                raise
            except Exception:
                logger.exception("a request could not be answered")
                return _answer(500, "InternalError", "this could not be answered: the log says why")

        return served


async def refuse_http(request: Request, error: Exception) -> Response:
    """Tell in our shape what is wrong with a request that no route takes. For an application that is ours alone."""
    if not isinstance(error, HTTPException):
        raise error
    what = f"{request.method} {request.url.path}: {error.detail}; what there is, /docs says"
    return _answer(error.status_code, "RequestError", what, error.headers)


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
    return Json({"error": told(error)}, status_of(error), headers)


def _answer(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> Json:
    facts = told(NotExecutedError(message)) | {"type": kind}
    return Json({"error": facts}, status, dict(headers or {}))


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


def told(error: MCPOrchestratorError) -> dict[str, Any]:
    """Return an error in JSON's types."""
    facts = {
        "type": type(error).__name__,
        "message": error.message,
        "executed": error.executed,
        "retry_after_s": error.retry_after_s,
        "server": error.server,
        "tool": error.tool,
        "request_id": error.request_id,
    }
    if isinstance(error, MCPToolError) and error.code is not None:
        facts |= {"code": error.code, "data": error.data}
    return facts


def _mistakes(error: RequestValidationError) -> str:
    """Say of each mistake where it is and what to do about it."""
    return "; ".join(_mistake(cast("Mapping[str, Any]", one)) for one in error.errors())


def _mistake(one: Mapping[str, Any]) -> str:
    where, *path = (str(part) for part in one["loc"])
    if one["type"] == "json_invalid":
        return f"the body is no JSON: {one['ctx']['error']}"
    if not path:
        return _of_all(where, one)
    name = ".".join(path)
    match one["type"]:
        case "missing":
            return f"{where}: {name} is missing"
        case "extra_forbidden":
            return f"{where}: {name} is not known here; take it out"
        case _:
            return f"{where}: {name}: {one['msg'].replace('Input should be', 'must be', 1)}, not {_short(one)}"


def _of_all(where: str, one: Mapping[str, Any]) -> str:
    if one["type"] == "missing":
        return f"the {where} is missing: send a JSON object, with Content-Type: application/json"
    if isinstance(one.get("input"), bytes):
        return f"the {where} is not said to be JSON: send Content-Type: application/json"
    return f"the {where} must be a JSON object, not {_short(one)}"


def _short(one: Mapping[str, Any]) -> str:
    given = repr(one.get("input"))
    return given if len(given) <= _LONGEST else f"{given[:_LONGEST]}…"
