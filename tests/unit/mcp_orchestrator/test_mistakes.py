"""What callers get wrong, found before anything is begun: one clear error each, in a fixed order."""

from typing import Any

import pytest

from actors.errors import ConfigurationError, MCPConnectionError, MCPToolError, UnknownServerError
from mcp_orchestrator import MCPOrchestrator, ToolCall
from tests.fixtures.faces import blocking, facing

BAD: Any = 7  # What a type checker would not let a caller say.


@pytest.mark.parametrize(
    ("server", "tool", "params", "kind", "text"),
    [
        ("nobody", "", [], UnknownServerError, "Invalid server 'nobody'"),
        (BAD, "", [], ValueError, "Invalid server 7"),
        ("away", "", [], MCPConnectionError, "not connected"),
        ("off", "", [], MCPConnectionError, "not connected: enabled = false"),
        ("here", "", [], ValueError, "tool must be the name of a tool, not ''"),
        ("here", BAD, [], ValueError, "tool must be the name of a tool, not 7"),
        ("here", "get_queue", [], TypeError, "params must be a dict, not list"),
        (None, ["x"], {}, ValueError, "tool must be"),
        (None, "get_queue", "x", TypeError, "params must be a dict"),
        (None, "nonsense", {}, MCPToolError, "no server offers a tool named 'nonsense'"),
    ],
)
def test_mistakes_are_raised_at_once_and_in_this_order(
    server: Any, tool: Any, params: Any, kind: type[Exception], text: str
) -> None:
    with facing(MCPOrchestrator, "here", servers={"off": {"enabled": False}, "away": {}}) as (face, scripts):
        face.connect("here")
        with pytest.raises(kind, match=text):
            face.call_tool(server, tool, params)

        assert scripts.wire("here").exchanges == []
        assert face.get_pending_calls() == 0


@pytest.mark.parametrize(
    ("timeout", "kind"),
    [
        (0, ValueError),
        (-1, ValueError),
        (float("inf"), ValueError),
        (float("nan"), ValueError),
        ("1", TypeError),
        (True, TypeError),
    ],
)
def test_a_timeout_is_a_finite_number_of_seconds(timeout: Any, kind: type[Exception]) -> None:
    with blocking("a") as (face, _):
        with pytest.raises(kind, match="timeout must be"):
            face.call_tool("a", "get_queue", timeout=timeout)
        with pytest.raises(kind, match="timeout must be"):
            face.call_tools_parallel([], timeout=timeout)


@pytest.mark.parametrize("never", [-1, float("nan"), "1"])
def test_an_interval_and_the_time_of_a_shutdown_are_numbers_of_seconds_too(never: Any) -> None:
    with blocking("a") as (face, _):
        with pytest.raises((ValueError, TypeError), match="interval must be"):
            face.start_periodic_health_checks(never)
        with pytest.raises((ValueError, TypeError), match="timeout must be"):
            face.shutdown(timeout=never)

        assert face.call_tool("a", "get_queue")


@pytest.mark.parametrize("timeout", [1e300, 10**400], ids=["float", "integer"])
def test_more_time_than_the_platform_can_wait_is_a_year(timeout: float) -> None:
    with blocking("a") as (face, _):
        assert face.call_tool("a", "get_queue", timeout=timeout)
        (outcome,) = face.call_tools_parallel(
            [ToolCall(server="a", tool="get_queue", timeout=timeout)], timeout=timeout
        )

    assert outcome.success


def test_mistakes_of_a_batch_are_raised_and_those_of_one_call_are_its_outcome() -> None:
    with blocking("a") as (face, _):
        with pytest.raises(TypeError, match="calls must be a list"):
            face.call_tools_parallel({"server": "a"})  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="max_parallel must be 1 or more"):
            face.call_tools_parallel([], max_parallel=0)
        with pytest.raises(TypeError, match="max_parallel must be a whole number"):
            face.call_tools_parallel([], max_parallel=True)

        mixed: list[Any] = [
            ToolCall(server="a", tool="get_queue"),
            {"tool": "add_nzb", "params": {"url": "x"}},
            {"server": "nobody", "tool": "get_queue"},
            {"server": "a", "tool": "get_queue", "params": []},
            {"server": "a", "toll": "get_queue"},
            {"server": None, "tool": "nonsense"},
            7,
        ]
        outcomes = face.call_tools_parallel(mixed)

    assert [outcome.success for outcome in outcomes] == [True, True] + [False] * 5
    assert outcomes[1].data == {"of": "add_nzb"}
    kinds = [type(outcome.error.__cause__ or outcome.error) for outcome in outcomes if outcome.error]
    assert kinds == [UnknownServerError, TypeError, TypeError, MCPToolError, TypeError]
    assert {outcome.executed for outcome in outcomes[2:]} == {"no"}
    assert [outcome.server for outcome in outcomes] == ["a", "a", "nobody", "a", "?", "?", "?"]


async def nobody_awaits_it(*_: object) -> None:
    """Stand for what someone who writes asyncio gives without a thought."""


class NobodyAwaitsIt:
    """The same, as an object."""

    async def __call__(self, *_: object) -> None:
        """See nobody_awaits_it."""


@pytest.mark.parametrize(
    ("callback", "text"),
    [
        (BAD, "must be callable, not 7"),
        (nobody_awaits_it, "is a coroutine function, which nobody would await: give a plain function"),
        (NobodyAwaitsIt(), "is a coroutine function"),
    ],
)
def test_what_cannot_be_called_back_is_said_at_once(callback: Any, text: str) -> None:
    with blocking("a") as (face, scripts):
        with pytest.raises(TypeError, match=f"^on_progress {text}"):
            face.call_tool("a", "get_queue", on_progress=callback)
        with pytest.raises(TypeError, match=f"^on_progress {text}"):
            face.request("a", "ping", on_progress=callback)
        with pytest.raises(TypeError, match=f"^progress_callback {text}"):
            face.call_tools_parallel([], progress_callback=callback)
        with pytest.raises(TypeError, match=f"^on_result {text}"):
            face.call_tools_parallel([], on_result=callback)

        assert scripts.wire("a").exchanges == []
        assert face.get_stats()["total_calls"] == 0


@pytest.mark.parametrize("name", ["on_error", "on_notification"])
def test_what_cannot_be_told_of_errors_and_notifications_is_a_mistake_in_the_configuration(name: str) -> None:
    wrong: dict[str, Any] = {name: nobody_awaits_it}

    with pytest.raises(ConfigurationError, match=f"^{name} is a coroutine function"):
        MCPOrchestrator({"a": {"command": "true"}}, **wrong)


def test_a_tool_of_a_handle_takes_its_arguments_by_name() -> None:
    with (
        blocking("a") as (face, _),
        pytest.raises(TypeError, match=r"write get_queue\(name=…\), or call\('get_queue', {…}\)"),
    ):
        face.server("a").get_queue(5)
