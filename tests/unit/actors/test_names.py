"""What a caller may call a server or a tool, and whom a call that names no server goes to."""

from typing import Any

import pytest

from actors.breaker import BreakerSnapshot
from actors.call import ServerName, ToolName
from actors.catalogue import Catalogue
from actors.config import ServerConfig
from actors.errors import MCPConnectionError, MCPToolError, UnknownServerError
from actors.names import Names
from actors.status import ServerStatus

SABNZBD, SONARR, RADARR = ServerName("sabnzbd"), ServerName("sonarr"), ServerName("radarr")


def names(**sections: dict[str, Any]) -> Names:
    return Names(
        {
            ServerName(name): ServerConfig.model_validate({"name": name, "command": ["x"], **section})
            for name, section in sections.items()
        }
    )


def status(name: str, *tools: str, state: str = "ready") -> ServerStatus:
    catalogue = Catalogue.of([{"name": tool} for tool in tools])
    return ServerStatus(server=ServerName(name), state=state, catalogue=catalogue, breaker=BreakerSnapshot())


def test_a_server_is_known_by_its_name_and_its_aliases() -> None:
    known = names(sabnzbd={"aliases": ["sab", "downloads"]}, sonarr={"aliases": ["tv"]})

    assert [known.server(name) for name in ("sabnzbd", "sab", "downloads", "tv")] == [SABNZBD] * 3 + [SONARR]


def test_an_unknown_server_is_answered_by_what_was_perhaps_meant_and_by_all_there_are() -> None:
    known = names(sabnzbd={"aliases": ["sab"]}, sonarr={})

    with pytest.raises(
        UnknownServerError, match=r"^Invalid server 'sonar': did you mean 'sonarr'\? .*sabnzbd, sonarr$"
    ):
        known.server("sonar")
    with pytest.raises(ValueError, match=r"^Invalid server 'xyz': known servers: sabnzbd, sonarr$"):
        known.server("xyz")


@pytest.mark.parametrize("name", [None, 7, "", ["sabnzbd"], "SABNZBD"])
def test_what_is_no_name_is_an_unknown_server(name: object) -> None:
    with pytest.raises(UnknownServerError, match="Invalid server"):
        names(sabnzbd={}).server(name)


def test_the_alias_of_a_tool_holds_on_its_own_server_only() -> None:
    known = names(sabnzbd={"tools": {"get_queue": {"aliases": ["queue"]}}}, sonarr={})

    assert known.tool(SABNZBD, "queue") == ToolName("get_queue")
    assert known.tool(SONARR, "queue") == ToolName("queue")
    assert known.tool(SABNZBD, "get_queue") == ToolName("get_queue")


def test_the_ready_server_of_the_lowest_priority_that_offers_the_tool_is_chosen() -> None:
    known = names(sabnzbd={"priority": 30}, sonarr={"priority": 20}, radarr={"priority": 10})
    statuses = {name: status(name, "get_queue") for name in (SABNZBD, SONARR)}
    statuses[RADARR] = status("radarr", "get_movies")

    assert known.offering("get_queue", statuses) == SONARR
    statuses[SONARR] = status("sonarr", "get_queue", state="reconnecting")
    assert known.offering("get_queue", statuses) == SABNZBD


def test_between_servers_of_one_priority_the_order_of_the_configuration_decides() -> None:
    known = names(sonarr={}, sabnzbd={})
    statuses = {name: status(name, "get_queue") for name in (SABNZBD, SONARR)}

    assert known.offering("get_queue", statuses) == SONARR


def test_a_tool_is_also_found_by_its_alias() -> None:
    known = names(sabnzbd={"tools": {"get_queue": {"aliases": ["queue"]}}})

    assert known.offering("queue", {SABNZBD: status("sabnzbd", "get_queue")}) == SABNZBD


def test_a_tool_of_servers_that_are_all_away_is_said_to_be_theirs() -> None:
    known = names(sabnzbd={}, sonarr={})
    statuses = {name: status(name, "get_queue", state="reconnecting") for name in (SABNZBD, SONARR)}

    error = known.offering("get_queue", statuses)

    assert isinstance(error, MCPConnectionError)
    assert error.message == "no server that offers 'get_queue' is ready: sabnzbd, sonarr"


def test_a_tool_that_nobody_offers_is_unknown() -> None:
    error = names(sabnzbd={}, sonarr={}).offering("nonsense", {SABNZBD: status("sabnzbd", "get_queue")})

    assert isinstance(error, MCPToolError)
    assert (error.code, error.executed) == (-32602, "no")
