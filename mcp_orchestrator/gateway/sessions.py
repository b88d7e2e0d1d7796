"""The sessions of callers of revisions before 2026-07-28. All on the loop's thread."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from actors.config import LogLevel
from mcp_orchestrator.access import EVERYTHING, Identity
from mcp_orchestrator.gateway.fanout import UPDATED, Kind
from mcp_orchestrator.gateway.logs import LEVELS
from mcp_orchestrator.gateway.logs import METHOD as LOG
from mcp_orchestrator.gateway.questions import Questions
from mcp_orchestrator.gateway.streams import Message, Stream

IDLE_S = 30 * 60.0
MOST = 10_000


class Session:
    """One caller from his initialize on. `under_way`: his requests, by id; `log_level`: None asks for nothing.

    `questions`: what servers ask of him, who `declared` what he can do. `identity`: who he is; nobody else may use it.
    What he is to hear while he has no stream open is kept, once of each kind: lists change, that is all it says.
    """

    def __init__(
        self,
        session_id: str,
        protocol: str,
        now: float,
        capabilities: Mapping[str, Any] | None = None,
        identity: Identity = EVERYTHING,
    ) -> None:
        self.declared: Mapping[str, Any] = capabilities or {}
        self.questions = Questions(self.declared)
        self.session_id, self.protocol, self.used_at = session_id, protocol, now
        self.identity = identity
        self.log_level: LogLevel | None = None
        self.under_way: dict[str | int, asyncio.Task[object]] = {}
        self._stream: Stream | None = None
        self._missed: dict[tuple[str, str], Message] = {}
        self._closed: asyncio.Event | None = None

    @property
    def listens(self) -> bool:
        """Whether he has a stream open to be told on."""
        return self._stream is not None

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it is open."""
        return self._stream is None and not self.under_way

    def open(self, stream: Stream) -> asyncio.Event:
        """Tell him on this stream from now on, in place of the one before. What is returned is set at its end."""
        self.close_stream()
        self._stream, self._closed = stream, asyncio.Event()
        stream.begin()
        missed, self._missed = self._missed, {}
        for message in missed.values():
            stream.push(message)
        return self._closed

    def closed(self, stream: Stream) -> None:
        """Take note that a stream has ended."""
        if self._stream is stream:
            self._stream = self._closed = None

    def close_stream(self) -> None:
        """End the stream in good order."""
        if self._closed is not None:
            self._closed.set()
        self._stream = self._closed = None

    def changed(self, kind: Kind) -> None:
        """See Hearer."""
        self._tell(f"notifications/{kind}/list_changed", None, "")

    def updated(self, params: Mapping[str, Any]) -> None:
        """See Hearer."""
        self._tell(UPDATED, params, str(params.get("uri")))

    def tell(self, method: str, params: Mapping[str, Any]) -> None:
        """Tell him something if he listens; nothing of it is kept."""
        if self._stream is not None:
            self._stream.push({"jsonrpc": "2.0", "method": method, "params": params})

    def log(self, params: Mapping[str, Any]) -> None:
        """Tell him what a server logs, if it is what he asked for."""
        if self.log_level is not None and LEVELS.get(str(params.get("level")), 0) >= LEVELS[self.log_level]:
            self.tell(LOG, params)

    def put(self, message: Message) -> bool:
        """Send him a request on his stream; False: he has none open, or too much waits there."""
        return self._stream is not None and self._stream.push(message)

    def _tell(self, method: str, params: Mapping[str, Any] | None, about: str) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        if self._stream is None or not self._stream.push(message):
            self._missed[method, about] = message


class Sessions:
    """Keeps sessions until they end, or nothing is heard of them for half an hour. `ended` hears of every end.

    Somebody has to call `expire` from time to time: what a session holds is to end with it.
    """

    def __init__(self, clock: Callable[[], float], ended: Callable[[Session], object]) -> None:
        self._clock, self._ended = clock, ended
        self._sessions: dict[str, Session] = {}

    def all(self) -> list[Session]:
        """Return those there are."""
        return list(self._sessions.values())

    def begin(
        self, protocol: str, capabilities: Mapping[str, Any] | None = None, identity: Identity = EVERYTHING
    ) -> Session | None:
        """Return a new one; None: there are too many, and something is under way in all of them.

        It takes the place of the one that was used last of all that are idle: many callers never say that they end.
        """
        self.expire()
        if len(self._sessions) >= MOST:
            idle = [session for session in self._sessions.values() if session.is_idle]
            if not idle:
                return None
            self.end(min(idle, key=lambda session: session.used_at))
        session = Session(uuid4().hex, protocol, self._clock(), capabilities, identity)
        self._sessions[session.session_id] = session
        return session

    def get(self, session_id: str, identity: Identity = EVERYTHING) -> Session | None:
        """Return the one of this id, which is in use; None: this caller has none, or none any more."""
        session = self._sessions.get(session_id)
        if session is None or session.identity != identity or self._is_expired(session):
            return None
        session.used_at = self._clock()
        return session

    def end(self, session: Session) -> None:
        """Forget it, and end what is under way in it."""
        if self._sessions.pop(session.session_id, None) is None:
            return
        for task in list(session.under_way.values()):
            task.cancel()
        session.questions.end("the session has ended")
        session.close_stream()
        self._ended(session)

    def expire(self) -> None:
        """End those of which nothing has been heard for too long."""
        for session in [session for session in self._sessions.values() if self._is_expired(session)]:
            self.end(session)

    def _is_expired(self, session: Session) -> bool:
        return session.is_idle and self._clock() - session.used_at > IDLE_S
