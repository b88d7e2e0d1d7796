"""A daemon in a process of its own, before real servers, and everything that it shows of itself."""

import asyncio
import json
import re
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import requests
from mcp import Client
from mcp_types import TextContent

from tests.fixtures.collector import collecting, texts
from tests.fixtures.manual_time import on_a_loop
from tests.fixtures.observed import samples_of
from tests.fixtures.terminal import ROOT, Running, environment, on_pipe

pytestmark = pytest.mark.slow

META = [sys.executable, str(ROOT / "tests" / "fixtures" / "meta_server.py")]
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@contextmanager
def daemon(
    folder: Path, settings: dict[str, Any], servers: dict[str, Any], **env: str
) -> Generator[tuple[Running, str]]:
    """Run `serve` with these settings of `[daemon]`; yield it and the beginning of its URLs, and end it."""
    file = folder / "orchestrator.json"
    file.write_text(json.dumps({"orchestrator": {"state": "memory"}, "daemon": settings, "servers": servers}))
    command = [sys.executable, "-m", "mcp_orchestrator", "serve", str(file), "--port", "0"]
    with on_pipe(*command, folder=folder, env=environment(**env)) as running:
        running.wait_for(" ready\n")
        found = re.search(r"(http://\S+)/mcp", running.text)
        assert found, running.text
        yield running, found[1]
        running.signal(signal.SIGTERM)
        assert running.end() == 0, running.text


def logged(running: Running) -> list[dict[str, Any]]:
    """Return the events of a log in JSON."""
    return [json.loads(line) for line in running.text.splitlines() if line.startswith("{")]


async def carried(url: str, server: str, mode: str, meta: dict[str, Any]) -> dict[str, Any]:
    """Call a server through the daemon; return what came in the `_meta` of its request."""
    async with Client(f"{url}/mcp", mode=mode) as client:
        result = await client.call_tool(f"{server}__meta", {}, meta=cast("Any", meta))
    assert isinstance(result.content[0], TextContent)
    return dict(json.loads(result.content[0].text))


@on_a_loop
async def test_a_call_is_one_trace_from_the_caller_through_us_to_servers_of_both_eras(tmp_path: Path) -> None:
    servers = {era: {"command": META, "protocol": era} for era in ("legacy", "modern")}
    with collecting() as collector:
        settings = {"tracing": True}
        with daemon(tmp_path, settings, servers, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as (_, url):
            got = {
                era: await carried(url, era, mode, {"traceparent": PARENT, "tracestate": "a=1"})
                for era, mode in (("legacy", "auto"), ("modern", "legacy"))
            }

        assert {span.name for span in collector.spans} == {"tools/call meta"}
        assert collector.resource["service.name"] == "mcp-orchestrator"
        for span in collector.spans:
            server = texts(span.attributes)["mcp_orchestrator.server"]
            assert span.trace_id.hex() == TRACE
            assert got[server]["traceparent"][:52] == f"00-{TRACE}-{span.span_id.hex()}"
            assert got[server]["tracestate"] == "a=1"


@on_a_loop
async def test_without_tracing_a_callers_context_reaches_servers_of_both_eras_as_it_is(tmp_path: Path) -> None:
    servers = {era: {"command": META, "protocol": era} for era in ("legacy", "modern")}
    with daemon(tmp_path, {}, servers) as (_, url):
        for era, mode in (("legacy", "auto"), ("modern", "legacy")):
            got = await carried(url, era, mode, {"traceparent": PARENT, "tracestate": "a=1", "baggage": "b=2"})

            assert (got["traceparent"], got["tracestate"], got["baggage"]) == (PARENT, "a=1", "b=2")


@on_a_loop
async def test_pages_and_log_say_what_has_happened(tmp_path: Path) -> None:
    servers = {"good": {"command": META}, "bad": {"command": ["false"], "required": True, "max_retries": 0}}
    with daemon(tmp_path, {"log_format": "json"}, servers) as (running, url):
        await carried(url, "good", "auto", {})
        await asyncio.to_thread(talk_nonsense, url)
        pages = {page: await asyncio.to_thread(requests.get, f"{url}{page}", timeout=10) for page in PAGES}

    assert [pages[page].status_code for page in PAGES] == [200, 503, 200]
    assert pages["/readyz"].json()["servers"].keys() == {"bad"}
    samples = samples_of(pages["/metrics"].text)
    assert samples["calls_total", frozenset({("server", "good"), ("outcome", "succeeded")})] == 1
    assert samples["server_up", frozenset({("server", "bad")})] == 0
    assert samples["unaccounted_calls", frozenset()] == 0
    assert samples["children", frozenset()] == 1

    events = logged(running)
    assert all({"ts", "level", "logger", "message"} <= event.keys() for event in events)
    levels = {(event["server"], event["incident"]): event["level"] for event in events if "incident" in event}
    assert levels["good", "connected"] == "info"
    assert levels["bad", "connect_failed"] == "warning"
    assert "uvicorn.error" in {event["logger"] for event in events}
    told = [line for line in running.text.splitlines() if line and not line.startswith("{")]
    assert all(line.startswith(("serving ", "draining", "ended")) for line in told)  # On stdout.


def talk_nonsense(url: str) -> None:
    """Say what is no HTTP, which uvicorn logs; wait until it has hung up."""
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=10) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        while connection.recv(1024):
            pass


PAGES = ("/healthz", "/readyz", "/metrics")


@on_a_loop
async def test_a_line_about_a_call_names_server_tool_and_number(tmp_path: Path) -> None:
    servers = {"good": {"command": META, "tools": {"meta": {"timeout_s": 0.000001}}}}
    with daemon(tmp_path, {"log_format": "json"}, servers) as (running, url):
        async with Client(f"{url}/mcp") as client:
            result = await client.call_tool("good__meta", {})
            assert result.is_error
        running.wait_for("a call failed")

    (failed,) = [event for event in logged(running) if event["message"].startswith("a call failed")]
    assert (failed["server"], failed["tool"], failed["executed"], failed["level"]) == ("good", "meta", "no", "info")
    assert isinstance(failed["request_id"], int)
