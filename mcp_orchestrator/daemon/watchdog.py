"""What the watchdog of systemd is fed with: proof that calls get answered."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from mcp_orchestrator.daemon.listening import reached_at
from mcp_orchestrator.daemon.systemd import Notifier

_ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_AGAIN_S = 1.0  # After a round that failed, at most: who is being restarted is back soon.

RollCall = Callable[[float], Awaitable[bool]]


async def feed(notifier: Notifier, within_s: float, roll_call: RollCall, listeners: Sequence[socket.socket]) -> None:
    """Tell systemd that we are alive, after each round that was answered, until cancelled.

    A round goes through the mailboxes of supervisor and router, and through our own port to an answer over HTTP: the
    event loop, the listener and the application. It may take as long as `within_s`, the time of the watchdog: behind a
    long queue it is late, and still counts; one that hangs is never answered.
    """
    while True:
        answered = await roll_call(within_s) and await is_answered(reached_at(listeners[0]), within_s)
        if answered:
            notifier.alive()
        await asyncio.sleep(within_s / 3 if answered else min(within_s / 3, _AGAIN_S))


async def is_answered(address: str | tuple[str, int], within_s: float) -> bool:
    """Say whether somebody at this address answers a request over HTTP; which answer it is does not matter."""
    try:
        async with asyncio.timeout(within_s):
            if isinstance(address, str):
                reader, writer = await asyncio.open_unix_connection(address)
            else:
                reader, writer = await asyncio.open_connection(*address)
            try:
                writer.write(_ASK)
                return (await reader.readline()).startswith(b"HTTP/1.1 ")
            finally:
                writer.close()
    except OSError:  # TimeoutError is one.
        return False
