"""What of it a daemon serves, as its configuration says."""

import sys

import pytest

from actors.errors import ConfigurationError
from mcp_orchestrator.daemon.application import Daemon
from tests.fixtures.asgi import Asked, Caller
from tests.fixtures.manual_time import on_a_loop

CONFIG = {"orchestrator": {"state": "memory"}, "servers": {"a": {"command": ["true"]}}}


async def asked(daemon: Daemon, path: str) -> Asked:
    """Ask for a page."""
    return await Caller(daemon).http("GET", b"", path=path).done()


@pytest.mark.parametrize(("metrics", "status"), [(True, 200), (False, 404)])
@on_a_loop
async def test_metrics_may_be_turned_off_and_probes_may_not(metrics: bool, status: int) -> None:  # noqa: FBT001
    daemon = Daemon({**CONFIG, "daemon": {"metrics": metrics}})
    try:
        assert (await asked(daemon, "/metrics")).status == status
        assert (await asked(daemon, "/healthz")).status == 200
        assert (await asked(daemon, "/readyz")).status == 503
    finally:
        await daemon.close()


@pytest.mark.parametrize(("dashboard", "status"), [(True, 200), (False, 404)])
@on_a_loop
async def test_the_dashboard_may_be_turned_off_and_what_it_reads_stays(dashboard: bool, status: int) -> None:  # noqa: FBT001
    daemon = Daemon({**CONFIG, "daemon": {"dashboard": dashboard}})
    try:
        assert (await asked(daemon, "/")).status == status
        assert (await asked(daemon, "/api/v1/overview")).status == 200
    finally:
        await daemon.close()


@on_a_loop
async def test_a_daemon_that_was_told_to_end_while_it_started_is_not_ready() -> None:
    daemon = Daemon({**CONFIG, "servers": {"a": {"command": ["true"], "enabled": False}}})
    try:
        daemon.drain()
        await daemon.start()

        assert (await asked(daemon, "/readyz")).body == b'{"status":"draining"}'
    finally:
        await daemon.close()


@on_a_loop
async def test_traces_without_the_extra_end_the_start_with_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    with pytest.raises(ConfigurationError, match=r"daemon\.tracing.*pip install '\.\[otel\]'"):
        Daemon({**CONFIG, "daemon": {"tracing": True}})
