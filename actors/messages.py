"""Every message that crosses a mailbox. Commands are imperatives, events past tense."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias

from actors.breaker import State as BreakerState
from actors.call import Call, Outcome, RequestId, Result, ServerName
from actors.inputs import InputRefusedError
from actors.transport import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformCall:
    """From a face: from here on the receiver owes `call` an outcome."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class RollCall:
    """From a face, to the supervisor, which passes it on to the router. `reply`: True once both have had their turn."""

    reply: Future[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelCall:
    """From the caller's future, through the mailboxes its call went through: it cannot overtake the call.

    Names the call instead of holding it: a cancel for a settled call is ignored.
    """

    server: ServerName
    request_id: RequestId


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """From the transport, once per exchange, on any thread. `generation` is the actor that began it."""

    generation: int
    connection: int
    exchange: int
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """From the transport, on any thread: `event` is what the server, or the connection itself, did unasked."""

    generation: int
    connection: int
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class InputGiven:
    """From the thread that ran the user's handlers: what they gave, or why there is nothing. Once per question."""

    question: int
    outcome: Result | InputRefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """From the ticker: something in your heap may be due. It may come early or twice; it means nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """From the supervisor. `reply`: True once ready and listed, False once `max_retries` + 1 connects have failed.

    `anew`: also in place of a connection that is well.
    """

    reply: Future[bool] | None = None
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PredecessorGone:
    """From the supervisor, to an actor that was started `held`: connect, nothing of the one before is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnect:
    """From the supervisor: close the connection, end what waits for it. `reply`: True when nothing is left of it."""

    reply: Future[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """From the supervisor: is the server alive on its connection? `PingEnded` goes back; `reply` is the face's."""

    reply: Future[bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForceBreaker:
    """From an operator: keep the breaker open or closed until then, whatever happens; None ends it."""

    state: BreakerState | None
    reason: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeResource:
    """From a face: hear of changes of this resource on every connection from now on; not `wanted`: no more."""

    uri: str
    wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """From the supervisor: take no more calls, finish those owed by `deadline`, close, stop. Forced: now."""

    deadline: float
    reply: Future[bool]


ServerMessage: TypeAlias = (
    PerformCall
    | CancelCall
    | Finished
    | Heard
    | InputGiven
    | Tick
    | Connect
    | PredecessorGone
    | Disconnect
    | Ping
    | ForceBreaker
    | SubscribeResource
    | Drain
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCrashed:
    """Told to the supervisor once per death; `generation` counts restarts from 0.

    `connection_left`: a connection was open; `ConnectionReleased` follows when nothing of it is left.
    """

    server: ServerName
    generation: int
    error: str
    connection_left: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PingEnded:
    """Told to the supervisor. `duration_s`: from the order to the answer, or to giving up."""

    server: ServerName
    generation: int
    alive: bool
    duration_s: float
    reply: Future[bool] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionReleased:
    """Told to the supervisor: no child, socket or thread of this generation's last connection is left."""

    server: ServerName
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Told to the supervisor by the router: somebody called a server that has no actor."""

    server: ServerName
