"""Whether there is a connection to the server, and when to try for one. Pure, a table."""

import enum
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from actors.backoff import backoff_s
from actors.errors import MCPConnectionError, MCPOrchestratorError, ServerUnavailableError, Unavailable


class State(enum.Enum):
    """Of the way to one server."""

    DISCONNECTED = "disconnected"  # Never asked for, or ended by the caller.
    CONNECTING = "connecting"
    READY = "ready"
    RECONNECTING = "reconnecting"  # A connect failed, or a connection was lost: the next try has its time.
    THROTTLED = "throttled"  # The server said when to come back.
    AUTH_REQUIRED = "auth_required"  # No try helps before the credentials change.
    CONFIG = "config"  # No try helps before the configuration changes.


class Event(enum.Enum):
    """What can happen to a link."""

    ASKED = enum.auto()  # Somebody wants a connection, or its time has come.
    OPENED = enum.auto()
    FAILED = enum.auto()
    LOST = enum.auto()
    THROTTLED = enum.auto()
    AUTH_REFUSED = enum.auto()
    CONFIG_REFUSED = enum.auto()
    CLOSED = enum.auto()  # By the caller.


NEXT: Mapping[tuple[State, Event], State] = MappingProxyType(
    {
        (State.DISCONNECTED, Event.ASKED): State.CONNECTING,
        (State.CONNECTING, Event.OPENED): State.READY,
        (State.CONNECTING, Event.FAILED): State.RECONNECTING,
        (State.CONNECTING, Event.THROTTLED): State.THROTTLED,
        (State.CONNECTING, Event.AUTH_REFUSED): State.AUTH_REQUIRED,
        (State.CONNECTING, Event.CONFIG_REFUSED): State.CONFIG,
        (State.CONNECTING, Event.CLOSED): State.DISCONNECTED,
        (State.READY, Event.LOST): State.RECONNECTING,
        (State.READY, Event.THROTTLED): State.THROTTLED,
        (State.READY, Event.AUTH_REFUSED): State.AUTH_REQUIRED,
        (State.READY, Event.CLOSED): State.DISCONNECTED,
        (State.RECONNECTING, Event.ASKED): State.CONNECTING,
        (State.RECONNECTING, Event.CLOSED): State.DISCONNECTED,
        (State.THROTTLED, Event.ASKED): State.CONNECTING,
        (State.THROTTLED, Event.OPENED): State.READY,  # The time is over, and the session has lived on.
        (State.THROTTLED, Event.LOST): State.RECONNECTING,
        (State.THROTTLED, Event.CLOSED): State.DISCONNECTED,
        (State.AUTH_REQUIRED, Event.ASKED): State.CONNECTING,
        (State.AUTH_REQUIRED, Event.CLOSED): State.DISCONNECTED,
        (State.CONFIG, Event.ASKED): State.CONNECTING,
        (State.CONFIG, Event.CLOSED): State.DISCONNECTED,
    }
)  # Any other pair is a bug: the KeyError crashes the actor.

WAITING = frozenset({State.CONNECTING, State.RECONNECTING})  # A call waits here, within its deadline.
NO_CONNECT_HELPS: Mapping[State, Unavailable] = MappingProxyType(
    {State.THROTTLED: "throttled", State.AUTH_REQUIRED: "auth_required", State.CONFIG: "config"}
)  # The server answered, and refused us.

REFUSED: Mapping[Unavailable, tuple[Event, bool]] = MappingProxyType(
    {
        "throttled": (Event.THROTTLED, True),
        "auth_required": (Event.AUTH_REFUSED, False),
        "config": (Event.CONFIG_REFUSED, False),
    }
)  # What a refusal means for the link, and whether the session lives on.


class Link:
    """One server's connection as a state, a back-off and a count; the actor does what it says.

    The back-off starts anew when a connection has proved itself, by an answered call or ping, not when it opens:
    a server that accepts, then dies, is not hammered. A proved connection that is lost is replaced at once.
    """

    def __init__(self, *, base_s: float, cap_s: float, clock: Callable[[], float], jitter: Callable[[], float]) -> None:
        self._base_s, self._cap_s, self._clock, self._jitter = base_s, cap_s, clock, jitter
        self.state = State.DISCONNECTED
        self.failed_connects = 0  # In a row.
        self.reason = "never connected"
        self._waits = 0  # Since a connection proved itself.
        self._has_proved = False
        self._due = math.inf

    def fire(self, event: Event, reason: str = "", *, retry_after_s: float = 0.0) -> None:
        """Take the next state. `retry_after_s` only with THROTTLED: from when on another try makes sense."""
        self.state = NEXT[self.state, event]
        self.reason, self._due = reason, math.inf
        match event:
            case Event.OPENED:
                self.failed_connects = 0
            case Event.FAILED:
                self.failed_connects += 1
                self._due = self._clock() + self._pause_s()
            case Event.LOST:
                self._due = self._clock() + (0.0 if self._has_proved else self._pause_s())
                self._has_proved = False
            case Event.THROTTLED:
                self._due = self._clock() + retry_after_s
            case _:
                pass

    def hold(self, reason: str) -> None:
        """Begin as one that waits to be told: an earlier connection must be gone first."""
        self.state, self.reason = State.RECONNECTING, reason

    def proved(self) -> None:
        """Start the back-off anew: the connection has served somebody."""
        self._waits, self._has_proved = 0, True

    def next_due(self) -> float:
        """When the next try is due, on the clock; infinity for not by itself."""
        return self._due

    def retry_after_s(self) -> float | None:
        """Seconds until the next try; None if nobody knows."""
        return None if self._due == math.inf else max(self._due - self._clock(), 0.0)

    def refusal(self) -> MCPOrchestratorError | None:
        """Return what a call meets that is not to wait here; None if it may go on, or wait."""
        if self.state is State.DISCONNECTED:
            return MCPConnectionError(f"not connected: {self.reason}")
        if self.state in NO_CONNECT_HELPS:
            state = NO_CONNECT_HELPS[self.state]
            return ServerUnavailableError(self.reason, state=state, retry_after_s=self.retry_after_s())
        return None

    def _pause_s(self) -> float:
        self._waits += 1
        return backoff_s(self._waits - 1, base_s=self._base_s, cap_s=self._cap_s, jitter=self._jitter())
