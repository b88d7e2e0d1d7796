"""What callers may not ask of a server: what it does not offer, and what makes no sense."""

from collections.abc import Callable
from typing import Any

import pytest

from actors.errors import (
    MCPConnectionError,
    MCPToolError,
    UnknownServerError,
)
from actors.mcp.envelope import LEGACY_VERSIONS
from mcp_orchestrator import MCPOrchestrator
from tests.fixtures.faces import facing
from tests.fixtures.offering import ALL, LEGACY, PROMPT, hello, offering

BAD: Any = 7  # What a type checker would not let a caller say.


ASKINGS: dict[str, Callable[[MCPOrchestrator], object]] = {
    "prompts": lambda face: face.get_prompt("a", "greet"),
    "resources": lambda face: face.read_resource("a", "x:y"),
    "completions": lambda face: face.complete("a", PROMPT, {"name": "who", "value": ""}),
}


@pytest.mark.parametrize("capability", ALL)
def test_what_a_server_does_not_offer_is_refused_before_it_is_asked(capability: str) -> None:
    others = [other for other in ALL if other != capability]
    with offering(*others) as (face, scripts):
        with pytest.raises(MCPToolError, match=f"a: the server offers no {capability}") as raised:
            ASKINGS[capability](face)

        assert (raised.value.executed, raised.value.code, raised.value.server) == ("no", -32601, "a")
        assert scripts.wire("a").exchanges == []


@pytest.mark.parametrize("protocol", LEGACY_VERSIONS)
def test_completion_has_no_capability_in_the_first_revision(protocol: str) -> None:
    with offering("prompts", protocol=protocol) as (face, scripts):
        scripts.wire("a").script("completion/complete", {"completion": {"values": []}})

        if protocol == "2024-11-05":
            assert ASKINGS["completions"](face) == {"completion": {"values": []}}
        else:
            with pytest.raises(MCPToolError, match="offers no completions"):
                ASKINGS["completions"](face)


WHO = {"name": "who", "value": ""}


MISTAKES: list[tuple[str, tuple[Any, ...], type[Exception], str]] = [
    ("list_prompts", ("nobody",), UnknownServerError, "Invalid server 'nobody'"),
    ("list_prompts", ("away",), MCPConnectionError, "not connected"),
    ("get_prompt", ("nobody", BAD), UnknownServerError, "Invalid server"),
    ("get_prompt", ("a", BAD), ValueError, "name must be the name of a prompt, not 7"),
    ("get_prompt", ("a", " "), ValueError, "name must be the name of a prompt, not ' '"),
    ("get_prompt", ("a", "x", BAD), TypeError, "arguments must be a dict, text by name, not 7"),
    ("get_prompt", ("a", "x", {"n": 7}), TypeError, "arguments must be text by name: write 'n': '7', not 'n': 7"),
    ("get_prompt", ("a", "x", {7: "n"}), TypeError, "write '7': 'n', not 7: 'n'"),
    ("read_resource", ("a", BAD), ValueError, "uri must be the URI of a resource, as text, not 7"),
    ("read_resource", ("a", ""), ValueError, "uri must be the URI of a resource, as text, not ''"),
    ("complete", ("a", BAD, WHO), TypeError, r"ref must be a dict, {'type': 'ref/prompt', .*}, not 7"),
    ("complete", ("a", {}, WHO), ValueError, "ref must be {'type': 'ref/prompt', 'name': …} or .*, not {}"),
    ("complete", ("a", {"type": "ref/prompt", "uri": "x"}, WHO), ValueError, "ref must be"),
    ("complete", ("a", {"type": "ref/resource", "name": "x"}, WHO), ValueError, "ref must be"),
    ("complete", ("a", {"type": ["ref/prompt"], "name": "x"}, WHO), ValueError, "ref must be"),
    ("complete", ("a", PROMPT, BAD), TypeError, "argument must be a dict, {'name': …, 'value': …}, both text"),
    ("complete", ("a", PROMPT, {"name": "who"}), ValueError, "argument must be"),
    ("complete", ("a", PROMPT, {"name": "who", "value": 7}), ValueError, "argument must be"),
    ("complete", ("a", PROMPT, WHO, BAD), TypeError, "context must be a dict"),
    ("complete", ("a", PROMPT, WHO, {"arguments": []}), TypeError, r"context\['arguments'\] must be a dict"),
    ("complete", ("a", PROMPT, WHO, {"arguments": {"n": 7}}), TypeError, r"context\['arguments'\] must be text"),
]


@pytest.mark.parametrize(("method", "arguments", "kind", "text"), MISTAKES)
def test_a_mistake_is_one_error_that_names_the_argument_and_the_remedy(
    method: str, arguments: tuple[Any, ...], kind: type[Exception], text: str
) -> None:
    with facing(MCPOrchestrator, servers={"a": LEGACY, "away": {}}) as (face, scripts):
        scripts.wire("a").script("initialize", hello(*ALL))
        face.connect("a")
        with pytest.raises(kind, match=text):
            getattr(face, method)(*arguments)

        assert scripts.wire("a").exchanges == []
        assert face.get_pending_calls() == 0


TIMED: list[tuple[Any, ...]] = [
    ("list_prompts",),
    ("list_resources",),
    ("list_resource_templates",),
    ("get_prompt", "x"),
    ("read_resource", "x:y"),
    ("complete", PROMPT, WHO),
]


def test_every_one_of_them_takes_a_timeout() -> None:
    with offering(*ALL) as (face, _):
        for name, *arguments in TIMED:
            with pytest.raises(ValueError, match="timeout must be more than 0 s"):
                getattr(face, name)("a", *arguments, timeout=0)
