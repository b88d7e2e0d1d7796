"""What comes in over HTTP: who may ask, and what he sent. As ASGI has it."""

from collections.abc import Iterable, Sequence

from mcp_orchestrator.access.answers import Receive
from mcp_orchestrator.access.bodies import TooLargeError, whole_body
from mcp_orchestrator.access.identity import EVERYTHING, Identity
from mcp_orchestrator.access.where_from import wrong_place

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class TurnedAwayError(Exception):
    """A request that HTTP alone can refuse. `code` is for the JSON-RPC error in its body."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Headers:
    """The headers of one request; names in lower case. `identity`: who they show him to be that sends it."""

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]], identity: Identity = EVERYTHING) -> None:
        self.identity = identity
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip(" \t"))

    def get(self, name: str) -> str | None:
        """Return a header's value, the first of several; None without one."""
        values = self._values.get(name)
        return values[0] if values else None

    def is_repeated(self, name: str) -> bool:
        """Say if there are several headers of this name."""
        return len(self._values.get(name, ())) > 1


def check_where_from(headers: Headers, hosts: Sequence[str]) -> None:
    """Turn away what a web page elsewhere has its reader's browser send, under whatever name it found us.

    Source: MCP, Streamable HTTP, security warning (DNS rebinding); all revisions.
    """
    refused = wrong_place(headers.get("host"), headers.get("origin"), hosts)
    if refused is not None:
        status, why = refused
        raise TurnedAwayError(status, -32600, why)


def check_is_json(headers: Headers) -> None:
    """Turn away what says that it is no JSON: among it all that a browser sends without asking first."""
    kind = (headers.get("content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise TurnedAwayError(415, -32600, "Content-Type must be application/json")


def takes_events(headers: Headers) -> bool:
    """Say if the caller takes a stream of events for an answer; one who does not say takes all."""
    accepted = headers.get("accept")
    return accepted is None or "text/event-stream" in accepted or "*/*" in accepted or "text/*" in accepted


async def body_of(receive: Receive, headers: Headers, most: int) -> bytes:
    """Read the body, of so many bytes at most. TurnedAwayError: too large; ConnectionError: the caller has gone."""
    try:
        return await whole_body(receive, headers.get("content-length"), most)
    except TooLargeError as error:
        raise TurnedAwayError(413, -32600, f"the body is larger than {most} bytes") from error
