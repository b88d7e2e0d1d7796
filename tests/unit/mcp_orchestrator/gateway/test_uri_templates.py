"""Which URIs a template can have made."""

import pytest

from mcp_orchestrator.gateway.uri_templates import matches


@pytest.mark.parametrize(
    ("template", "uri"),
    [
        ("memo://by/{town}", "memo://by/Oslo"),
        ("test://template/{id}/data", "test://template/123/data"),
        ("file:///{+path}", "file:///a/b/c.txt"),
        ("http://x{/parts*}", "http://x/a/b"),
        ("http://x/s{?q,page}", "http://x/s?q=1&page=2"),
        ("http://x/s{?q}", "http://x/s"),
        ("http://x/s?a=1{&q}", "http://x/s?a=1&q=2"),
        ("a.b://{x}.{y}", "a.b://1.2"),
        ("x://y{#part}", "x://y#z"),
        ("x://plain", "x://plain"),
    ],
)
def test_it_can_have_made_this(template: str, uri: str) -> None:
    assert matches(template, uri)


@pytest.mark.parametrize(
    ("template", "uri"),
    [
        ("memo://by/{town}", "memo://by/Oslo/Sentrum"),
        ("memo://by/{town}", "memo://of/Oslo"),
        ("a.b://{x}", "aXb://1"),
        ("x://plain", "x://plainer"),
        ("{a}" * 17, "x"),
        ("{+a}", "x" * 3000),
        ("x" * 3000, "x" * 3000),
    ],
)
def test_it_has_not_made_this(template: str, uri: str) -> None:
    assert not matches(template, uri)
