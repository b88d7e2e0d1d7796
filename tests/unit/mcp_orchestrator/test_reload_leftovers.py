"""Reloads that come while something of a server's earlier connection is left."""

import pytest

from tests.fixtures.fleet import Fleet
from tests.fixtures.manual_time import until
from tests.fixtures.mcp_orchestrator_fixtures import ConfigFactory


def test_the_supervisor_outlives_what_a_removed_server_leaves_behind(
    fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory, caplog: pytest.LogCaptureFixture
) -> None:
    time, plex = fleet.stop_time(), fleet["plex"]
    config = mcp_orchestrator_config_factory()
    orchestrator = fleet.orchestrator(config)
    orchestrator.connect_all()
    plex.keeps_connections = True

    config["servers"]["plex"]["timeout"] = 7.0
    assert orchestrator.reload(config) == ["plex"]
    del config["servers"]["plex"]
    assert orchestrator.reload(config) == ["plex"]
    until(lambda: plex.closed == 1)
    time.advance(40.0)

    assert orchestrator.health_check("sabnzbd")
    assert "Unhandled exception" not in caplog.text


def test_a_server_that_was_changed_twice_serves_again_once_its_first_connection_is_gone(
    fleet: Fleet, mcp_orchestrator_config_factory: ConfigFactory
) -> None:
    plex = fleet["plex"]
    config = mcp_orchestrator_config_factory()
    orchestrator = fleet.orchestrator(config)
    orchestrator.connect_all()
    plex.keeps_connections = True

    for timeout_s in (7.0, 8.0):
        config["servers"]["plex"]["timeout"] = timeout_s
        assert orchestrator.reload(config) == ["plex"]
    until(lambda: plex.closed == 1)
    plex.let_go()

    assert orchestrator.call_tool("plex", "get_libraries").data["server"] == "plex"
    assert plex.connects == 2
