"""Prompts, resources and completions of every server, whoever wrote it."""

import pytest

from mcp_orchestrator import MCPToolError
from tests.fixtures.orchestrating import Orchestrated
from tests.fixtures.peers import RunningPeer


def test_its_prompts_are_listed_and_filled_in(whole: Orchestrated, peer: RunningPeer) -> None:
    name, arguments, said = peer.words.prompt

    listed = {prompt["name"]: prompt for prompt in whole.face.list_prompts("peer")}
    (message,) = whole.face.get_prompt("peer", name, arguments)["messages"]

    assert {argument["name"] for argument in listed[name]["arguments"]} >= set(arguments)
    assert said in message["content"]["text"]


def test_its_resources_are_listed_and_read(whole: Orchestrated, peer: RunningPeer) -> None:
    uri, said = peer.words.resource

    listed = [resource["uri"] for resource in whole.face.list_resources("peer")]
    (part,) = whole.face.read_resource("peer", uri)["contents"]

    assert uri in listed
    assert said in part["text"]


def test_what_its_templates_stand_for_is_read(whole: Orchestrated, peer: RunningPeer) -> None:
    uri, said = peer.words.memo

    listed = [template["uriTemplate"] for template in whole.face.list_resource_templates("peer")]
    (part,) = whole.face.read_resource("peer", uri)["contents"]

    assert peer.words.template in listed
    assert (part["uri"], said in part["text"]) == (uri, True)


def test_it_completes_an_argument(whole: Orchestrated, peer: RunningPeer) -> None:
    ref, argument, values = peer.words.completes

    assert whole.face.complete("peer", ref, argument)["completion"]["values"] == values


def test_what_it_does_not_have_is_a_refusal_and_no_trouble(whole: Orchestrated) -> None:
    with pytest.raises(MCPToolError):
        whole.face.get_prompt("peer", "no-such-prompt")
    with pytest.raises(MCPToolError):
        whole.face.read_resource("peer", "memo://no/such/resource")

    assert whole.state("peer") == "ready"
    assert whole.breaker("peer") == "closed"
