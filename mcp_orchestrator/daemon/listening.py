"""Where the daemon listens: on the sockets that systemd has opened for it, else on a port of its own."""

import errno
import socket
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager

from actors.errors import ConfigurationError
from mcp_orchestrator.access import Tokens, check_bind
from mcp_orchestrator.config.daemon import DaemonSettings
from mcp_orchestrator.gateway.application import PATH

_BACKLOG = 2048
_REMEDIES = {
    errno.EADDRINUSE: "Take another port, with --port or in [daemon], or end who has it",
    errno.EACCES: "Take a port from 1024 on, with --port or in [daemon]",
}
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where such a socket is reached from here


@contextmanager
def listening(
    settings: DaemonSettings, passed: Sequence[socket.socket], tokens: Tokens
) -> Generator[list[socket.socket]]:
    """Take the port before anything is started: who has it already is the first thing to know.

    * `passed`: what systemd has opened; with these, `host` and `port` of the settings do not matter.
    * ConfigurationError: others can reach the address, and there is no token; or somebody has it.
    """
    with ExitStack() as opened:
        listeners = [opened.enter_context(listener) for listener in passed]
        for listener in listeners:
            if listener.family != socket.AF_UNIX:
                check_bind(listener.getsockname()[0], tokens)
        listeners = listeners or [opened.enter_context(_opened(settings, tokens))]
        for listener in listeners:
            if listener.family != socket.AF_UNIX:
                # Connections have it from here. asyncio sets it only on what says IPPROTO_TCP; uvloop always. Without
                # it each answer waited 40 ms for an acknowledgement of its head: 340 calls a second, not 2,000.
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listeners


def url(listener: socket.socket) -> str:
    """Return where MCP is served, for people."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"


def reached_at(listener: socket.socket) -> str | tuple[str, int]:
    """Return the address at which this process reaches itself: a path, or host and port."""
    if listener.family == socket.AF_UNIX:
        return str(listener.getsockname())
    host, port = str(listener.getsockname()[0]), int(listener.getsockname()[1])
    return _EVERYWHERE.get(host, host), port


def _opened(settings: DaemonSettings, tokens: Tokens) -> socket.socket:
    host, port = settings.host, settings.port
    check_bind(host, tokens)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        remedy = _REMEDIES.get(error.errno or 0, "Take a host of this machine, with --host or in [daemon]")
        raise ConfigurationError(f"cannot serve at {host}, port {port}: {error.strerror}. {remedy}") from error
    return listener
