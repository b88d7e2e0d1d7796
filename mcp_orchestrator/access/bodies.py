"""The body of a request, and no more of it than somebody wants. As ASGI has it."""

from mcp_orchestrator.access.answers import Receive


class TooLargeError(Exception):
    """A body that has more bytes than it may have, or says so."""


async def whole_body(receive: Receive, length: str | None, most: int) -> bytes:
    """Read a body of `most` bytes at most. `length`: what its head says of it; one that says nothing is bounded too.

    TooLargeError; ConnectionError: the caller has gone.
    """
    if length is not None and length.isdecimal() and int(length[:20]) > most:
        raise TooLargeError
    parts, size = list[bytes](), 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ConnectionError("the caller has gone")
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise TooLargeError
        if not event.get("more_body", False):
            return b"".join(parts)
