"""The stream of events: an overview, then what changes, for as long as somebody reads and the application lives."""

import asyncio
from dataclasses import replace
from typing import Any

from actors.call import ServerName
from actors.status import ServerStatus
from mcp_orchestrator import AsyncMCPOrchestrator
from mcp_orchestrator.control.facts import Facts
from mcp_orchestrator.control.live import Live
from mcp_orchestrator.control.readers import MOST_WAITING, Reader
from tests.fixtures.controlled import Controlled, controlling, events, told
from tests.fixtures.faces import asynchronous, config
from tests.fixtures.manual_time import eventually, on_a_loop

A = ServerName("a")


class Counting(Facts):
    """Counts what it is asked for."""

    made = 0

    def server(self, name: str) -> dict[str, Any]:
        self.made += 1
        return super().server(name)


class Unsampled(Live):
    """Takes no samples: news is what changes, and nothing else."""

    def _sample(self) -> None:
        pass


class File:
    """A configuration source whose file goes bad."""

    def __init__(self) -> None:
        self.path, self.loaded_at, self.error = "o.toml", 7.0, ""

    async def reload(self) -> list[str]:
        return []


async def reading(controlled: Controlled) -> Any:
    """Begin to read, and wait for the overview."""
    asked = controlled.ask("GET", "/events")
    await told(asked, "overview")
    return asked


async def news(reader: Reader) -> bytes:
    """Wait for the next piece of news."""
    async with asyncio.timeout(10.0):
        return await reader.next()


@on_a_loop
async def test_a_stream_begins_with_the_overview_and_is_not_to_be_kept_by_anybody_between() -> None:
    async with controlling("a", "b") as (controlled, _):
        asked = await reading(controlled)

        assert asked.headers["content-type"].startswith("text/event-stream")
        assert asked.headers["cache-control"] == "no-store"
        assert "content-length" not in asked.headers
        (kind, overview) = events(asked)[0]
        assert kind == "overview"
        assert overview.keys() == (await controlled.get("/overview")).keys()
        assert [server["server"] for server in overview["servers"]] == ["a", "b"]


@on_a_loop
async def test_a_server_that_changes_is_told_with_the_incident_that_says_why() -> None:
    async with controlling("a", "b") as (controlled, _):
        asked = await reading(controlled)

        await controlled.answer("PUT", "/servers/b/breaker", {"state": "open", "reason": "new disks"})

        servers, incidents = await told(asked, "server"), await told(asked, "incident")
        assert (servers[0]["server"], servers[-1]["circuit_breaker"]["forced"]) == ("b", "new disks")
        assert incidents[0].keys() == {"at", "server", "kind", "text"}
        assert (incidents[0]["kind"], incidents[0]["text"]) == ("breaker_open", "new disks")


@on_a_loop
async def test_what_changes_within_a_tick_is_told_once_and_the_last_of_it_is_never_lost() -> None:
    with asynchronous("a") as (orchestrator, _):
        live = Unsampled(orchestrator, facts := Counting(orchestrator, None, None))
        live.begin()
        with live.reading() as reader:
            await news(reader)
            facts.made = 0

            for number in range(100):
                live.on_status(ServerStatus(server=A, in_flight=number))
            first = await news(reader)
            for number in range(100):
                live.on_status(ServerStatus(server=A, in_flight=number))
            last = await news(reader)

        live.end()
        assert (first.count(b"event: server"), last.count(b"event: server")) == (1, 1)
        assert facts.made == 2


@on_a_loop
async def test_a_change_that_comes_while_another_is_told_is_told_too() -> None:
    with asynchronous("a") as (orchestrator, _):

        class Slow(Counting):
            def server(self, name: str) -> dict[str, Any]:
                seen = super().server(name)
                if self.made == 1:
                    live.on_status(ServerStatus(server=A, in_flight=9))  # Another thread's, after this one was read.
                return seen

        facts = Slow(orchestrator, None, None)
        live = Unsampled(orchestrator, facts)
        live.begin()
        with live.reading() as reader:
            await news(reader)
            facts.made = 0
            live.on_status(ServerStatus(server=A, in_flight=1))

            assert b"event: server" in await news(reader)
            assert b"event: server" in await news(reader)

        live.end()


@on_a_loop
async def test_what_is_told_is_made_once_for_all_readers_and_not_at_all_without_any() -> None:
    with asynchronous("a") as (orchestrator, _):
        live = Live(orchestrator, facts := Counting(orchestrator, None, None))
        live.begin()

        live.on_status(ServerStatus(server=A))
        await asyncio.sleep(0)

        assert facts.made == 0
        with live.reading() as one, live.reading() as another, live.reading() as third:
            for reader in (one, another, third):
                await reader.next()
            facts.made = 0
            live.on_status(ServerStatus(server=A))
            told_to_all = [await reader.next() for reader in (one, another, third)]
        live.end()
        assert facts.made == 1
        assert len(set(told_to_all)) == 1


@on_a_loop
async def test_a_server_that_is_no_longer_configured_is_gone_from_a_new_overview() -> None:
    async with controlling("a", "b") as (controlled, _):
        asked = await reading(controlled)

        await controlled.orchestrator.reload(config("a"))

        overviews = await told(asked, "overview", 2)
        assert [server["server"] for server in overviews[-1]["servers"]] == ["a"]


@on_a_loop
async def test_a_file_that_goes_bad_is_told_and_shown() -> None:
    file = File()
    async with controlling("a", source=file) as (controlled, _):
        asked = await reading(controlled)
        file.error = "servers.a.command: is missing"

        await controlled.answer("POST", "/reload")

        told_of_it = await told(asked, "configuration")
        assert told_of_it[-1] == {"path": "o.toml", "loaded_at": 7.0, "error": "servers.a.command: is missing"}


@on_a_loop
async def test_samples_and_statistics_are_told_as_they_are_taken() -> None:
    async with controlling("a") as (controlled, _):
        asked = await reading(controlled)
        await controlled.answer("POST", "/call", {"server": "a", "tool": "status"})

        samples, statistics = await told(asked, "sample"), await told(asked, "statistics")

        assert samples[-1] == (await controlled.get("/history"))["samples"][-1]
        assert (samples[-1]["calls"], samples[-1]["servers"]["a"]["calls"]) == (1, 1)
        assert (statistics[-1]["total_calls"], statistics[-1]["unaccounted_calls"]) == (1, 0)


@on_a_loop
async def test_a_stream_ends_in_good_order_and_says_why_and_nobody_can_begin_another() -> None:
    async with controlling("a") as (controlled, _):
        asked = await reading(controlled)

        controlled.control.end_streams()
        await asked.done()

        assert events(asked)[-1][0] == "overview"
        assert events(asked)[-1][1]["state"] == "draining"
        status, error = await controlled.refusal("GET", "/events")
        assert (status, error["type"], error["message"]) == (503, "ServerUnavailableError", "draining: shutting down")
        assert (await controlled.get("/overview"))["state"] == "draining"


@on_a_loop
async def test_a_reader_who_leaves_is_forgotten() -> None:
    async with controlling("a") as (controlled, _):
        asked, other = await reading(controlled), await reading(controlled)
        assert controlled.control.live.readers == 2

        await asked.leave()

        assert controlled.control.live.readers == 1
        await controlled.answer("PUT", "/servers/a/breaker", {"state": "open"})
        assert await told(other, "server")


@on_a_loop
async def test_a_reader_who_does_not_read_is_dropped_and_holds_nobody_up() -> None:
    async with controlling("a") as (controlled, _):
        live = controlled.control.live
        other = await reading(controlled)
        stuck, head = asyncio.Event(), asyncio.Event()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                head.set()
                await stuck.wait()

        nothing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/api/v1/events", "root_path": ""}
        late = asyncio.ensure_future(controlled.app({**scope, "headers": [], "query_string": b""}, nothing.get, send))
        await head.wait()
        for number in range(MOST_WAITING + 1):
            live.on_status(ServerStatus(server=A))
            live._tell()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- a tick without its quarter of a second
            await told(other, "server", number + 1)

        await late

        assert live.readers == 1
        assert not other.task.done()


@on_a_loop
async def test_nobody_reads_where_the_lifespan_does_not_run_and_the_answer_says_what_to_do() -> None:
    with asynchronous("a") as (orchestrator, _):
        controlled = Controlled(orchestrator, None)

        status, error = await controlled.refusal("GET", "/events")

        assert status == 503
        assert "let that run its lifespan" in error["message"]


@on_a_loop
async def test_a_reader_gets_what_waits_for_him_before_the_end() -> None:
    reader = Reader(b"first")
    reader.tell(b" second")
    reader.end()
    reader.tell(b" too late")

    assert await reader.next() == b"first second"
    assert await reader.next() == b""


@on_a_loop
async def test_statuses_from_other_threads_reach_the_loop_and_none_is_wanted_after_the_end() -> None:
    orchestrator_over: list[AsyncMCPOrchestrator] = []
    with asynchronous("a") as (orchestrator, _):
        live = Live(orchestrator, Facts(orchestrator, None, None))
        live.begin()
        with live.reading() as reader:
            await reader.next()
            await asyncio.to_thread(live.on_status, replace(live.status(A), in_flight=3))
            assert b"event: server" in await reader.next()
        live.end()
        await asyncio.to_thread(live.on_status, ServerStatus(server=A))
        live.end()
        orchestrator_over.append(orchestrator)

    await eventually(lambda: live.readers == 0)
