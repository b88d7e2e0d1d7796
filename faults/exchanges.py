"""What a faulty server can do with one request that waits for its answer, whatever it came through."""

from collections.abc import Callable
from typing import Protocol


class Exchange(Protocol):
    """One request of the client. Methods block at most until the client hangs up or the server is closed."""

    def answer(self, body: bytes) -> None:
        """Answer with this JSON, properly."""
        ...

    def half(self, body: bytes) -> None:
        """Begin to answer, and end the connection in the middle of it."""
        ...

    def drip(self, body: bytes, pause: Callable[[], object]) -> None:
        """Answer byte by byte, with a pause after each."""
        ...

    def refuse(self, status: int, retry_after_s: int | None) -> None:
        """Answer with an HTTP status; where there is no HTTP, with JSON-RPC error -32000."""
        ...

    def hang(self) -> None:
        """Keep the connection open and say nothing."""
        ...

    def reset(self) -> None:
        """End the connection without a word."""
        ...
