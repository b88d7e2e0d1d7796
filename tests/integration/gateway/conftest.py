"""One `serve` before three servers, of both eras, as a process of its own."""

import json
import re
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.serving import free_port, serving
from tests.fixtures.terminal import ROOT, Running, on_pipe

SDK = [sys.executable, str(ROOT / "tests" / "fixtures" / "sdk_server.py")]
SAB = [sys.executable, "-m", "media_servers.sabnzbd", "--simulate"]


@contextmanager
def gateway(folder: Path, servers: dict[str, Any]) -> Generator[tuple[Running, str]]:
    """Run `serve` before these servers; yield it and its URL once it serves."""
    file = folder / "gateway.json"
    file.write_text(json.dumps({"orchestrator": {"state": "memory"}, "servers": servers}), encoding="utf-8")
    command = [sys.executable, "-m", "mcp_orchestrator", "serve", str(file), "--port", "0"]
    with on_pipe(*command, folder=folder) as running:
        running.wait_for("ready\n")
        found = re.search(r"http://\S+/mcp", running.text)
        assert found, running.text
        yield running, found[0]
        running.signal()
        running.end()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return where the gateway is."""
    port = free_port()
    with serving([*SDK, "http", str(port)], port) as modern:
        servers = {
            "sab": {"command": SAB, "env": {"PYTHONPATH": str(ROOT)}, "hide": ["delete_*"]},
            "old": {"command": [*SDK, "stdio"], "protocol": "legacy"},
            "new": {"url": modern.url, "protocol": "modern"},
        }
        with gateway(tmp_path_factory.mktemp("gateway"), servers) as (_, url):
            yield url
