"""The page without its daemon; before a daemon that is silent, or asks for a token; and before many servers."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mcp_orchestrator.access.token_file import create
from tests.fixtures.browser import watched
from tests.fixtures.terminal import ODD
from tests.integration.dashboard.conftest import Served

pytestmark = pytest.mark.slow

ONE = {"one": {"command": ODD, "protocol": "legacy"}}


@pytest.fixture
def lone(tmp_path: Path) -> Served:
    """Return a daemon before one server, not yet running."""
    return Served(tmp_path, ONE)


def connection(page: Page, state: str) -> None:
    """Wait until the page's connection is in this state."""
    expect(page.locator("body")).to_have_attribute("data-connection", state)


def test_a_daemon_that_ends_is_missed_at_once_and_found_again(browser: Browser, lone: Served) -> None:
    with lone.running() as running, watched(browser, lone.url, unanswered=True) as page:
        expect(page.locator("#verdict")).to_have_text("The only server is ready.")

        running.signal()
        running.end()

        notices = page.get_by_role("region", name="Notices")
        expect(notices).to_contain_text(
            re.compile(r"Connection lost (just now|\d+ s ago); trying again (now|in \d+ s)\.")
        )
        expect(page).to_have_title("? MCP Orchestrator")
        assert page.locator("main").evaluate("node => getComputedStyle(node).filter") == "grayscale(1)"
        with lone.running():
            page.get_by_role("button", name="Try now").click()
            connection(page, "live")
            expect(notices).to_be_empty()
            expect(page).to_have_title("MCP Orchestrator")


def test_a_daemon_that_is_silent_is_missed_too_and_no_time_ticks_on(browser: Browser, lone: Served) -> None:
    with lone.running() as running, browser.new_context() as context:
        page = context.new_page()
        page.clock.install()
        page.goto(lone.url)
        connection(page, "live")
        running.signal(signal.SIGSTOP)
        try:
            page.clock.run_for(9_000)
            connection(page, "lost")
            expect(page.get_by_role("region", name="Notices")).to_contain_text("The daemon is silent.")
            before = page.locator("#figures").inner_text()
            page.clock.run_for(5_000)
            assert page.locator("#figures").inner_text() == before
        finally:
            running.signal(signal.SIGCONT)


@pytest.fixture
def guarded(lone: Served) -> Iterator[tuple[Served, str]]:
    """Run a daemon that asks for a token; yield it and a token that may only look."""
    token = create(lone.file.parent / "tokens.json", "looks", scopes=("read",))
    with lone.running():
        yield lone, token


def test_a_token_is_asked_for_and_what_it_may_not_do_is_said(browser: Browser, guarded: tuple[Served, str]) -> None:
    served, token = guarded
    with watched(browser, served.url, unanswered=True) as page:
        field = page.get_by_label("Token", exact=True)
        expect(field).to_be_focused()

        field.fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("The daemon does not know this token.")

        field.fill(token)
        page.keyboard.press("Enter")
        expect(page.locator("#verdict")).to_have_text("The only server is ready.")
        expect(field).to_have_count(0)

        page.get_by_role("button", name="Maintenance one").click()
        page.get_by_role("button", name="Start maintenance").click()
        expect(page.get_by_role("alert")).to_contain_text("admin")

        page.reload()
        expect(page.locator("#verdict")).to_have_text("The only server is ready.")
        assert page.evaluate("document.cookie") == ""


def test_of_many_servers_short_cards_are_shown_and_those_in_trouble_first(browser: Browser, tmp_path: Path) -> None:
    idle = {f"idle{number}": {"command": ["true"], "enabled": False} for number in range(48)}
    served = Served(tmp_path, {**idle, **ONE, "far": {"url": "http://127.0.0.1:9/mcp"}})
    with served.running(), watched(browser, served.url) as page:
        expect(page.locator(".card")).to_have_count(50)
        expect(page.locator(".card h3").first).to_have_text("far")
        expect(page.locator(".card h3").last).to_have_text("one")
        expect(page.locator(".card dl").first).to_be_hidden()
        expect(page.locator("#verdict")).to_contain_text("1 of 2 servers is ready; far is")
        expect(page.locator("#verdict")).to_contain_text("48 servers disabled.")
