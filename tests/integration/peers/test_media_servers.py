"""All four media servers behind one orchestrator, as children and over HTTP."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from mcp_orchestrator import MCPToolError
from tests.fixtures.media_servers import NAMES, READS, REFUSED, serving_all, stdio_sections
from tests.fixtures.orchestrating import Orchestrated, Section, orchestrating

Four = tuple[Mapping[str, Section], Orchestrated | None]


@pytest.fixture(scope="module", params=["stdio", "http"])
def four(request: pytest.FixtureRequest) -> Iterator[Four]:
    """Yield the sections, and the orchestrator of those that are children: a start of four takes seconds."""
    with ExitStack() as stack:
        if request.param == "http":
            yield stack.enter_context(serving_all()), None
        else:
            sections = stdio_sections()
            yield sections, stack.enter_context(orchestrating(sections, start_timeout_s=30.0))


@pytest.fixture
def whole(four: Four) -> Iterator[Orchestrated]:
    sections, shared = four
    if shared is not None:
        yield shared
    else:
        with orchestrating(sections) as own:
            yield own


def test_all_four_are_ready_and_list_their_tools(whole: Orchestrated) -> None:
    assert whole.face.get_connected_servers() == list(NAMES)

    tools = whole.face.list_all_tools()

    assert all({"health_check", "get_version"} <= {tool["name"] for tool in tools[name]} for name in NAMES)


def test_their_annotations_say_what_may_be_repeated_where_they_are_trusted(whole: Orchestrated, four: Four) -> None:
    trusted = four[1] is not None  # Children are, far servers are not.

    (sentence,) = [line for line in whole.face.explain("sabnzbd") if "may be repeated" in line]

    assert ("calls of 0 of them" not in sentence) == trusted


@pytest.mark.parametrize("name", NAMES)
def test_a_call_with_arguments_has_a_structured_answer(whole: Orchestrated, name: str) -> None:
    tool, arguments = READS[name]

    answer = whole.face.call_tool(name, tool, arguments).data

    assert len(answer["items"]) == 2
    assert answer["total"] > 2


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_is_refused_with_a_sentence_and_has_run(whole: Orchestrated, name: str) -> None:
    tool, arguments = REFUSED[name]
    before = len(whole.record.calls_of(tool))

    error = whole.error(whole.face.submit(name, tool, arguments), MCPToolError)

    assert error.executed == "yes"
    assert error.message.endswith(".")
    assert len(whole.record.calls_of(tool)) == before + 1


@pytest.mark.parametrize("name", NAMES)
def test_a_misspelt_tool_never_reaches_them(whole: Orchestrated, name: str) -> None:
    error = whole.error(whole.face.submit(name, "get_qeue"), MCPToolError)

    assert (error.code, error.executed) == (-32602, "no")
    assert whole.record.calls_of("get_qeue") == []


def test_a_batch_over_all_four_has_its_outcomes_in_order(whole: Orchestrated) -> None:
    calls = [{"server": name, "tool": "get_version"} for name in NAMES for _ in range(5)]

    outcomes = whole.face.call_tools_parallel(calls)

    assert [outcome.server for outcome in outcomes] == [call["server"] for call in calls]
    assert all(outcome.success and "simulated" in outcome.data["version"] for outcome in outcomes)


def test_a_tool_of_one_server_alone_is_found_without_naming_it(whole: Orchestrated) -> None:
    result = whole.face.call_tool(None, "get_libraries")

    assert result.metadata.server == "plex"


def test_all_are_healthy(whole: Orchestrated) -> None:
    assert whole.face.health_check_all() == dict.fromkeys(NAMES, True)
