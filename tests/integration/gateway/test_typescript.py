"""Clients written in TypeScript before `serve`: the official SDK 1.x, and the Inspector on the command line."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.manual_time import until
from tests.fixtures.terminal import ROOT
from tests.integration.gateway.conftest import SDK, gateway

pytestmark = pytest.mark.slow
CLIENT = ROOT / "tests" / "peers" / "clients" / "ts1_client.mjs"
LIMIT_S = 30.0
Seen = dict[str, Any]
Inspect = Callable[..., Any]


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Callable[[], int]]]:
    """Serve one server, with a connection for each session; return the URL, and what counts children."""
    servers = {"old": {"command": [*SDK, "stdio"], "protocol": "legacy", "per_session": True}}
    with gateway(tmp_path_factory.mktemp("typescript"), servers) as (running, url):
        yield url, lambda: len(running.children())


@pytest.fixture(scope="module")
def seen(serving: tuple[str, Callable[[], int]], node_modules: Path) -> Seen:
    """Return what a client of the SDK has seen, who has left by then."""
    url, children = serving
    said = _run([str(CLIENT), str(node_modules), url])
    until(lambda: children() == 1)  # That of the session has ended with it.
    return dict(json.loads(said))


def test_it_finds_the_gateway_and_its_tools(seen: Seen) -> None:
    assert (seen["server"], seen["protocol"]) == ("mcp-orchestrator", "2025-11-25")
    assert {"old__echo", "old__add"} <= set(seen["tools"])


def test_calls_are_answered_whole_and_with_progress(seen: Seen) -> None:
    assert seen["sum"] == {"result": 5}
    assert seen["large"] == 2_000_000
    assert seen["progress"] == [[step, 3, f"step {step}"] for step in (1, 2, 3)]


def test_a_server_of_its_own_era_asks_it(seen: Seen) -> None:
    assert seen["asked"] == ["What is your name?"]
    assert seen["answeredBy"] == {"ask_user": "hello Ann", "sample": "said the model", "list_roots": "file:///srv"}


def test_a_call_that_it_gives_up_is_given_up_at_the_server(seen: Seen) -> None:
    assert "enough" in seen["cancelled"]
    assert seen["givenUp"] is True


def test_it_reads_resources_and_prompts(seen: Seen) -> None:
    assert seen["resources"] == ["memo://first"]
    assert seen["memo"] == "a memo from Oslo"
    assert seen["prompts"] == ["old__greeting"]


def test_it_learns_what_changes_and_what_there_is_not(seen: Seen) -> None:
    assert seen["changed"] is True
    assert seen["unknown"] == -32602


def test_a_session_that_it_ends_is_over(seen: Seen) -> None:
    assert seen["afterwards"] == 404


@pytest.fixture(scope="module")
def inspect(
    serving: tuple[str, Callable[[], int]], node_modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Inspect:
    """Return what runs the Inspector, and reads what it prints. It looks for its package file two folders above."""
    folder = tmp_path_factory.mktemp("inspector")
    installed = node_modules / "@modelcontextprotocol" / "inspector-cli"
    shutil.copytree(installed / "build", folder / "cli" / "build")
    shutil.copy(installed / "package.json", folder)
    (folder / "node_modules").symlink_to(node_modules)

    def run(method: str, *words: str) -> Any:
        program = str(folder / "cli" / "build" / "index.js")
        return json.loads(_run([program, serving[0], "--transport", "http", "--method", method, *words]))

    return run


def test_the_inspector_lists_and_calls(inspect: Inspect) -> None:
    tools = [tool["name"] for tool in inspect("tools/list")["tools"]]
    called = inspect("tools/call", "--tool-name", "old__add", "--tool-arg", "a=2", "--tool-arg", "b=3")

    assert "old__add" in tools
    assert called["structuredContent"] == {"result": 5}


def test_the_inspector_lists_resources_and_prompts(inspect: Inspect) -> None:
    assert [resource["uri"] for resource in inspect("resources/list")["resources"]] == ["memo://first"]
    assert [prompt["name"] for prompt in inspect("prompts/list")["prompts"]] == ["old__greeting"]


def _run(words: list[str]) -> str:
    node = shutil.which("node")
    assert node is not None, f"no node, for {sys.platform}"
    ran = subprocess.run([node, *words], capture_output=True, text=True, timeout=LIMIT_S, check=False)  # noqa: S603 -- a peer
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
