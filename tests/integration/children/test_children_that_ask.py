"""The whole orchestrator on children that ask before they answer: real processes, real handlers."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from actors.inputs import Elicitation, InputHandlers
from mcp_orchestrator import CallCancelledError, MCPTimeoutError
from tests.fixtures.orchestrating import PATIENCE_S, eventually, orchestrating

PROGRAM = Path(__file__).parents[2] / "fixtures" / "asking_child.py"
SECTION = {"command": [sys.executable, "-I", "-S", str(PROGRAM)], "protocol": "legacy"}
ACCEPTED = {"action": "accept", "content": {"name": "Ann"}}


def inputs(on_elicitation: Callable[[Elicitation], Mapping[str, Any]] = lambda _: ACCEPTED) -> InputHandlers:
    return InputHandlers(on_elicitation=on_elicitation, roots=["file:///media"])


def test_a_server_that_wants_our_roots_before_it_lists_its_tools_gets_them() -> None:
    with orchestrating({"asking": SECTION}, inputs()) as whole:
        assert [tool["name"] for tool in whole.face.list_tools("asking")] == ["ask", "flood"]


def test_a_thousand_questions_at_once_have_a_thousand_answers_and_the_user_is_asked_few_at_a_time() -> None:
    full, under_way, seen = Event(), list[Elicitation](), list[int]()

    def answer(asked: Elicitation) -> dict[str, Any]:
        under_way.append(asked)
        seen.append(len(under_way))
        if len(under_way) == 16:
            full.set()
        full.wait(PATIENCE_S)  # The first of them all go on together.
        under_way.pop()
        return ACCEPTED

    with orchestrating({"asking": SECTION}, inputs(answer)) as whole:
        accepted, refused = whole.face.call_tool("asking", "flood", {"count": 1000}, timeout=PATIENCE_S).data

        assert accepted + refused == 1000
        assert accepted >= max(seen) == 16
        assert whole.text("asking", "ask") == '{"action": "accept", "content": {"name": "Ann"}}'


@pytest.mark.parametrize(("timeout", "error"), [(0.3, MCPTimeoutError), (PATIENCE_S, CallCancelledError)])
def test_a_call_is_given_up_while_the_user_thinks(
    timeout: float, error: type[MCPTimeoutError | CallCancelledError]
) -> None:
    begun, released, answered = Event(), Event(), Event()

    def answer(_asked: Elicitation) -> dict[str, Any]:
        begun.set()
        released.wait(PATIENCE_S)
        answered.set()
        return ACCEPTED

    with orchestrating({"asking": SECTION}, inputs(answer)) as whole:
        future = whole.face.submit("asking", "ask", timeout=timeout)
        assert begun.wait(PATIENCE_S)
        if error is CallCancelledError:
            future.cancel()

        assert whole.error(future, error).executed == "unknown"

        released.set()
        assert answered.wait(PATIENCE_S)
        eventually(lambda: whole.state("asking") == "ready", "the server goes on")
