"""Askers over Streamable HTTP, ended after each test: that nothing is left of them, the root's fixture sees."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

import pytest

from actors.config import ServerConfig
from actors.mcp.http_connection import Grip, Pause
from actors.mcp.streamable_http import StreamableHttpConnection
from tests.fixtures.asking import Asker
from tests.fixtures.pauses import Pauses


class ConnectHttp(Protocol):
    """Make an asker for a URL; `settings` as in the configuration of a server."""

    def __call__(self, url: str, *, clock: Callable[[], float] = ..., pause: Pause = ..., **settings: Any) -> Asker: ...


@pytest.fixture
def connect_http() -> Iterator[ConnectHttp]:
    askers: list[Asker] = []

    def connect(
        url: str, *, clock: Callable[[], float] = time.monotonic, pause: Pause = Grip.pause, **settings: Any
    ) -> Asker:
        config = ServerConfig.model_validate({"name": "raw", "url": url, **settings})
        askers.append(Asker(partial(StreamableHttpConnection, config, clock=clock, pause=pause)))
        return askers[-1]

    yield connect

    for asker in askers:
        asker.connection.abort()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


def open_session(asker: Asker) -> Asker:
    """Do the handshake of the revisions up to 2025-11-25."""
    assert isinstance(asker.ask("initialize").outcome(), dict)
    assert asker.ask("notifications/initialized").outcome() == {}
    return asker
