"""`mcp-orchestrator serve`: the process, from the first socket to the last word."""

import asyncio
import faulthandler
import os
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import uvicorn

from actors.errors import ConfigurationError
from mcp_orchestrator.daemon.application import Daemon, tokens_for
from mcp_orchestrator.daemon.configuration import Configuration
from mcp_orchestrator.daemon.connections import BoundedProtocol
from mcp_orchestrator.daemon.hangup import Hangup
from mcp_orchestrator.daemon.listening import listening, url
from mcp_orchestrator.daemon.pulse import Pulse
from mcp_orchestrator.daemon.reloading import Record, record_of
from mcp_orchestrator.daemon.systemd import Notifier, notifier, passed_sockets, watchdog_s
from mcp_orchestrator.daemon.watchdog import feed
from mcp_orchestrator.gateway.application import PATH
from mcp_orchestrator.signals import Signals

_LAST_WORDS_S = 2.0  # At least, for answers that are still being written.

# Of uvicorn. We log, take signals and end what is under way by ourselves; and who asks need not know what serves him.
_SETTINGS: Mapping[str, Any] = {
    "lifespan": "off",
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,  # Whoever comes from this machine could say in them that he is somebody else.
    "http": BoundedProtocol,
    "ws": "none",
    "log_level": "warning",
    "timeout_graceful_shutdown": 60,  # Of no use but against a mistake of ours: connections are broken off before.
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended. `left`: what is left behind; `hurried`: by a second signal; `broken`: why it had to, else ""."""

    left: list[str]
    hurried: bool
    broken: str


def serve(configuration: Configuration) -> Ended:
    """Serve until a signal comes. The first lets calls under way finish, the second ends them.

    ConfigurationError: others can reach the address, and there is no token; or somebody has it.
    """
    faulthandler.enable()  # The watchdog ends a hang by SIGABRT: what every thread was at is then on stderr.
    tokens = tokens_for(configuration)
    manager, watchdog = notifier(os.environ), watchdog_s(os.environ)
    with (
        listening(configuration.in_force.daemon, passed_sockets(os.environ), tokens) as listeners,
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        return runner.run(_Process(Daemon(configuration, tokens), listeners, manager, watchdog).live())


class _Process:
    """One life of the daemon: start, serve, drain, end."""

    def __init__(
        self,
        daemon: Daemon,
        listeners: Sequence[socket.socket],
        manager: Notifier,
        watchdog: float,
    ) -> None:
        self._listeners, self._manager, self._watchdog_s = listeners, manager, watchdog
        self._daemon, self._configuration = daemon, daemon.configuration
        self._record = Record(record_of(os.getpid(), os.environ))
        self._pulse = Pulse(self._daemon, manager)
        self._server = _Server(uvicorn.Config(self._daemon, **_SETTINGS))
        self._limit()

    async def live(self) -> Ended:
        """Serve from here to the end."""
        with Signals() as signals, Hangup(signals.first) as hangup:
            async with _beside(self._pulse.beat()) as beating:
                left = await self._live(signals, hangup, beating)
        _say(f"left behind: {', '.join(left)}" if left else "ended; nothing is left behind")
        if self._pulse.broken:
            _say(f"broken: {self._pulse.broken}")
        return Ended(left=left, hurried=signals.second.is_set(), broken=self._pulse.broken)

    async def _live(self, signals: Signals, hangup: Hangup, beating: set[asyncio.Task[None]]) -> list[str]:
        """Start, serve until a signal comes or it cannot go on, end; return what is left behind."""
        starting = asyncio.ensure_future(self._daemon.start())
        stop = asyncio.ensure_future(signals.first.wait())
        await asyncio.wait({stop, starting, *beating}, return_when=asyncio.FIRST_COMPLETED)
        serving = asyncio.ensure_future(self._server.serve(sockets=list(self._listeners)))
        await self._server.accepts.wait()
        try:
            if starting.done():
                await self._serve(starting.result(), hangup.reload, {stop, serving, *beating})
        finally:  # In good order even if something in here has failed, which is told then.
            stop.cancel()
            left = await self._drain(signals)
            await asyncio.wait({starting})
            await self._hang_up(serving, signals)
        return left

    async def _serve(self, ready: Mapping[str, bool], wanted: asyncio.Event, ends: set[asyncio.Future[Any]]) -> None:
        """Serve until one of `ends`, or of what runs beside it, has ended. `wanted`: a reload."""
        self._configuration.watch(self._reloads)
        self._record.write(self._configuration)
        beside = [self._reload_when(wanted), self._configuration.reload_when_changed()]
        if self._watchdog_s:
            beside.append(feed(self._manager, self._watchdog_s, self._daemon.orchestrator.check_alive, self._listeners))
        try:
            async with _beside(*beside) as running:
                self._pulse.ready()
                _say(self._where(ready))
                await asyncio.wait({*ends, *running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._record.remove()

    def _where(self, ready: Mapping[str, bool]) -> str:
        where = [url(listener) for listener in self._listeners]
        # Browsers know no Unix sockets.
        pages = [each.removesuffix(PATH) for each in where if each.startswith("http:")]
        page = f" (dashboard: {pages[0]}/)" if pages and self._configuration.in_force.daemon.dashboard else ""
        servers = "1 server" if len(ready) == 1 else f"{len(ready)} servers"
        return f"serving {', '.join(where)}{page}: {sum(ready.values())} of {servers} ready"

    async def _reload_when(self, wanted: asyncio.Event) -> None:
        while True:
            await wanted.wait()
            wanted.clear()  # One that comes meanwhile reloads again: it may mean a newer file.
            with suppress(ConfigurationError):  # It is logged, and shown.
                await self._configuration.reload()

    def _reloads(self) -> None:
        """Tell who waits for it that a reload has begun or ended."""
        if self._daemon.state == "draining":
            return  # Nothing but the end is to be said any more.
        if self._configuration.is_reloading:
            self._manager.reloading()
        else:
            self._limit()
            self._record.write(self._configuration)
            self._pulse.ready()

    def _limit(self) -> None:
        most = self._configuration.in_force.daemon.max_connections
        self._server.config.limit_concurrency = most + 1  # It counts >=.

    async def _drain(self, signals: Signals) -> list[str]:
        """Take no more calls, and let those under way finish; return what is left behind."""
        self._server.stop_accepting()
        self._daemon.drain()
        self._pulse.draining()
        if not self._pulse.broken:
            within_s = self._configuration.in_force.shutdown_timeout_s
            _say(f"draining: calls under way may finish within {within_s:g} s; Ctrl-C again ends them now")
        leaving = asyncio.ensure_future(self._daemon.close())
        hurry = asyncio.ensure_future(signals.second.wait())
        await asyncio.wait({leaving, hurry}, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not leaving.done():
            await self._daemon.orchestrator.shutdown(graceful=False, force=True)
        return await leaving

    async def _hang_up(self, serving: asyncio.Future[None], signals: Signals) -> None:
        """Close all connections; answers that are being written get their time."""
        within_s = max(_LAST_WORDS_S, self._configuration.in_force.shutdown_timeout_s)
        self._server.should_exit = True
        hurry = asyncio.ensure_future(signals.second.wait())
        ends: set[asyncio.Future[Any]] = {serving, hurry}
        await asyncio.wait(ends, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        self._server.break_off()
        await serving


class _Server(uvicorn.Server):
    """A server whose signals somebody else takes care of."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepts = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections from here on."""
        await super().startup(sockets)
        self.accepts.set()

    def break_off(self) -> None:
        """Close what is still open: who does not read his answer, or never says the whole of what he wants."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def stop_accepting(self) -> None:
        """Leave new connections to whoever serves here next; those that are open stay so."""
        for server in self.servers:
            server.close()


@asynccontextmanager
async def _beside(*coroutines: Coroutine[Any, Any, None]) -> AsyncGenerator[set[asyncio.Task[None]]]:
    """Run these meanwhile. What one of them has raised is raised at the end."""
    running = {asyncio.create_task(coroutine) for coroutine in coroutines}
    try:
        yield running
    finally:
        for one in running:
            one.cancel()
        await asyncio.wait(running)
    for one in running:
        if not one.cancelled():
            one.result()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the faster loop, where there is one."""
    try:
        return cast("Callable[[], asyncio.AbstractEventLoop]", import_module("uvloop").new_event_loop)
    except ModuleNotFoundError:
        return None


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
