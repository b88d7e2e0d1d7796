"""What a server offers, and which of it may be repeated by whose word."""

from typing import Any

import pytest

from actors.call import ServerName, ToolName
from actors.catalogue import Catalogue, repeatable
from actors.config import ServerConfig, ToolConfig

TOOL = ToolName("forecast")


def config(**settings: Any) -> ServerConfig:
    return ServerConfig(name=ServerName("weather"), command=("weather",), **settings)


def listed(**annotations: object) -> Catalogue:
    return Catalogue.of([{"name": TOOL, "annotations": annotations}])


def test_one_bad_entry_costs_itself_only() -> None:
    catalogue = Catalogue.of([{"name": "a"}, "nonsense", None, {"name": ""}, {"name": 7}, {}, {"name": "b"}])

    assert list(catalogue.tools) == ["a", "b"]


def test_of_two_tools_of_one_name_the_later_counts() -> None:
    catalogue = Catalogue.of([{"name": "a", "title": "first"}, {"name": "a", "title": "second"}])

    assert catalogue.tools[ToolName("a")]["title"] == "second"


@pytest.mark.parametrize(
    ("annotations", "yes", "why"),
    [
        ({"readOnlyHint": True}, True, "readOnlyHint"),
        ({"readOnlyHint": True, "destructiveHint": False}, True, "readOnlyHint"),
        ({"idempotentHint": True}, True, "idempotentHint"),
        ({"idempotentHint": True, "destructiveHint": True}, True, "idempotentHint"),
        ({"readOnlyHint": True, "destructiveHint": True}, False, "contradict"),
        ({"readOnlyHint": "yes"}, False, "no hint"),
        ({"readOnlyHint": False, "idempotentHint": False}, False, "no hint"),
        ({}, False, "no hint"),
    ],
)
def test_a_trusted_server_is_believed_as_long_as_it_does_not_contradict_itself(
    annotations: dict[str, Any], why: str, *, yes: bool
) -> None:
    said = repeatable(config(), "tools/call", TOOL, listed(**annotations))

    assert (said.yes, why in said.why) == (yes, True)


def test_annotations_that_are_no_object_say_nothing() -> None:
    catalogue = Catalogue.of([{"name": TOOL, "annotations": ["readOnlyHint"]}])

    assert not repeatable(config(), "tools/call", TOOL, catalogue).yes


@pytest.mark.parametrize("fresh", [None, Catalogue.of([{"name": "other"}])])
def test_only_a_catalogue_of_this_connection_that_has_the_tool_counts(fresh: Catalogue | None) -> None:
    assert not repeatable(config(), "tools/call", TOOL, fresh).yes


@pytest.mark.parametrize("trust", [True, False])
def test_whose_annotations_are_trusted_can_be_set(*, trust: bool) -> None:
    said = repeatable(config(trust_annotations=trust), "tools/call", TOOL, listed(readOnlyHint=True))

    assert said.yes is trust


def test_a_far_server_is_not_trusted_unless_the_configuration_says_so() -> None:
    far = ServerConfig(name=ServerName("weather"), url="http://127.0.0.1:1/mcp")

    assert not repeatable(far, "tools/call", TOOL, listed(readOnlyHint=True)).yes
    trusted = far.model_copy(update={"trust_annotations": True})
    assert repeatable(trusted, "tools/call", TOOL, listed(readOnlyHint=True)).yes


@pytest.mark.parametrize("idempotent", [True, False])
def test_the_configuration_has_the_last_word(*, idempotent: bool) -> None:
    configured = config(tools={TOOL: ToolConfig(idempotent=idempotent)})
    hint = not idempotent

    said = repeatable(configured, "tools/call", TOOL, listed(readOnlyHint=hint))

    assert (said.yes, said.why) == (idempotent, "configured")


@pytest.mark.parametrize(
    ("method", "yes"), [("resources/read", True), ("ping", True), ("logging/setLevel", False), ("tools/call", False)]
)
def test_of_other_requests_those_that_only_read_may_be_repeated(method: str, *, yes: bool) -> None:
    assert repeatable(config(), method, None, None).yes is yes
