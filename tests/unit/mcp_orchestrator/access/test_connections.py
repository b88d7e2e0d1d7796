"""Callers over real sockets who never come to the point: each is given up, and the others are served."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn

from mcp_orchestrator.daemon.connections import MOST_HEAD_BYTES, BoundedProtocol
from tests.fixtures.guarding import whoami
from tests.fixtures.manual_time import on_a_loop

ASK = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Hasty(BoundedProtocol):
    whole_within_s = 0.05


class Brisk(BoundedProtocol):
    whole_within_s = 0.5  # For who is to come in time, on a busy machine too.


@asynccontextmanager
async def listening(
    protocol: type[BoundedProtocol], app: Any = whoami, **settings: Any
) -> AsyncGenerator[Callable[[], Awaitable[Streams]]]:
    """Serve `app`, and yield what connects to it."""
    config = uvicorn.Config(
        app, port=0, http=protocol, ws="none", lifespan="off", log_config=None, log_level="critical", **settings
    )
    server, opened = uvicorn.Server(config), list[asyncio.StreamWriter]()
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()

    async def connect() -> Streams:
        port = server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        opened.append(writer)
        return reader, writer

    try:
        async with asyncio.timeout(20):
            yield connect
    finally:
        for writer in opened:
            writer.close()
        await server.shutdown()


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(b"", id="says nothing"),
        pytest.param(ASK[:20], id="half a head"),
        pytest.param(ASK[:-1], id="half a body"),
        pytest.param(ASK + ASK[:20], id="half a second head"),
    ],
)
@on_a_loop
async def test_who_does_not_come_to_the_point_is_given_up(beginning: bytes) -> None:
    async with listening(Hasty) as connect:
        reader, writer = await connect()
        writer.write(beginning)

        answered = await reader.read()  # To the end.

    assert answered.endswith(b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")


@on_a_loop
async def test_who_waits_for_his_answer_or_between_two_requests_may_take_his_time() -> None:
    answer = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        asyncio.get_running_loop().call_later(4 * Hasty.whole_within_s, answer.set)
        await answer.wait()
        await whoami(scope, receive, send)

    async with listening(Hasty, slow) as connect:
        reader, writer = await connect()
        for _ in range(2):
            writer.write(ASK)
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            while await reader.readline() != b"0\r\n":
                pass
            await reader.readline()


@pytest.mark.parametrize(
    "head", [b"POST /%s HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n"]
)
@on_a_loop
async def test_a_long_head_is_refused_before_it_is_whole_and_others_are_served(head: bytes) -> None:
    async with listening(BoundedProtocol) as connect:
        reader, writer = await connect()
        writer.write(head % (b"a" * 20 * MOST_HEAD_BYTES))
        try:
            refused = await reader.readline()
        except ConnectionError:  # It was closed before all was sent.
            refused = b""

        reader, writer = await connect()
        writer.write(ASK)

        assert b"200" not in refused
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"


@on_a_loop
async def test_a_head_of_a_usual_length_in_pieces_is_taken_and_a_long_body_does_not_count() -> None:
    body = b"x" * 4 * MOST_HEAD_BYTES
    head = b"POST / HTTP/1.1\r\nHost: x\r\nX: %s\r\nContent-Length: %d\r\n\r\n" % (b"a" * 30_000, len(body))
    async with listening(BoundedProtocol) as connect:
        reader, writer = await connect()
        for _ in range(3):  # Each counts for itself.
            for piece in (head[:10_000], head[10_000:20_000], head[20_000:], body):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            while await reader.readline() != b"0\r\n":
                pass
            await reader.readline()


class Slow:
    """An application that answers when `may_end` is set; `gone`: who has asked has gone before."""

    def __init__(self) -> None:
        self.has_begun, self.may_end, self.gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def __call__(self, _: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        self.has_begun.set()
        leaving = asyncio.ensure_future(self._leave(receive))
        await self.may_end.wait()
        leaving.cancel()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _leave(self, receive: Any) -> None:
        if (await receive())["type"] == "http.disconnect":
            self.gone.set()
            self.may_end.set()


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(b"\0\r\n\r\n", id="no request"),
        pytest.param(b"GET /" + b"a" * 4 * MOST_HEAD_BYTES, id="too long a head"),
    ],
)
@on_a_loop
async def test_a_call_under_way_is_never_answered_with_the_refusal_of_what_follows_it(more: bytes) -> None:
    slow = Slow()
    async with listening(BoundedProtocol, slow) as connect:
        reader, writer = await connect()
        writer.write(ASK)
        await slow.has_begun.wait()
        writer.write(more)

        with suppress(ConnectionError):  # It was closed before all was read.
            assert await reader.read() == b""
        await slow.gone.wait()


@on_a_loop
async def test_who_goes_away_is_known_to_have_gone_though_he_had_asked_for_more() -> None:
    slow = Slow()
    async with listening(BoundedProtocol, slow) as connect:
        _, writer = await connect()
        writer.write(ASK + ASK)
        await slow.has_begun.wait()
        writer.close()

        await slow.gone.wait()


@on_a_loop
async def test_a_request_that_had_to_wait_for_the_answer_before_is_not_too_slow() -> None:
    slow = Slow()
    async with listening(Brisk, slow) as connect:
        reader, writer = await connect()
        writer.write(ASK + ASK[:-1])
        asyncio.get_running_loop().call_later(1.5 * Brisk.whole_within_s, slow.may_end.set)
        first = await reader.readuntil(b"\r\n\r\n")
        writer.write(ASK[-1:])
        second = await reader.readuntil(b"\r\n\r\n")

    assert [first[:15], second[:15]] == [b"HTTP/1.1 200 OK"] * 2


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"


@pytest.mark.parametrize("more", [b"X: " + b"a" * 1000 + b"\r\n", b"a"])
@on_a_loop
async def test_trailers_without_end_are_refused(more: bytes) -> None:
    async with listening(BoundedProtocol) as connect:
        reader, writer = await connect()
        writer.write(CHUNKED)
        with suppress(ConnectionError):  # It was closed before all was sent.
            while not reader.at_eof():
                writer.write(more * (32_000 // len(more)))
                await writer.drain()
                await asyncio.sleep(0)
            assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")


@on_a_loop
async def test_a_trailer_is_no_header() -> None:
    heard = list[bytes]()

    async def hearing(scope: Any, receive: Any, send: Any) -> None:
        await whoami(scope, receive, send)
        heard.extend(name for name, _ in scope["headers"])

    async with listening(BoundedProtocol, hearing) as connect:
        reader, writer = await connect()
        writer.write(CHUNKED + b"Authorization: Bearer x\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"

    assert heard == [b"host", b"transfer-encoding"]
