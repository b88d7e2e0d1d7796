"""One daemon and one browser for each file; servers that are up, that die at once and that cannot be reached."""

import json
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page

from tests.fixtures.browser import chromium
from tests.fixtures.serving import free_port
from tests.fixtures.terminal import ODD, PATIENCE_S, ROOT, Running, on_pipe

MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"
_DIES = f"import sys; sys.exit({MARKUP!r})"  # Which says it on stderr.
_SOON = {"failure_threshold": 3}
SERVERS: Mapping[str, Any] = {
    "sab": {"command": [sys.executable, "-m", "media_servers.sabnzbd", "--simulate"], "env": {"PYTHONPATH": str(ROOT)}},
    "odd": {"command": ODD, "protocol": "legacy"},
    "dies": {"command": [sys.executable, "-I", "-S", "-c", _DIES], "breaker": _SOON},
    "far": {"url": "http://127.0.0.1:9/mcp", "breaker": _SOON},
}


class Served:
    """A `serve` in a folder of its own: its file, its port, and its page at `url`. As often as wanted."""

    def __init__(self, folder: Path, servers: Mapping[str, Any]) -> None:
        self.file, self.port = folder / "media.json", free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.configure(servers)

    def configure(self, servers: Mapping[str, Any]) -> None:
        """Write its configuration, as editors do: a whole new file in the place of the old one."""
        whole = {"orchestrator": {"state": "memory", "start_timeout_s": 1}, "servers": servers}
        self.write(json.dumps(whole))

    def write(self, text: str) -> None:
        """Write its configuration, right or wrong."""
        new = self.file.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(self.file)

    @contextmanager
    def running(self) -> Generator[Running]:
        """Run it, from when it is ready."""
        command = [sys.executable, "-m", "mcp_orchestrator", "serve", str(self.file), "--port", str(self.port)]
        with on_pipe(*command, folder=self.file.parent) as running:
            running.wait_for(" ready\n")
            yield running
            running.signal()
            running.end()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask its control API, as somebody else than the page does."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(f"{self.url}api/v1{path}", data, headers, method=method)  # noqa: S310 -- of the test
        with urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            return json.loads(answer.read())


@pytest.fixture(scope="module")
def browser(chromium_program: Path) -> Iterator[Browser]:
    """Run a browser."""
    with chromium(chromium_program) as browser:
        yield browser


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    """Open a tab for all tests of the file: each loads its page anew, which is quicker than a tab of its own."""
    tab = browser.new_page()
    tab.set_default_timeout(PATIENCE_S * 1000)
    return tab


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, servers: Mapping[str, Any]) -> Iterator[Served]:
    """Run a daemon before the `servers` of the file."""
    served = Served(tmp_path_factory.mktemp("dashboard"), servers)
    with served.running():
        yield served
