"""What needs which token, what an identity may do, and where a request may come from."""

import pytest

from mcp_orchestrator.access.identity import EVERYTHING, Identity, TokenScope
from mcp_orchestrator.access.rules import needed
from mcp_orchestrator.access.where_from import is_from_other_page, wrong_place


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/mcp", "call"),
        ("GET", "/mcp/", "call"),
        ("DELETE", "/mcp", "call"),
        ("GET", "/api/v1/overview", "read"),
        ("HEAD", "/api/v1/servers", "read"),
        ("GET", "/api/v1/events", "read"),
        ("GET", "/metrics", "read"),
        ("POST", "/api/v1/call", "call"),
        ("POST", "/api/v1/batch", "call"),
        ("GET", "/api/v1/call", "read"),
        ("POST", "/api/v1/reload", "admin"),
        ("PUT", "/api/v1/servers/a/breaker", "admin"),
        ("DELETE", "/api/v1/servers/a/breaker", "admin"),
        ("OPTIONS", "/api/v1/overview", "admin"),
        ("POST", "/healthz", "admin"),
        ("GET", "/healthz", None),
        ("GET", "/readyz", None),
        ("GET", "/", None),
        ("GET", "/dashboard/main.js", None),
        ("GET", "/docs", None),
        ("GET", "/openapi.json", None),
        ("GET", "/.well-known/oauth-protected-resource", None),
        ("GET", "/dashboards", "read"),
        ("GET", "//metrics", "read"),
        ("GET", "/new", "read"),
        ("POST", "/new", "admin"),
    ],
)
def test_each_path_needs_its_token(method: str, path: str, scope: TokenScope | None) -> None:
    assert needed(method, path) == scope


def test_admin_may_everything_and_others_what_their_scopes_say() -> None:
    caller = Identity(name="a", scopes=frozenset({"call"}))

    assert EVERYTHING.may("call")
    assert EVERYTHING.may("read")
    assert caller.may("call")
    assert not caller.may("read")
    assert not Identity(name="nobody").may("call")


@pytest.mark.parametrize(
    ("patterns", "name", "may"),
    [
        ((), "sonarr__delete", True),
        (("sonarr__get_*",), "sonarr__get_queue", True),
        (("sonarr__get_*",), "sonarr__delete", False),
        (("sonarr__get_*",), "SONARR__get_queue", False),
        (("a__x", "b__y"), "b__y", True),
    ],
)
def test_what_may_be_called_a_list_of_patterns_says(patterns: tuple[str, ...], name: str, may: bool) -> None:  # noqa: FBT001 -- a table
    assert Identity(name="a", tools=patterns).may_call(name) is may


@pytest.mark.parametrize(
    ("patterns", "may"),
    [((), True), (("plex__*",), True), (("plex__one",), True), (("p*",), True), (("sonarr__*", "*_get"), False)],
)
def test_resources_are_seen_of_servers_that_a_pattern_names(patterns: tuple[str, ...], may: bool) -> None:  # noqa: FBT001 -- a table
    assert Identity(name="a", tools=patterns).may_read("plex") is may


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:8600", None, None),
        ("LOCALHOST", "http://localhost:3000", None),
        ("evil.example", None, 421),
        (None, None, 421),
        ("localhost@evil.example", None, 421),
        ("localhost", "http://evil.example", 403),
        ("localhost", "null", 403),
        ("localhost", "http://localhost.evil.example", 403),
        ("localhost", "http://[", 403),
    ],
)
def test_it_answers_to_its_own_names_and_pages(host: str | None, origin: str | None, status: int | None) -> None:
    refused = wrong_place(host, origin, ("localhost",))

    assert (None if refused is None else refused[0]) == status


def test_another_page_may_look_and_change_nothing() -> None:
    assert is_from_other_page("POST", "cross-site")
    assert is_from_other_page("DELETE", "same-site")
    assert not is_from_other_page("GET", "cross-site")
    assert not is_from_other_page("POST", "same-origin")
    assert not is_from_other_page("POST", None)
