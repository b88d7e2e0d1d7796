"""What feeds the watchdog, and what does not."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mcp_orchestrator.daemon.systemd import Notifier
from mcp_orchestrator.daemon.watchdog import feed, is_answered
from tests.fixtures.manual_time import eventually, on_a_loop

OK = b"HTTP/1.1 404 Not Found\r\n\r\n"
SHORT_S = 0.06


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Yield where food arrives."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(0)
        yield listener


class Server:
    """Answers with these bytes; None takes connections and says nothing."""

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with ExitStack() as end:
            end.callback(writer.close)
            await reader.readuntil(b"\r\n\r\n")
            if self.answer is not None:
                writer.write(self.answer)
            else:
                await reader.read()


def was_fed(manager: socket.socket) -> bool:
    """Say whether something has come."""
    try:
        return manager.recv(100) == b"WATCHDOG=1"
    except BlockingIOError:
        return False


@pytest.mark.parametrize(("answer", "expected"), [(OK, True), (b"SSH-2.0\r\n", False), (b"", False), (None, False)])
@on_a_loop
async def test_an_answer_is_whatever_is_http(answer: bytes | None, *, expected: bool) -> None:
    server = await asyncio.start_server(Server(answer), "127.0.0.1", 0)
    async with server:
        assert await is_answered(server.sockets[0].getsockname(), SHORT_S if answer is None else 5.0) is expected


@on_a_loop
async def test_nobody_there_is_no_answer(tmp_path: Path) -> None:
    assert not await is_answered(str(tmp_path / "nobody"), 5.0)


@on_a_loop
async def test_an_answer_through_a_unix_socket_counts_too(tmp_path: Path) -> None:
    async with await asyncio.start_unix_server(Server(OK), tmp_path / "http"):
        assert await is_answered(str(tmp_path / "http"), 5.0)


@on_a_loop
async def test_it_is_fed_as_long_as_the_whole_round_is_answered(tmp_path: Path, manager: socket.socket) -> None:
    server, answers_roll_call = Server(OK), True

    async def roll_call(_: float) -> bool:
        return answers_roll_call

    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    with socket.socket(fileno=socket.dup(listening.sockets[0].fileno())) as listener:
        told = Notifier(str(tmp_path / "notify"))
        feeding = asyncio.ensure_future(feed(told, SHORT_S, roll_call, [listener]))
        await eventually(lambda: was_fed(manager))
        await eventually(lambda: was_fed(manager))

        for answers_roll_call, server.answer in ((False, OK), (True, None)):  # noqa: B007 -- read by roll_call
            await eventually(lambda: not was_fed(manager))
            await asyncio.sleep(3 * SHORT_S)
            while was_fed(manager):  # What was on its way.
                pass
            await asyncio.sleep(3 * SHORT_S)
            assert not was_fed(manager)

        server.answer = OK
        await eventually(lambda: was_fed(manager))
        feeding.cancel()
    listening.close()
