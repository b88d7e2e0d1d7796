"""What the supervisor is asked for. What it is told by actors stands in `actors.messages`."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias

from actors.call import ServerName
from actors.messages import ConnectionReleased, Missed, PingEnded, RollCall, ServerCrashed, Tick


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectServer:
    """From a face. `reply`, `anew` as in Connect."""

    server: ServerName
    reply: Future[bool]
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectServer:
    """From a face: stay disconnected until asked to connect. `reply`: True when nothing of it is left."""

    server: ServerName
    reply: Future[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckHealth:
    """From a face: ping now. `reply`: whether the server answered."""

    server: ServerName
    reply: Future[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHealthInterval:
    """From a face: ping every so many seconds from now on; None: never."""

    interval_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """From a face: look at the roster, and serve it from now on. Only servers whose section changed are touched.

    It does not carry the roster: of several, in whatever order they come, the last one handled sees what is wanted.
    `reply`: the names added, removed and changed.
    """

    reply: Future[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutDown:
    """From a face: finish what is owed by `deadline`, at the latest, then stop. `reply`: what is left behind.

    `gone_by`: when connections that have not gone in good order by then are broken off.
    """

    deadline: float
    gone_by: float
    reply: Future[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """From a drained actor's reply, on its thread."""

    server: ServerName
    generation: int


SupervisorMessage: TypeAlias = (
    ConnectServer
    | DisconnectServer
    | CheckHealth
    | SetHealthInterval
    | Reload
    | ShutDown
    | Drained
    | RollCall
    | ServerCrashed
    | ConnectionReleased
    | PingEnded
    | Missed
    | Tick
)
