"""All that an actor may ask of a wire, and all that a wire may tell it. Implementations: `actors.mcp`, fakes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from actors.call import Outcome, SendTicket
from actors.config import ServerConfig
from actors.errors import MCPOrchestratorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A JSON-RPC request or notification of ours. It has no future: a transport cannot settle a call, only report.

    * `id`: unique on its connection; on the wire only if an answer is expected.
    * `replay_safe`: running it twice does no harm. Decides whether a connection that has been idle may be reused.
    * `headers`: of this message alone, `Mcp-Param-*`. For HTTP; pipes have none.
    """

    id: int
    method: str
    params: Mapping[str, Any] | None = None
    replay_safe: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_notification(self) -> bool:
        """No answer will come: that it was taken is all there is to report, as an empty result."""
        return self.method.startswith("notifications/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Our answer to a request of the server: `result` or `error`, the other is None. `id` is the server's."""

    id: int | str
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A notification (`id` is None) or a request of the server.

    `exchange`: of ours, the `id` of the request on whose stream it came; None: on no such stream, or on a common one.
    `on_heard`: to be called once whoever was told has taken it out of his mailbox: until then it is in memory.
    """

    method: str
    params: Mapping[str, Any]
    id: int | str | None = None
    exchange: int | None = field(default=None, compare=False)  # The same is said, wherever it came.
    on_heard: Callable[[], object] = field(default=bool, compare=False, repr=False)  # Mostly nobody wants to know.


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLost:
    """The connection ended by itself (child exit, EOF): once, and never after our own `close` or `abort`.

    Exchanges under way report on their own.
    """

    error: MCPOrchestratorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Nothing of the connection is left: child reaped, sockets closed, exchanges reported. Once, the last event."""


Event: TypeAlias = Received | ConnectionLost | Released
Listener: TypeAlias = Callable[[Event], None]
OnDone: TypeAlias = Callable[[Outcome], None]


class Handle(Protocol):
    """One exchange under way."""

    def abort(self) -> None:
        """Break it off. Never blocks, never raises, may come late or twice, from any thread; `on_done` still fires."""


class Connection(Protocol):
    """One way to one server, for one session. Whether it owns threads, and how they block, is its own matter.

    * It calls `ticket.claim()` immediately before the first byte goes to the kernel; on False it writes
      nothing and reports NotExecutedError.
    * It calls `on_done` exactly once per `start`, on any thread, also from within `start`, also after an abort.
      The outcome is the raw `result` of the answer, or the error that came instead, translated.
    * What goes wrong on the wire is an outcome. Only a bug is an exception.
    * The listener hears on any thread; it only tells. A server that says more than is heard is read more slowly.
    """

    def start(self, message: Request | Reply, deadline: float, ticket: SendTicket, on_done: OnDone) -> Handle:
        """Begin an exchange and return at once. Called on the actor's thread. `deadline` as in Call."""
        ...

    def close(self) -> None:
        """Begin the orderly end (legacy HTTP: DELETE; stdio: stdin, SIGTERM, SIGKILL) and return at once."""
        ...

    def abort(self) -> None:
        """Break everything off now (sockets shut, SIGKILL to the group). Never blocks; any thread; may come twice."""
        ...


class TransportFactory(Protocol):
    """Makes the connections of every server. The seam for fakes."""

    def __call__(self, config: ServerConfig, listener: Listener) -> Connection:
        """Begin to connect and return at once: what goes wrong is the outcome of the first exchange."""
        ...
