"""Lines over real pipes: whole, bounded, and no faster than the other side reads."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from actors.mcp.lines import Oversized
from mcp_orchestrator.daemon import pipes
from tests.fixtures.manual_time import eventually, on_a_loop


class Talk:
    """Both pipes, seen from the caller: what he writes to, what he reads from, and the lines that were heard."""

    def __init__(self, writes: int, reads: int, output: pipes.Output) -> None:
        self.writes, self.reads, self.output = writes, reads, output
        self.heard: list[bytes | Oversized] = []
        self.reading: asyncio.Task[None]

    async def read(self, size: int) -> bytes:
        """Read so many bytes."""
        said = b""
        while len(said) < size:
            said += await asyncio.to_thread(os.read, self.reads, size - len(said))
        return said


@asynccontextmanager
async def talking(max_bytes: int = 1000) -> AsyncGenerator[Talk]:
    """Hear a caller until he has ended."""
    stdin, writes = os.pipe()
    reads, stdout = os.pipe()
    async with pipes.Output.on(stdout, last_words_s=5.0) as output:
        talk = Talk(writes, reads, output)
        talk.reading = asyncio.ensure_future(pipes.read(stdin, max_bytes, talk.heard.append, output))
        yield talk
        os.close(talk.writes)
        await talk.reading
        os.close(talk.reads)


@on_a_loop
async def test_lines_come_whole_and_one_that_is_too_long_is_known_as_such() -> None:
    async with talking(max_bytes=10) as talk:
        os.write(talk.writes, b"on")
        os.write(talk.writes, b"e\n" + b"x" * 11 + b"\n\nlast")

    assert [line.size if isinstance(line, Oversized) else line for line in talk.heard] == [b"one", 11, b"", b"last"]


@on_a_loop
async def test_a_caller_who_does_not_read_is_not_read_from_until_he_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "_ENOUGH_WAITING", 1000)
    async with talking() as talk:
        large = "x" * 200_000  # More than a pipe holds.
        await talk.output.write(large)
        answer = asyncio.ensure_future(talk.output.write("later"))
        os.write(talk.writes, b"first\n")
        await eventually(lambda: talk.heard)
        os.write(talk.writes, b"second\n")
        for _ in range(100):  # It would be heard in the third.
            await asyncio.sleep(0)
        assert (talk.heard, answer.done()) == ([b"first"], False)

        said = await talk.read(len(large) + 3 + len('"later"\n'))

        await eventually(lambda: len(talk.heard) == 2)
        assert said.endswith(b'x"\n"later"\n')


@on_a_loop
async def test_what_he_has_not_asked_for_is_dropped_once_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "_MOST_WAITING", 1000)
    async with talking() as talk:
        assert talk.output.push({"large": "x" * 200_000})

        assert not talk.output.push({"method": "dropped"})

        await talk.read(200_013)


@on_a_loop
async def test_when_nobody_reads_any_more_that_is_known_at_once() -> None:
    async with talking() as talk:
        os.close(talk.reads)

        await asyncio.wait_for(talk.output.lost.wait(), 10.0)

        assert not talk.output.push({})
        with pytest.raises(ConnectionError):
            await talk.output.write({})
        talk.reads = os.open(os.devnull, os.O_RDONLY)


@on_a_loop
async def test_last_words_that_nobody_reads_hold_up_nothing() -> None:
    reads, stdout = os.pipe()

    async with pipes.Output.on(stdout, last_words_s=0.0) as output:
        await output.write("x" * 200_000)

    assert output.lost.is_set()
    os.close(reads)


@on_a_loop
async def test_files_do_as_well(tmp_path: Path) -> None:
    (tmp_path / "said").write_bytes(b"one\ntwo\n" * 50_000)
    heard: list[bytes | Oversized] = []

    stdout = os.open(tmp_path / "read", os.O_CREAT | os.O_WRONLY)
    async with pipes.Output.on(stdout, last_words_s=5.0) as output:
        await pipes.read(os.open(tmp_path / "said", os.O_RDONLY), 1000, heard.append, output)
        await output.write("x" * 300_000)

    assert len(heard) == 100_000
    assert (tmp_path / "read").stat().st_size == 300_003
