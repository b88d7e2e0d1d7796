"""Which headers go out with what."""

from actors.mcp.http_headers import ModernHeaders, get_headers, post_headers
from actors.transport import Request

VERSION = "2026-07-28"


def test_what_the_protocol_says_is_not_the_configurations_to_say() -> None:
    headers = post_headers(
        {
            "Authorization": "Bearer x",
            "accept": "text/html",
            "CONTENT-LENGTH": "1",
            "mcp-session-id": "s",
            "mcp-protocol-version": "v",
            "MCP-METHOD": "m",
            "mcp-name": "n",
            "mcp-param-Region": "r",
            "last-event-id": "7",
        }
    )

    assert headers == {
        "User-Agent": "mcp-orchestrator",
        "Authorization": "Bearer x",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "Accept-Encoding": "identity",
    }


def test_a_get_takes_events_and_brings_no_body() -> None:
    headers = get_headers({**post_headers({"X": "y"}), "Mcp-Session-Id": "s"}, "7")

    assert headers == {
        "User-Agent": "mcp-orchestrator",
        "X": "y",
        "Accept": "text/event-stream",
        "Accept-Encoding": "identity",
        "Mcp-Session-Id": "s",
        "Last-Event-ID": "7",
    }


def test_an_event_id_goes_out_as_the_bytes_it_came_in() -> None:
    assert get_headers({}, "ü\N{SNOWMAN}")["Last-Event-ID"].encode("latin-1") == "ü\N{SNOWMAN}".encode()


def test_without_an_event_id_none_is_named() -> None:
    assert "Last-Event-ID" not in get_headers({})


def test_requests_that_say_the_same_get_the_same_object() -> None:
    modern = ModernHeaders({})
    first, second = (Request(id=n, method="tools/call", params={"name": "a", "arguments": {"n": n}}) for n in (1, 2))

    assert modern.headers_for(first, VERSION) is modern.headers_for(second, VERSION)


def test_requests_that_differ_in_what_headers_say_do_not_share_them() -> None:
    modern = ModernHeaders({})
    said = [
        modern.headers_for(Request(id=1, method=method, params=params), version)
        for method, params, version in (
            ("tools/call", {"name": "a"}, VERSION),
            ("tools/call", {"name": "b"}, VERSION),
            ("prompts/get", {"name": "a"}, VERSION),
            ("tools/call", {"name": "a"}, "2027-01-01"),
            ("tools/list", None, VERSION),
            ("tools/call", {"name": 7}, VERSION),
        )
    ]

    assert [(each["MCP-Protocol-Version"], each["Mcp-Method"], each.get("Mcp-Name")) for each in said] == [
        (VERSION, "tools/call", "a"),
        (VERSION, "tools/call", "b"),
        (VERSION, "prompts/get", "a"),
        ("2027-01-01", "tools/call", "a"),
        (VERSION, "tools/list", None),
        (VERSION, "tools/call", None),
    ]


def test_the_headers_of_one_message_are_not_those_of_the_next() -> None:
    modern = ModernHeaders({})
    with_param = Request(id=1, method="tools/call", params={"name": "a"}, headers={"Mcp-Param-Region": "eu"})
    without = Request(id=2, method="tools/call", params={"name": "a"})

    assert modern.headers_for(with_param, VERSION)["Mcp-Param-Region"] == "eu"
    assert "Mcp-Param-Region" not in modern.headers_for(without, VERSION)


def test_names_without_end_are_not_kept_without_end() -> None:
    modern = ModernHeaders({})
    first = modern.headers_for(resource("0"), VERSION)
    for number in range(1, 3000):
        modern.headers_for(resource(str(number)), VERSION)

    assert modern.headers_for(resource("0"), VERSION) is not first
    assert modern.headers_for(resource("0"), VERSION) == first


def test_a_name_as_long_as_a_page_is_not_kept() -> None:
    modern = ModernHeaders({})
    long = resource("x" * 10_000)

    assert modern.headers_for(long, VERSION) is not modern.headers_for(long, VERSION)


def resource(uri: str) -> Request:
    return Request(id=1, method="resources/read", params={"uri": uri})
