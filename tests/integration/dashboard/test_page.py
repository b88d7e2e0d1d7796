"""What the page shows of servers that are up, that die at once and that cannot be reached."""

import os
import re
import signal
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.fixtures.browser import opened, watched
from tests.integration.dashboard.conftest import MARKUP, SERVERS, Served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def servers() -> Mapping[str, Any]:
    """Return one of each kind."""
    return SERVERS


@pytest.fixture
def page(tab: Page, served: Served) -> Iterator[Page]:
    """Open the page, on a screen."""
    with opened(tab, served.url):
        expect(tab.locator("body")).to_have_attribute("data-connection", "live")
        yield tab


def card(page: Page, server: str) -> Locator:
    """Return the card of a server."""
    return page.get_by_role("listitem", name=server)


def fact(page: Page, server: str, term: str) -> Locator:
    """Return what a card tells under a term."""
    return card(page, server).locator("dl > div").filter(has=page.get_by_text(term, exact=True)).locator("dd")


def test_the_verdict_says_what_is_up_what_is_not_and_what_happens_next(page: Page) -> None:
    verdict = page.get_by_role("region", name="Verdict")

    expect(verdict).to_contain_text("2 of 4 servers are ready;")
    expect(verdict).to_contain_text(
        re.compile(r"dies is (in a crash loop|not connected), (next try in \d+ s|trying now)")
    )
    expect(page).to_have_title("! 2 down · MCP Orchestrator")
    expect(page.locator("#favicon")).to_have_attribute("href", "dashboard/icon-trouble.svg")


def test_cards_say_of_each_server_what_it_is_and_troubled_ones_come_first(page: Page, served: Served) -> None:
    expect(card(page, "sab")).to_contain_text("Ready")
    expect(fact(page, "sab", "speaks")).to_have_text("modern 2026-07-28")
    expect(fact(page, "sab", "through")).to_have_text(re.compile(r"stdio, pid \d+"))
    expect(fact(page, "odd", "speaks")).to_have_text("legacy 2025-11-25")
    expect(fact(page, "far", "through")).to_have_text("http")
    expect(fact(page, "odd", "in flight")).to_have_text("0/10")
    expect(fact(page, "far", "breaker")).to_have_text(re.compile(r"open for \d+ s|half-open"))
    expect(card(page, "far").locator(".why")).to_contain_text("Connection refused")
    expect(page.locator(".card h3")).to_have_text(["dies", "far", "sab", "odd"])
    expect(page.locator("#about")).to_contain_text(str(served.file))


def test_unaccounted_calls_read_0(page: Page) -> None:
    unaccounted = page.locator("#figures > div").filter(has_text="Unaccounted calls")

    expect(unaccounted.locator(".number")).to_have_text("0")
    expect(unaccounted).not_to_have_attribute("data-bad", "")


def test_calls_show_in_numbers_sparkline_and_charts(page: Page, served: Served) -> None:
    before = int(fact(page, "odd", "calls").inner_text())

    for _ in range(3):
        served.ask("POST", "/call", {"server": "odd", "tool": "echo", "params": {"text": "a"}})

    expect(fact(page, "odd", "calls")).to_have_text(str(before + 3))
    expect(card(page, "odd")).to_contain_text(re.compile(r"p50 [\d.]+ ms, p95 [\d.]+ ms"))
    charts = page.get_by_role("img", name=re.compile("Calls per second over the last 5 minutes.*highest [1-9]"))
    expect(charts).to_be_visible()
    expect(
        page.get_by_role("img", name=re.compile("Latency over the last 5 minutes.*p50.*highest .* ms"))
    ).to_be_visible()


def test_a_child_that_is_killed_shows_at_once_and_so_does_its_return(page: Page) -> None:
    explain = page.get_by_role("button", name="Explain odd")
    explain.focus()
    told = re.search(r"pid (\d+)", fact(page, "odd", "through").inner_text())
    assert told

    os.kill(int(told[1]), signal.SIGKILL)

    incidents = page.get_by_role("region", name="Incidents")
    expect(incidents).to_contain_text("lost: the server's process was killed by SIGKILL")
    expect(fact(page, "odd", "through")).not_to_contain_text(told[0])
    expect(card(page, "odd")).to_contain_text("Ready")
    expect(explain).to_be_focused()


def test_explain_opens_with_enter_and_ends_with_escape_where_it_began(page: Page) -> None:
    button = page.get_by_role("button", name="Explain sab")
    button.focus()

    page.keyboard.press("Enter")

    dialog = page.get_by_role("dialog", name="sab")
    expect(dialog).to_contain_text("sab is ready.")
    row = dialog.get_by_role("row").filter(has=page.get_by_role("rowheader", name="health_check", exact=True))
    expect(row).to_contain_text("yes (")
    expect(dialog.get_by_role("row").filter(has=page.get_by_role("rowheader", name="add_nzb"))).to_contain_text("no (")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()


def test_what_servers_say_is_shown_as_text_and_never_as_markup(page: Page) -> None:
    expect(card(page, "dies")).to_contain_text(MARKUP)
    expect(page.get_by_role("region", name="Incidents")).to_contain_text(MARKUP)

    page.get_by_role("button", name="Explain dies").click()

    expect(page.get_by_role("region", name="stderr")).to_have_text(MARKUP)
    assert page.locator("img").count() == 0


def test_servers_are_found_by_name_state_and_reason(page: Page) -> None:
    page.get_by_role("searchbox").fill("refused")
    expect(page.locator(".card h3")).to_have_text(["far"])

    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="In trouble: 2").click()

    expect(page.locator(".card h3")).to_have_text(["dies", "far"])


def test_incidents_that_follow_each_other_are_told_together(page: Page) -> None:
    timeline = page.get_by_role("region", name="Incidents")

    expect(timeline.locator("ol > li").filter(has_text="dies")).to_have_count(1)
    expect(timeline).to_contain_text(re.compile(r"could not connect, \d times"))


def test_nothing_is_beside_the_screen_of_a_phone(browser: Browser, served: Served) -> None:
    with watched(browser, served.url, viewport={"width": 360, "height": 740}, has_touch=True) as phone:
        expect(card(phone, "far")).to_contain_text("refused")
        widths = "[document.documentElement.scrollWidth, document.querySelector('dialog')?.scrollWidth ?? 0]"
        assert max(phone.evaluate(widths)) <= 360

        phone.get_by_role("button", name="Explain sab").click()

        expect(phone.get_by_role("dialog")).to_contain_text("add_nzb")
        assert max(phone.evaluate(widths)) <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(browser: Browser, served: Served, scheme: str) -> None:
    with watched(browser, served.url, color_scheme=scheme, reduced_motion="reduce") as page:
        page.get_by_role("button", name="Explain sab").click()
        expect(page.get_by_role("dialog")).to_contain_text("add_nzb")

        assert page.evaluate(_FAINT) == []


# WCAG 2.2, 1.4.3: at least 4.5 to 1. https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
_FAINT = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = parts(colour).map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return (parts(colour)[3] ?? 1) === 0 && node.parentElement ? ground(node.parentElement) : colour;
  };
  const hasText = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  const faint = [];
  for (const node of document.body.querySelectorAll("*")) {
    if (!hasText(node) || !node.checkVisibility() || node.closest("noscript, option")) continue;
    const style = getComputedStyle(node);
    const ink = node instanceof SVGElement ? style.fill : style.color;
    const [dark, light] = [luminance(ink), luminance(ground(node))].sort((one, other) => one - other);
    if ((light + 0.05) / (dark + 0.05) < 4.5) faint.push(`${node.textContent}: ${ink} on ${ground(node)}`);
  }
  return faint;
}"""
