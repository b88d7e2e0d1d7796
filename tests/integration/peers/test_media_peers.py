"""Other people's MCP servers for the same applications as ours: what an orchestrator makes of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from mcp_orchestrator import MCPToolError, NotExecutedError
from tests.fixtures.media_interoperability import committed, killed, read, rows
from tests.fixtures.media_peers import (
    BROKEN,
    PEERS,
    READINGS,
    Find,
    Reading,
    StandIns,
    broken,
    http_command,
    said,
    section,
    standing_in,
)
from tests.fixtures.orchestrating import PATIENCE_S, Orchestrated, orchestrating, prepared
from tests.fixtures.serving import free_port, serving

All = tuple[Orchestrated, StandIns]

BY_TOOL = {reading.tool: reading for reading in READINGS}


@pytest.fixture(scope="module")
def all_peers(find: Find) -> Iterator[All]:
    """Yield one orchestrator of all peers: their starts take seconds."""
    with standing_in() as stand_ins:
        sections = {peer: section(peer, find, stand_ins) for peer in PEERS}
        with orchestrating(sections, start_timeout_s=60.0) as whole:
            yield whole, stand_ins


@pytest.fixture
def whole(all_peers: All) -> Iterator[Orchestrated]:
    whole, stand_ins = all_peers
    yield whole
    stand_ins.hang_up()  # What the peers keep open would be this test's.


@pytest.fixture
def stand_ins(all_peers: All) -> StandIns:
    return all_peers[1]


def test_all_are_ready_and_list_their_tools(whole: Orchestrated) -> None:
    assert whole.face.get_connected_servers() == list(PEERS)

    tools = {name: {tool["name"] for tool in listed} for name, listed in whole.face.list_all_tools().items()}

    assert all(reading.tool in tools[reading.peer] for reading in READINGS)
    assert {name: len(names) for name, names in tools.items()} == {
        "mcp-arr-server": 44,
        "mcp-arr": 14,
        "sonarr-mcp": 6,
        "plex-mcp-server": 63,
        "arr-py-client": 13,
    }


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: f"{reading.peer} {reading.tool}")
def test_an_answer_holds_what_the_application_has(whole: Orchestrated, stand_ins: StandIns, reading: Reading) -> None:
    text = said(read(whole, reading))

    assert [word for word in reading.shows(stand_ins) if word not in text] == []


def test_what_is_added_to_an_application_is_in_the_next_answer(whole: Orchestrated, stand_ins: StandIns) -> None:
    sonarr = stand_ins.sonarr
    new = sonarr.put(sonarr.catalogue[len(sonarr.series)])

    assert all(new.show.title in said(read(whole, BY_TOOL[tool])) for tool in ("sonarr_get_series", "call_tool"))


@pytest.mark.parametrize("peer", PEERS)
def test_a_misspelt_tool_never_reaches_them(whole: Orchestrated, peer: str) -> None:
    error = whole.error(whole.face.submit(peer, "get_qeue"), MCPToolError)

    assert (error.code, error.executed) == (-32602, "no")
    assert whole.record.calls_of("get_qeue") == []


@pytest.mark.parametrize("peer", PEERS)
def test_only_what_they_say_may_be_repeated_is(whole: Orchestrated, peer: str) -> None:
    hints: list[dict[str, Any]] = [tool.get("annotations") or {} for tool in whole.face.list_tools(peer)]

    safe = [each for each in hints if each.get("readOnlyHint") or each.get("idempotentHint")]

    assert any(f"calls of {len(safe)} of them may be repeated" in line for line in whole.face.explain(peer))
    assert bool(safe) == (peer not in ("mcp-arr-server", "plex-mcp-server"))


def test_errors_of_an_application_are_answers_which_open_no_breaker(whole: Orchestrated, stand_ins: StandIns) -> None:
    secret, stand_ins.sonarr.secret = stand_ins.sonarr.secret, "another"
    reading = BY_TOOL["sonarr_get_series"]

    errors = [whole.error(whole.face.submit(reading.peer, reading.tool), MCPToolError) for _ in range(8)]

    stand_ins.sonarr.secret = secret
    assert {(error.executed, "401 Unauthorized" in str(error)) for error in errors} == {("yes", True)}
    assert whole.breaker(reading.peer) == "closed"


def test_an_error_that_is_called_a_success_is_given_on_as_it_came_token_and_all(
    whole: Orchestrated, stand_ins: StandIns
) -> None:
    given, stand_ins.plex.secret = stand_ins.plex.secret, "another"

    text = whole.text("plex-mcp-server", "media_search", query="Aria")

    stand_ins.plex.secret = given
    assert "401 Client Error: Unauthorized" in text
    assert f"X-Plex-Token={given}" in text  # Theirs to mend: an answer is the caller's, and we change none.


def test_tools_that_a_server_keeps_off_its_list_are_called_by_way_of_the_one_that_it_lists(whole: Orchestrated) -> None:
    peer, hidden = "arr-py-client", "sonarr_series_list"

    found = whole.text(peer, "search_tools", query="list every series")
    error = whole.error(whole.face.submit(peer, hidden), MCPToolError)

    assert hidden in found
    assert (error.code, error.executed) == (-32602, "no")
    assert '"title"' in whole.text(peer, "call_tool", name=hidden, arguments={})


@pytest.mark.parametrize("peer", ["plex-mcp-server", "arr-py-client"])
def test_over_http_they_are_read_as_well_and_their_hints_are_not_trusted(find: Find, peer: str) -> None:
    with standing_in() as stand_ins:
        port = free_port()
        with (
            serving(http_command(peer, find, port), port, stand_ins.environment()) as server,
            orchestrating({peer: {"url": server.url}}) as whole,
        ):
            reading = next(each for each in READINGS if each.peer == peer)
            text = said(read(whole, reading))
            status, told = whole.face.get_server_status(peer), whole.face.explain(peer)

    assert [word for word in reading.shows(stand_ins) if word not in text] == []
    assert (status["transport"], status["protocol"]) == ("http", "2025-11-25")
    assert any("calls of 0 of them may be repeated" in line for line in told)


def test_a_tool_without_hints_is_repeated_if_its_user_says_that_it_may_be(find: Find) -> None:
    reading = BY_TOOL["sonarr_get_series"]
    with standing_in() as stand_ins:
        known = {**section(reading.peer, find, stand_ins), "tools": {reading.tool: {"idempotent": True}}}
        with orchestrating({reading.peer: known}) as whole:
            assert killed(whole, stand_ins, reading) == "repeated"


@pytest.mark.parametrize("package", BROKEN)
def test_of_a_server_that_dies_at_once_every_error_names_the_module_that_it_lacks(find: Find, package: str) -> None:
    lacks = f"ModuleNotFoundError: No module named '{BROKEN[package][1]}'"
    with prepared({package: {**broken(package, find), "breaker": {"failure_threshold": 1}}}) as whole:
        assert not whole.face.connect(package)

        error = whole.face.submit(package, "get_queue").exception(PATIENCE_S)
        assert isinstance(error, NotExecutedError)
        assert lacks in str(error)
        assert whole.face.explain(package)[0].endswith(f"{lacks}.")


@pytest.mark.parametrize("peer", PEERS)
def test_the_rows_of_the_page_are_what_a_peer_does(find: Find, peer: str) -> None:
    assert rows(peer, find) == committed(peer)
