"""The metrics: that they say what happens, and that a page says which there are."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from actors.call import Outcome, ServerName
from actors.errors import OutcomeUnknownError
from actors.statistics import BOUNDS_S, Statistics, StatisticsSnapshot
from actors.status import Incident, ServerStatus
from mcp_orchestrator.observing.of_servers import BUCKETS_S, buckets, unaccounted
from tests.fixtures.faces import Scripts
from tests.fixtures.gateways import LEGACY, given_up, held
from tests.fixtures.manual_time import eventually, on_a_loop
from tests.fixtures.observed import OPENMETRICS, Seen, observing, samples_of

PAGE = Path(__file__).parents[4] / "docs" / "observability.md"
LABELS = {"le"}  # Of a histogram's buckets; it goes without saying.


async def a_call(seen: Seen, tool: str = "a__status") -> None:
    """Make one, of a modern caller."""
    await seen.caller.modern("tools/call", {"name": tool, "arguments": {}}).done()


async def passing(seen: Seen, condition: Callable[[], object]) -> None:
    """Let time pass until that is so."""

    def passed() -> bool:
        seen.scripts.runtime.advance(0.3)
        return bool(condition())

    await eventually(passed)


def documented() -> dict[str, tuple[str, frozenset[str]]]:
    """Return type and labels of every metric, as the page has them."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([\w, ]*) ?\|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: (kind, frozenset(labels.replace(",", " ").split())) for name, kind, labels in rows}


@on_a_loop
async def test_the_page_names_each_with_its_type_and_its_labels_and_no_other() -> None:
    async with observing({"a": {**LEGACY, "max_retries": 0}}) as seen:
        seen.scripts.hold = True
        calling = asyncio.ensure_future(a_call(seen))
        (await held(seen.scripts)).lose()
        await calling
        seen.scripts.hold = False
        await a_call(seen)
        await seen.gateway.orchestrator.health_check("a")

        families = {family.name: family for family in text_string_to_metric_families(await seen.scrape())}

    found = {
        name.removeprefix("mcp_orchestrator_") + "_total" * (family.type == "counter"): (
            family.type,
            frozenset(label for sample in family.samples for label in sample.labels) - LABELS,
        )
        for name, family in families.items()
        if not name.startswith("process_")
    }
    found["incidents_total"] = ("counter", frozenset({"server", "kind"}))  # Nothing has happened yet.
    assert found == documented()
    assert all(family.documentation for family in families.values())


def test_the_page_names_the_buckets() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())

    assert ", ".join(map(repr, BUCKETS_S)) in text


@on_a_loop
async def test_both_formats_say_the_same() -> None:
    async with observing({"a": {}}) as seen:
        await a_call(seen)
        asked = await seen.get("/metrics", accept=OPENMETRICS).done()
        text = await seen.samples()

    assert asked.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert asked.body.endswith(b"# EOF\n")
    openmetrics = samples_of(asked.body.decode(), openmetrics=True)
    ours = {key for key in text if not key[0].startswith(("process_", "threads"))}  # Those do not stand still.
    assert {key: openmetrics[key] for key in ours} == {key: text[key] for key in ours}
    assert ("process_resident_memory_bytes", frozenset()) in text


@on_a_loop
async def test_calls_are_told_apart_by_how_they_ended() -> None:
    async with observing({"a": {**LEGACY, "max_retries": 0}}) as seen:
        await a_call(seen)
        seen.scripts.hold = True
        ends: list[Outcome] = [{"content": [], "isError": True}, OutcomeUnknownError("reset by peer")]
        for end in ends:
            seen.scripts.wire("a").exchanges.clear()
            calling = asyncio.ensure_future(a_call(seen))
            (await held(seen.scripts)).end(end)
            await calling

        assert await seen.value("calls_total", server="a", outcome="succeeded") == 1
        assert await seen.value("calls_total", server="a", outcome="tool_error") == 1
        assert await seen.value("calls_total", server="a", outcome="failed") == 1
        assert await seen.value("call_failures_total", server="a", error="MCPToolError") == 1
        assert await seen.value("call_failures_total", server="a", error="OutcomeUnknownError") == 1
        assert await seen.value("unaccounted_calls") == 0


@on_a_loop
async def test_a_call_under_way_shows_and_its_time_is_counted_once_it_is_answered() -> None:
    async with observing({"a": {"max_concurrent": 1}}) as seen:
        seen.scripts.hold = True
        calling = [asyncio.ensure_future(a_call(seen)) for _ in range(2)]
        first = await held(seen.scripts)
        await eventually(lambda: seen.gateway.orchestrator.get_pending_calls() == 2)
        seen.scripts.runtime.advance(0.06)
        await eventually(lambda: seen.gateway.orchestrator.get_statuses()[0].waiting)

        assert await seen.value("calls_in_flight", server="a") == 1
        assert await seen.value("calls_waiting", server="a") == 1
        assert await seen.value("pending_calls") == 2

        seen.scripts.hold = False
        seen.scripts.runtime.advance(0.9)
        first.end({"content": []})
        await asyncio.gather(*calling)

        samples = await seen.samples()
        server = ("server", "a")
        assert samples["call_duration_seconds_bucket", frozenset({server, ("le", "0.8192")})] == 0
        assert samples["call_duration_seconds_bucket", frozenset({server, ("le", "1.6384")})] == 2
        assert samples["call_duration_seconds_count", frozenset({server})] == 2
        assert 1.91 < samples["call_duration_seconds_sum", frozenset({server})] < 1.93


def test_each_bucket_holds_what_was_measured_and_the_last_all() -> None:
    statistics = Statistics()
    for took_s in (0.00001, 0.0016, 0.0017, 0.9, 52.5, 5000.0):
        statistics.answered(took_s)

    counted = dict(buckets(statistics.snapshot().latencies))

    assert set(BUCKETS_S) <= set(BOUNDS_S)
    assert (counted["0.0016"], counted["0.0032"], counted["1.6384"], counted["52.4288"], counted["+Inf"]) == (
        2,
        3,
        4,
        4,
        6,
    )


def test_a_call_that_is_nowhere_is_unaccounted_for() -> None:
    numbers = StatisticsSnapshot(calls=6, succeeded=1, failed=1, settled_elsewhere=1)

    assert unaccounted([ServerStatus(server=ServerName("a"), owed=3, statistics=numbers)]) == 0
    assert unaccounted([ServerStatus(server=ServerName("a"), owed=2, statistics=numbers)]) == 1


@on_a_loop
async def test_states_are_one_hot_and_follow_the_server() -> None:
    scripts = Scripts()
    async with observing({"a": LEGACY, "off": {"enabled": False}}, scripts) as seen:
        before = await seen.samples()
        seen.scripts.wire("a").script("initialize", *[OutcomeUnknownError("no answer")] * 9)
        seen.scripts.wire("a").connections[-1].die()
        await eventually(lambda: not seen.gateway.orchestrator.is_connected("a"))
        await passing(seen, lambda: seen.gateway.orchestrator.get_statuses()[0].failed_connects)
        after = await seen.samples()

        await eventually(lambda: len(seen.observed._incidents.counts) > 1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        assert await seen.value("incidents_total", server="a", kind="lost") == 1

    def on(samples: dict[tuple[str, frozenset[tuple[str, str]]], float], server: str) -> list[str]:
        of = [dict(labels) for (name, labels), value in samples.items() if name == "server_state" and value]
        return [labels["state"] for labels in of if labels["server"] == server]

    assert on(before, "a") == ["ready"]
    assert on(after, "a") == ["reconnecting"]
    assert on(before, "off") == ["disabled"]
    assert (before["server_up", frozenset({("server", "a")})], after["server_up", frozenset({("server", "a")})]) == (
        1,
        0,
    )


@on_a_loop
async def test_neither_tools_nor_callers_make_series() -> None:
    scripts = Scripts()
    async with observing({"a": LEGACY}, scripts) as seen:
        await seen.caller.modern("tools/list").done()
        await seen.caller.modern("made/up").done()
        before = len(await seen.samples())
        scripts.wire("a").tools.update({f"tool_{number}": {} for number in range(1000)})
        scripts.wire("a").connections[-1].notify("notifications/tools/list_changed")
        await passing(seen, lambda: len(seen.gateway.orchestrator.get_statuses()[0].catalogue.tools) > 1000)
        for number in range(20):
            await seen.caller.modern(f"made/up/{number}").done()

        assert len(await seen.samples()) == before
        assert await seen.value("server_tools", server="a") == 1004
        assert await seen.value("gateway_requests_total", method="other", result="refused") == 21


@on_a_loop
async def test_requests_of_both_eras_are_counted_by_how_they_ended() -> None:
    async with observing({"a": {**LEGACY, "max_retries": 0}}) as seen:
        await seen.caller.initialize()
        await seen.caller.legacy("ping").done()
        await seen.caller.legacy("tools/call", {"name": "none"}).done()
        await a_call(seen, "none")
        seen.scripts.hold = True
        gone = seen.caller.modern("tools/call", {"name": "a__status", "arguments": {}})
        await held(seen.scripts)
        await gone.leave()
        await given_up(seen.scripts)
        seen.scripts.wire("a").exchanges.pop().end(OutcomeUnknownError("aborted"))
        calling = asyncio.ensure_future(a_call(seen))
        (await held(seen.scripts)).end({"content": [], "isError": True})
        await calling

        requests = {
            tuple(dict(labels)[label] for label in ("method", "result")): value
            for (name, labels), value in (await seen.samples()).items()
            if name == "gateway_requests_total"
        }
        assert requests == {
            ("initialize", "answered"): 1,
            ("ping", "answered"): 1,
            ("tools/call", "refused"): 2,
            ("tools/call", "given_up"): 1,
            ("tools/call", "failed"): 1,
        }
        assert await seen.value("gateway_sessions") == 1


@on_a_loop
async def test_streams_are_counted_while_they_are_open() -> None:
    async with observing({"a": LEGACY}) as seen:
        await seen.caller.initialize()
        legacy = seen.caller.http("GET", mcp_session_id=seen.caller.session, accept="text/event-stream")
        modern = seen.caller.modern("subscriptions/listen", {"notifications": {}})
        await modern.told(1)
        await eventually(lambda: legacy.status)

        assert await seen.value("gateway_streams") == 2

        await legacy.leave()
        await modern.leave()
        assert await seen.value("gateway_streams") == 0


@on_a_loop
async def test_a_file_with_mistakes_shows() -> None:
    async with observing({"a": {}}) as seen:
        assert await seen.value("config_last_reload_successful") == 1
        assert await seen.value("config_last_reload_success_timestamp_seconds") == 1_800_000_000

        seen.source.error = "servers.a: unknown key"

        assert await seen.value("config_last_reload_successful") == 0


@on_a_loop
async def test_incidents_are_counted_by_kind() -> None:
    async with observing({"a": {}}) as seen:
        seen.observed._incidents.on_incident(Incident(at=0.0, server=ServerName("a"), kind="hung", text=""))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        await asyncio.sleep(0)

        assert await seen.value("incidents_total", server="a", kind="hung") == 1
