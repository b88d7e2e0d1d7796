"""Askers over Streamable HTTP, ended after each test: that nothing is left of them, the root's fixture sees."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

import pytest

from actors.config import ServerConfig
from actors.mcp.streamable_http import StreamableHttpConnection
from tests.fixtures.asking import Asker


class ConnectHttp(Protocol):
    """Make an asker for a URL; `settings` as in the configuration of a server."""

    def __call__(self, url: str, *, clock: Callable[[], float] = ..., **settings: Any) -> Asker: ...


@pytest.fixture
def connect_http() -> Iterator[ConnectHttp]:
    askers: list[Asker] = []

    def connect(url: str, *, clock: Callable[[], float] = time.monotonic, **settings: Any) -> Asker:
        config = ServerConfig.model_validate({"name": "raw", "url": url, **settings})
        askers.append(Asker(partial(StreamableHttpConnection, config, clock=clock)))
        return askers[-1]

    yield connect

    for asker in askers:
        asker.connection.abort()
