"""Lists that come in pages, from servers that end them and from servers that do not."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

import pytest

from actors.call import Outcome
from actors.errors import MCPOrchestratorError, MCPToolError, OutcomeUnknownError
from actors.mcp import paging
from actors.mcp.paging import PROMPTS, RESOURCES, TEMPLATES, TOOLS, Entries, ListMethod, list_all

BAD_CURSOR = MCPToolError("what cursor?", executed="no", code=-32602)

Asked = list[dict[str, Any] | None]


def fetched(kind: ListMethod, pages: Iterable[Outcome]) -> tuple[Asked, Any]:
    """Fetch a list of these pages; return the params of every request, and what came of it."""
    asked: Asked = []
    fetching, answers = list_all(kind, "weather"), iter(pages)
    request = next(fetching)
    while True:
        assert request.method == kind.method
        assert request.replay_safe
        asked.append(None if request.params is None else dict(request.params))
        try:
            request = fetching.send(next(answers))
        except StopIteration as end:
            return asked, end.value


def tools(*names: object, **others: object) -> Outcome:
    return {"tools": [{"name": name} for name in names], **others}


def names(end: Any) -> list[Any]:
    assert isinstance(end, Entries)
    return [entry["name"] for entry in end.entries]


def endless(page: Callable[[int], Outcome]) -> Iterator[Outcome]:
    return map(page, count())


def test_a_list_is_all_its_pages_and_an_empty_cursor_is_a_cursor() -> None:
    asked, end = fetched(TOOLS, [tools("a", nextCursor=""), tools("b", nextCursor="2"), tools(nextCursor=None)])

    assert asked == [None, {"cursor": ""}, {"cursor": "2"}]
    assert names(end) == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        (TOOLS, {"tools": [{"name": "a"}, {"uri": "b"}]}),
        (PROMPTS, {"prompts": [{"name": "a"}, {"uri": "b"}]}),
        (RESOURCES, {"resources": [{"uri": "a", "name": "same"}, {"name": "b"}]}),
        (TEMPLATES, {"resourceTemplates": [{"uriTemplate": "a{x}", "name": "same"}, {"uri": "b"}]}),
    ],
)
def test_each_kind_of_list_has_its_key_and_its_identity(kind: ListMethod, page: dict[str, Any]) -> None:
    _, end = fetched(kind, [page])

    assert end == Entries([page[kind.key][0]])


def test_what_has_no_usable_identity_costs_itself_only() -> None:
    page: Outcome = {"tools": [None, 7, "x", [], {}, {"name": None}, {"name": ""}, {"name": ["a"]}, {"name": "good"}]}

    assert names(fetched(TOOLS, [page])[1]) == ["good"]


def test_an_entry_that_comes_twice_is_the_later_one_in_the_place_of_the_earlier() -> None:
    again: Outcome = {"tools": [{"name": "a", "title": "new"}]}

    _, end = fetched(TOOLS, [tools("a", "b", nextCursor="1"), again])

    assert end.entries == [{"name": "a", "title": "new"}, {"name": "b"}]


@pytest.mark.parametrize("cycle", [["1"], ["1", "2"], ["", "1", "2"]])
def test_a_server_that_repeats_a_cursor_has_no_more_pages(cycle: list[str]) -> None:
    asked, end = fetched(
        TOOLS, endless(lambda number: tools(number and str(number), nextCursor=cycle[number % len(cycle)]))
    )

    assert len(asked) == len(cycle) + 1
    assert names(end) == [str(number) for number in range(1, len(cycle) + 1)]


@pytest.mark.parametrize("cursor", [None, 7, ["x"], {}, False])
def test_what_is_no_text_is_no_cursor(cursor: object) -> None:
    assert fetched(TOOLS, [tools("a", nextCursor=cursor)])[0] == [None]


def test_a_thousand_tools_on_one_page_or_on_many_are_a_thousand_tools() -> None:
    wanted = [f"tool {number}" for number in range(1000)]
    pages = [tools(*wanted[at : at + 10], nextCursor=str(at)) for at in range(0, 990, 10)]

    assert names(fetched(TOOLS, [tools(*wanted)])[1]) == wanted
    assert names(fetched(TOOLS, [*pages, tools(*wanted[990:])])[1]) == wanted


def test_a_list_without_end_is_followed_for_so_many_pages(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")
    asked, end = fetched(TOOLS, endless(lambda number: tools(str(number), nextCursor=str(number))))

    assert len(asked) == len(names(end)) == paging.MAX_PAGES
    assert [record.getMessage() for record in caplog.records] == [
        "weather: its list of tools has more than 1000 pages, 10000 entries or 67108864 bytes; the rest is left out"
    ]


@pytest.mark.parametrize("size", [999, 1000, paging.MAX_ENTRIES, paging.MAX_ENTRIES + 1])
def test_a_list_without_end_is_followed_for_so_many_entries(size: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")

    def page(number: int) -> Outcome:
        return tools(*(f"{number}.{tool}" for tool in range(size)), nextCursor=str(number))

    _, end = fetched(TOOLS, endless(page))

    assert len(end.entries) == paging.MAX_ENTRIES
    assert len(caplog.records) == 1


@pytest.mark.parametrize(("more", "logged"), [(0, 0), (1, 1)])
def test_as_many_entries_as_may_be_are_nothing_to_complain_of(
    more: int, logged: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    _, end = fetched(TOOLS, [tools(*map(str, range(paging.MAX_ENTRIES + more)))])

    assert (len(end.entries), len(caplog.records)) == (paging.MAX_ENTRIES, logged)


def test_a_list_without_end_is_followed_for_so_many_bytes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("WARNING")
    monkeypatch.setattr(paging, "MAX_BYTES", 12_000)

    asked, end = fetched(TOOLS, endless(lambda number: tools("x" * 3000 + str(number), nextCursor=str(number))))

    assert len(asked) == len(end.entries) == 4
    assert len(caplog.records) == 1


def test_a_single_page_is_as_large_as_the_transport_lets_it_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MAX_BYTES", 10)

    assert len(fetched(TOOLS, [tools(*map(str, range(100)))])[1].entries) == 100


def test_however_deep_a_page_is_its_size_is_known() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]

    assert fetched(TOOLS, [tools("a", nextCursor="1", _meta=deep), tools("b")])[1].entries


def test_a_cursor_that_is_refused_is_once_more_from_the_start() -> None:
    asked, end = fetched(TOOLS, [tools("gone", nextCursor="1"), BAD_CURSOR, tools("a", nextCursor="1"), tools("b")])

    assert asked == [None, {"cursor": "1"}, None, {"cursor": "1"}]
    assert names(end) == ["a", "b"]


@pytest.mark.parametrize(
    "before", [[], [tools(nextCursor="1"), BAD_CURSOR], [tools(nextCursor="1"), BAD_CURSOR, tools(nextCursor="1")]]
)
def test_a_server_that_refuses_again_has_no_list(before: list[Outcome]) -> None:
    asked, end = fetched(TOOLS, [*before, BAD_CURSOR])

    assert (len(asked), end) == (len(before) + 1, BAD_CURSOR)


@pytest.mark.parametrize("pages", [0, 3])
def test_a_list_ends_with_the_error_of_any_page(pages: int) -> None:
    error: MCPOrchestratorError = OutcomeUnknownError("reset")

    _, end = fetched(TOOLS, [*(tools(nextCursor=str(number)) for number in range(pages)), error])

    assert end is error


@pytest.mark.parametrize("answer", [{}, {"tools": None}, {"tools": {"name": "a"}}])
def test_an_answer_without_a_list_is_an_error(answer: Outcome) -> None:
    _, end = fetched(TOOLS, [answer])

    assert isinstance(end, OutcomeUnknownError)
    assert end.message == "the answer to tools/list has no list of tools"


@pytest.mark.parametrize(
    ("of_pages", "of_all"),
    [([None], None), ([500], 0.5), ([3000, 2000], 2.0), ([0, 9], 0.0), (["1", -1, True, 1.5, None], None)],
)
def test_a_list_stays_true_for_as_long_as_its_first_page_to_age(of_pages: list[object], of_all: float | None) -> None:
    pages = [tools(nextCursor=str(number), ttlMs=ttl) for number, ttl in enumerate(of_pages)]

    assert fetched(TOOLS, [*pages, tools()])[1].ttl_s == of_all
