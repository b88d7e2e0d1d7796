"""What tools and prompts are called at the gateway."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from actors.call import ServerName
from actors.config import ServerConfig
from mcp_orchestrator.gateway.names import LONGEST, Origin, Published, published, unlisted


def servers(**settings: Mapping[str, Any]) -> dict[ServerName, ServerConfig]:
    """Return configurations, in order."""
    return {ServerName(name): ServerConfig(name=ServerName(name), command=("x",), **s) for name, s in settings.items()}


def named(configs: Mapping[ServerName, ServerConfig], **names: Sequence[str]) -> Published:
    """Return the names that these servers' offers have."""
    return published(configs, {ServerName(server): offers for server, offers in names.items()})


def test_a_name_is_server_and_tool_in_the_order_of_the_configuration() -> None:
    configs = servers(plex={"priority": 50}, sab={"priority": 1})

    offered = named(configs, sab=["get_queue", "add"], plex=["search"]).offered

    assert list(offered) == ["plex__search", "sab__get_queue", "sab__add"]
    assert offered["sab__add"] == Origin(ServerName("sab"), "add")


def test_a_prefix_may_be_another_or_none() -> None:
    configs = servers(a={"prefix": "media"}, b={"prefix": ""})

    assert list(named(configs, a=["x"], b=["y"]).offered) == ["media__x", "y"]


def test_of_two_with_one_name_the_lower_priority_keeps_it() -> None:
    configs = servers(a={"prefix": ""}, b={"prefix": "", "priority": 1})

    offered = named(configs, a=["search"], b=["search"]).offered

    assert offered == {"a__search": Origin(ServerName("a"), "search"), "search": Origin(ServerName("b"), "search")}


def test_who_has_no_name_left_gets_a_marked_one() -> None:
    configs = servers(a={"prefix": "p"}, b={"prefix": "p"}, c={"prefix": ""})

    names = list(named(configs, a=["x"], b=["x"], c=["b__x", "p__x"]).offered)

    assert names[:3] == ["p__x", "b__x", "c__b__x"]
    assert len(set(names)) == 4


@pytest.mark.parametrize("name", ["x" * 65, "with space", "größe", "a:b"])
def test_a_name_that_models_would_not_take_is_made_usable(name: str) -> None:
    configs = servers(a={}, b={})

    (short,) = named(configs, a=[name]).offered
    (other,) = named(configs, b=[name]).offered

    assert len(short) <= LONGEST
    assert short.startswith("a__")
    assert short.isascii()
    assert short[-9] == "_"
    assert short[-8:] != other[-8:]
    assert list(named(configs, a=[name], b=[name]).offered) == [short, other]


def test_names_that_differ_late_stay_apart() -> None:
    names = [f"{'x' * 80}{number}" for number in range(50)]

    assert len(named(servers(a={}), a=names).offered) == 50


def test_only_what_is_exposed_and_not_hidden_has_a_name() -> None:
    configs = servers(a={"expose": ["get_*", "add"], "hide": ["get_secret*"]})

    published_names = named(configs, a=["get_queue", "get_secrets", "add", "remove"])

    assert list(published_names.offered) == ["a__get_queue", "a__add"]
    assert published_names.origin("a__remove") is None
    assert published_names.origin("a__get_secrets") is None


@pytest.mark.parametrize("name", ["sab__get_queue", "s__get_queue", "downloads__queue", "s__queue"])
def test_aliases_lead_to_the_tool_too(name: str) -> None:
    settings = {"prefix": "downloads", "aliases": ["s"], "tools": {"get_queue": {"aliases": ["queue"]}}}

    assert named(servers(sab=settings), sab=["get_queue"]).origin(name) == Origin(ServerName("sab"), "get_queue")


def test_an_alias_without_a_prefix_needs_none() -> None:
    configs = servers(a={"prefix": "", "tools": {"get_queue": {"aliases": ["queue"]}}})

    assert named(configs, a=["get_queue"]).origin("queue") == Origin(ServerName("a"), "get_queue")


def test_an_alias_takes_nobodys_name() -> None:
    configs = servers(a={"aliases": ["b"]}, c={"prefix": "b"})

    assert named(configs, a=["x"], c=["x"]).origin("b__x") == Origin(ServerName("c"), "x")


def test_a_name_of_a_server_that_was_never_listed_is_his_by_its_prefix() -> None:
    configs = servers(a={"hide": ["secret"]}, off={"enabled": False}, b={"prefix": "x"})

    assert unlisted(configs, "a__anything") == Origin(ServerName("a"), "anything")
    assert unlisted(configs, "x__y") == Origin(ServerName("b"), "y")
    assert unlisted(configs, "a__secret") is None
    assert unlisted(configs, "off__x") is None
    assert unlisted(configs, "c__x") is None
    assert unlisted(configs, "a__") is None
