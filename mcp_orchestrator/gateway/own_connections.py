"""Connections that one session has for itself alone, where the configuration says `per_session`. On the loop's thread.

Source: MCP 2025-11-25, lifecycle. What a server may ask of its client is agreed on as a connection begins: to be asked,
a caller needs a connection that began with what he declared.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any

from actors.call import OnProgress, ServerName
from actors.caller import Caller
from actors.config import ServerConfig
from actors.errors import MCPOrchestratorError, OverloadedError, ServerUnavailableError
from actors.mailbox import tell
from actors.notices import Notification
from actors.status import ServerStatus
from mcp_orchestrator import views
from mcp_orchestrator.access.room import Room
from mcp_orchestrator.aio import AsyncMCPOrchestrator
from mcp_orchestrator.awaiting import outcome_of, reply_of
from mcp_orchestrator.blocking import GRACE_S
from mcp_orchestrator.config import OrchestratorConfig
from mcp_orchestrator.engine import Engine
from mcp_orchestrator.gateway.fanout import MOST_SUBSCRIPTIONS, UPDATED, kind_changed
from mcp_orchestrator.gateway.logs import METHOD, Listeners
from mcp_orchestrator.gateway.passed_on import PassedOn
from mcp_orchestrator.gateway.questions import Put
from mcp_orchestrator.gateway.refusals import invalid
from mcp_orchestrator.gateway.sessions import Session
from mcp_orchestrator.offers import Offers, raw

logger = logging.getLogger(__name__)

_RELEASE_S = 5.0  # As for any connection at a shutdown.
_RELOAD_S = 5.0
_OF_ELICITATION = "notifications/elicitation/complete"


class OwnConnections:
    """Those of one session: opened as it calls, one server after the other, and ended with it.

    * They have breakers, retries and deadlines as all others; what is listed, is listed by the shared ones.
    * `status`: of a shared connection. `room`: for the connections of all sessions.
    """

    def __init__(
        self,
        orchestrator: AsyncMCPOrchestrator,
        status: Callable[[ServerName], ServerStatus],
        session: Session,
        room: Room,
    ) -> None:
        self._orchestrator, self._status, self._session, self._room = orchestrator, status, session, room
        self.listeners = Listeners()
        self._loop = asyncio.get_running_loop()
        self._passed_on = PassedOn(session, self._loop)
        self._engine: Engine | None = None
        self._past = Counter[str]()  # Of engines that have ended.
        self._opened: dict[ServerName, Mapping[str, Any]] = {}  # With what is configured otherwise for him.
        self._connecting: dict[ServerName, Future[bool]] = {}
        self._watched: dict[str, ServerName] = {}  # By URI.
        self._changing = asyncio.Lock()
        self._is_over = False

    def serves(self, server: ServerName) -> bool:
        """Say if this server is called here. Who holds its breaker open means all connections to it."""
        config = self._orchestrator.config.servers.get(server)  # None: a reload has just taken it away.
        return config is not None and config.per_session and config.enabled and not self._status(server).breaker.forced

    async def request(  # noqa: PLR0913 -- as AsyncMCPOrchestrator
        self,
        server: str,
        method: str,
        params: Mapping[str, Any],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- as there
        on_progress: OnProgress | None = None,
        caller: Caller | None = None,
    ) -> dict[str, Any]:
        """See AsyncMCPOrchestrator; the time of the connecting is the call's. OverloadedError: too many are open."""
        name = ServerName(server)
        timeout_s = self._section(name).timeout_s if timeout is None else timeout
        until = self._loop.time() + timeout_s
        engine = await self._connected(name, timeout_s)
        left_s = max(until - self._loop.time(), 0.001)
        call = engine.submit(engine.asking.request(name, method, params, left_s, on_progress, caller))
        return raw(await outcome_of(call, engine.runtime.clock))

    @contextmanager
    def during(self, server: ServerName, put: Put | None) -> Generator[None]:
        """Have what a server asks meanwhile asked by `put`."""
        with self._passed_on.during(server, put):
            yield

    async def subscribe(self, server: ServerName, uri: str) -> None:
        """Have him hear of this resource. RefusedError: of too many."""
        if len(self._watched) >= MOST_SUBSCRIPTIONS and uri not in self._watched:
            raise invalid(f"{MOST_SUBSCRIPTIONS} resources are subscribed to: unsubscribe from one")
        await self._connected(server, self._section(server).timeout_s)
        self._watched[uri] = server
        self._watch(server, uri, wanted=True)

    def log_level_changed(self) -> None:
        """Tell his servers what he wants to hear; those that cannot be told may log more, which he does not."""
        if (engine := self._engine) is None:
            return
        params = {"level": self._session.log_level}
        for server, status in engine.board.statuses.copy().items():
            if status.era == "legacy" and "logging" in status.capabilities:
                with suppress(MCPOrchestratorError):
                    engine.submit(engine.asking.request(server, "logging/setLevel", params, None))

    def unsubscribe(self, uri: str) -> bool:
        """Have him hear no more of it; False: he does not hear of it from here."""
        server = self._watched.pop(uri, None)
        if server is None:
            return False
        if server in self._opened:
            self._watch(server, uri, wanted=False)
        return True

    async def follow(self) -> None:
        """Take over what has changed in the configuration: what is not to be here any more ends."""
        async with self._changing:
            if self._engine is None or self._is_over or self._servers() == self._engine.config.servers:
                return
            for server in [server for server in self._opened if not self._is_wanted(server)]:
                self._forget(server)
            if self._opened:
                await reply_of(self._engine.reload(self._config()), _RELOAD_S, otherwise=[])
            else:
                await self._end(finish_s=_RELOAD_S)

    async def close(self) -> Mapping[str, int]:
        """End all of them, and return the numbers of what they did. Calls under way are ended."""
        self._is_over = True
        async with self._changing:
            await self._end(finish_s=0.0)
        for server in list(self._opened):
            self._forget(server)
        return self.numbers()

    def numbers(self) -> Mapping[str, int]:
        """Return how many calls there were, and what became of them."""
        so_far = Counter(self._past)
        so_far.update({} if self._engine is None else numbers(self._engine))
        return so_far

    async def _end(self, *, finish_s: float) -> None:
        """End the engine, which has threads of its own; what it counted stays."""
        if (engine := self._engine) is None:
            return
        ending = engine.shut_down(finish_s=finish_s, gone_s=_RELEASE_S)
        await reply_of(ending, finish_s + _RELEASE_S + GRACE_S, otherwise=[])
        if left := await asyncio.to_thread(engine.end, GRACE_S):
            logger.warning("left behind of a session's own connections: %s", ", ".join(left))
        self._engine = None
        self._past.update(numbers(engine))

    def _forget(self, server: ServerName) -> None:
        del self._opened[server]
        self._connecting.pop(server, None)
        self._room.leave()

    async def _connected(self, server: ServerName, timeout_s: float) -> Engine:
        """Return the engine, once this server is connected, or cannot be, or the time is over."""
        async with self._changing:
            if self._is_over:
                raise ServerUnavailableError("the session has ended", state="stopped")
            if self._engine is not None and self._engine.board.closing:  # The orchestrator was started anew.
                self._engine = None
                self._connecting.clear()
            if server not in self._opened:
                his = self._for_him(server)
                if not self._room.take():
                    raise OverloadedError("too many sessions have a connection of their own: max_session_connections")
                self._opened[server] = his
            try:
                engine = await self._engine_with(server)
            except BaseException:
                self._forget(server)
                raise
        await reply_of(self._connecting[server], timeout_s, otherwise=False)
        return engine

    async def _engine_with(self, server: ServerName) -> Engine:
        if self._engine is None:
            # Not on a thread: who gives his call up meanwhile would leave an engine behind that nobody knows.
            self._engine = self._orchestrator.branch(
                self._config(), inputs=self._passed_on, on_notification=self._on_notification
            )
        elif server not in self._engine.config.servers:
            await reply_of(self._engine.reload(self._config()), _RELOAD_S, otherwise=[])
        if server not in self._connecting:
            self._connecting[server] = self._engine.connect(server)
        return self._engine

    def _config(self) -> OrchestratorConfig:
        return self._orchestrator.config.model_copy(update={"state": "memory", "servers": self._servers()})

    def _servers(self) -> dict[ServerName, ServerConfig]:
        known, opened = self._orchestrator.config.servers, self._opened.items()
        return {name: known[name].model_copy(update=his) for name, his in opened if self._is_wanted(name)}

    def _section(self, server: ServerName) -> ServerConfig:
        """Return what is configured of a server, which a reload may have taken away while something was waited for."""
        config = self._orchestrator.config.servers.get(server)
        if config is None:
            raise ServerUnavailableError("it is not in the configuration any more", state="stopped")
        return config

    def _is_wanted(self, server: ServerName) -> bool:
        config = self._orchestrator.config.servers.get(server)
        return config is not None and config.per_session

    def _for_him(self, server: ServerName) -> Mapping[str, Any]:
        """Return how he is connected: in the era the server was found to be of, to hear what he wants to."""
        config, era = self._section(server), self._status(server).era
        known = {"protocol": era} if config.protocol == "auto" and era else {}
        return known if self._session.log_level is None else {**known, "log_level": self._session.log_level}

    def _watch(self, server: ServerName, uri: str, *, wanted: bool) -> None:
        if (engine := self._engine) is None:
            return
        to, order = Offers(engine.asking, engine.submit, engine.runtime.clock).subscription(server, uri, wanted=wanted)
        if (mailbox := engine.board.directory.servers.get(to)) is not None:
            tell(mailbox, order)

    def _on_notification(self, notification: Notification) -> None:
        self._loop.call_soon_threadsafe(self._heard, notification)

    def _heard(self, notification: Notification) -> None:
        method, params = notification.method, notification.params
        if (kind := kind_changed(method)) is not None:
            self._session.changed(kind)
        elif method == UPDATED:
            self._session.updated(params)
        elif method == METHOD and not self.listeners.hear(ServerName(notification.server), params):
            self._session.log(params)
        elif method == _OF_ELICITATION:
            self._session.tell(method, params)


def numbers(engine: Engine) -> dict[str, int]:
    """Return how many calls an engine has had, and what became of them."""
    all_of_them = views.statistics(engine.board, engine.config, {})
    return {key: all_of_them[key] for key in ("total_calls", "failures", "pending_calls", "unaccounted_calls")}
