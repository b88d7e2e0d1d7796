"""`mcp-orchestrator serve`: the daemon on a port of this machine, until it is told to stop."""

import asyncio
import socket
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from ipaddress import ip_address
from typing import Any, cast

import uvicorn

from mcp_orchestrator.cli.exits import ExitCode, UsageError
from mcp_orchestrator.cli.session import Signals
from mcp_orchestrator.cli.wording import count, duration
from mcp_orchestrator.config import OrchestratorConfig
from mcp_orchestrator.daemon.application import Daemon
from mcp_orchestrator.gateway.application import PATH

_BACKLOG = 2048
_LAST_WORDS_S = 2.0  # For answers that are still being written.

# Of uvicorn. We log, take signals and end what is under way by ourselves; and who asks need not know what serves him.
_SETTINGS: Mapping[str, Any] = {
    "lifespan": "off",
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": 2,
}


def serve(config: OrchestratorConfig) -> ExitCode:
    """Serve until a signal comes. The first lets calls under way finish, the second ends them.

    UsageError: the address is not this machine's alone, or somebody has it. FAILED: something was left behind.
    """
    with (
        _listening(config.daemon.host, config.daemon.port) as listener,
        asyncio.Runner(loop_factory=_loop_factory()) as runner,
    ):
        return runner.run(_serve(config, listener))


async def _serve(config: OrchestratorConfig, listener: socket.socket) -> ExitCode:
    daemon = Daemon(config)
    with Signals() as signals:
        starting = asyncio.ensure_future(daemon.start())
        stop = asyncio.ensure_future(signals.first.wait())
        await asyncio.wait({stop, starting}, return_when=asyncio.FIRST_COMPLETED)
        server = _Server(uvicorn.Config(daemon, **_SETTINGS))
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        if not signals.first.is_set():
            ready = starting.result()
            _say(f"serving {_url(listener)}: {sum(ready.values())} of {count(len(ready), 'server')} ready")
        await asyncio.wait({stop, serving}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if signals.first.is_set():
            within = duration(config.shutdown_timeout_s)
            _say(f"draining: calls under way may finish within {within}; Ctrl-C again ends them now")
        left = await _leave(daemon, signals)
        await asyncio.wait({starting})
        server.should_exit = True
        await asyncio.wait({serving}, timeout=_LAST_WORDS_S)
        server.force_exit = True
        await serving
    _say(f"left behind: {', '.join(left)}" if left else "ended; nothing is left behind")
    if signals.second.is_set():
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if left else ExitCode.OK


async def _leave(daemon: Daemon, signals: Signals) -> list[str]:
    leaving = asyncio.ensure_future(daemon.close())
    hurry = asyncio.ensure_future(signals.second.wait())
    await asyncio.wait({leaving, hurry}, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()
    if not leaving.done():
        await daemon.orchestrator.shutdown(graceful=False, force=True)
    return await leaving


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the faster loop, where there is one."""
    try:
        return cast("Callable[[], asyncio.AbstractEventLoop]", import_module("uvloop").new_event_loop)
    except ModuleNotFoundError:
        return None


class _Server(uvicorn.Server):
    """A server whose signals somebody else takes care of."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone."""
        yield


@contextmanager
def _listening(host: str, port: int) -> Generator[socket.socket]:
    """Take the port before anything is started: who has it already is the first thing to know."""
    if not _is_of_this_machine(host):
        raise UsageError(
            f"--host {host}: anybody who reaches this address could call every tool. Only addresses of this machine "
            "alone are served: 127.0.0.1, ::1 or localhost"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            raise UsageError(f"cannot serve at {host}, port {port}: {error.strerror}. Take another --port") from error
        yield listener


def _is_of_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
