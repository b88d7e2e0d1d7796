"""The four programs told where their real applications are, or not."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import CallToolResult, TextContent

from tests.fixtures.media import ask
from tests.fixtures.serving import free_port

pytestmark = pytest.mark.slow  # Real processes.

ROOT = Path(__file__).parents[3]
KEY = "c4n4ry0123456789abcdef"
SECRETS = {"sabnzbd": "SABNZBD_API_KEY", "sonarr": "SONARR_API_KEY", "radarr": "RADARR_API_KEY", "plex": "PLEX_TOKEN"}
TITLES = {"sabnzbd": "SABnzbd", "sonarr": "Sonarr", "radarr": "Radarr", "plex": "Plex"}
OURS = tuple(f"{name.upper()}_" for name in SECRETS)


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return this one's, without what says where applications are, and `more`."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | dict(more)


def run(name: str, more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", f"media_servers.{name}"]
    return subprocess.run(  # noqa: S603 -- our own program
        line,
        check=False,
        cwd=ROOT,
        env=environment(more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )


def pointed_at(name: str, url: str) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", f"media_servers.{name}"],
        cwd=ROOT,
        env=environment({f"{name.upper()}_URL": url, SECRETS[name]: KEY}),
    )


@pytest.mark.parametrize("name", SECRETS)
def test_without_an_address_a_server_ends_with_a_sentence(name: str) -> None:
    ended = run(name, {})

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"{name}: {name.upper()}_URL is not set: set it to {TITLES[name]}'s address")
    assert ended.stderr.endswith("; or give --simulate.\n")
    assert ended.stderr.count("\n") == 1


def test_a_variable_that_makes_no_sense_is_told_without_its_secret() -> None:
    ended = run("sabnzbd", {"SABNZBD_URL": "http://nas", "SABNZBD_API_KEY": f"{KEY} "})

    assert ended.returncode == 2
    assert "SABNZBD_API_KEY has characters that no key has" in ended.stderr
    assert KEY not in ended.stderr


@pytest.mark.parametrize("name", SECRETS)
def test_a_server_whose_application_is_down_lists_its_tools_and_says_so(name: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    where = pointed_at(name, url)

    async def look() -> tuple[int, Mapping[str, Any], CallToolResult]:
        async with Client(where) as client:
            tools = (await client.list_tools()).tools
            health = await client.call_tool("health_check", {})
            return len(tools), health.structured_content or {}, await client.call_tool("get_version", {})

    count, health, refused = asyncio.run(look())

    assert count > 9
    assert (health["healthy"], len(health["issues"])) == (False, 1)
    (block,) = refused.content
    assert isinstance(block, TextContent)
    assert refused.is_error
    assert block.text.startswith(f"{TITLES[name]} cannot be reached at {url} (connection refused): start it")
    assert KEY not in block.text


def test_with_simulate_nothing_of_the_environment_counts() -> None:
    where = pointed_at("sabnzbd", "nonsense")
    where.args.append("--simulate")

    assert ask(where, "get_version")["version"].endswith("(simulated)")
