"""How long one attempt of a call may be silent: `attempt_timeout_s`, by exchange. Pure."""

from collections.abc import Callable

from actors.errors import Executed, MCPTimeoutError
from actors.timers import Timers


class Attempts(Timers[int]):
    """Due is an attempt that has shown no sign of life for `limit_s` seconds; None: none ever is."""

    def __init__(self, limit_s: float | None, clock: Callable[[], float]) -> None:
        super().__init__()
        self._limit_s, self._clock = limit_s, clock

    def began(self, exchange: int) -> None:
        """Watch one more."""
        if self._limit_s is not None:
            self.set(exchange, self._clock() + self._limit_s)

    def is_alive(self, exchange: int) -> None:
        """Take note of a sign of life; too late once it was taken for due, or has ended."""
        if exchange in self:
            self.began(exchange)

    def error(self, executed: Executed) -> MCPTimeoutError:
        """Return what ends an attempt that was taken for due."""
        limit = f"{self._limit_s:g} s (attempt_timeout_s)"
        return MCPTimeoutError(f"neither an answer nor progress within {limit}", executed=executed)
