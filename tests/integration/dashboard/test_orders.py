"""What a person does on the page: maintenance, switching servers off and on; and what he does to the file."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import opened
from tests.fixtures.terminal import ODD
from tests.integration.dashboard.conftest import Served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def servers() -> Mapping[str, Any]:
    """Return two that start in an instant."""
    return {name: {"command": ODD, "protocol": "legacy"} for name in ("one", "two")}


@pytest.fixture
def page(tab: Page, served: Served) -> Iterator[Page]:
    """Open the page; at the end all is as it was."""
    with opened(tab, served.url):
        expect(tab.locator("#verdict")).to_have_text("All 2 servers are ready.")
        yield tab
        expect(tab.locator("#verdict")).to_have_text("All 2 servers are ready.")


def press(page: Page, name: str) -> None:
    """Press a button by its name."""
    page.get_by_role("button", name=name, exact=True).click()


def test_maintenance_is_begun_and_ended_by_clicks(page: Page, served: Served) -> None:
    press(page, "Maintenance one")
    page.get_by_label("Reason", exact=True).fill("a new <disk>")
    page.get_by_label("1 hour").check()
    press(page, "Start maintenance")

    expect(page.get_by_role("listitem", name="one")).to_contain_text(
        re.compile("Maintenancea new <disk>for another (1 h|59 min)")
    )
    expect(page.locator("#verdict")).to_contain_text(
        re.compile("1 of 2 servers is ready; one is in maintenance for another (1 h|59 min)")
    )
    breaker = served.ask("GET", "/servers/one")["circuit_breaker"]
    assert (breaker["state"], breaker["forced"]) == ("open", "a new <disk>")
    assert 3500 < breaker["forced_for"] <= 3600

    press(page, "End maintenance one")

    expect(page.get_by_role("button", name="Maintenance one", exact=True)).to_be_visible()
    assert served.ask("GET", "/servers/one")["circuit_breaker"]["forced"] == ""


def test_maintenance_is_begun_and_ended_by_the_keyboard(page: Page, served: Served) -> None:
    page.get_by_role("button", name="Explain two").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")  # The last of the three: until somebody ends it.
    page.keyboard.press("Enter")

    button = page.get_by_role("button", name="End maintenance two")
    expect(button).to_be_focused()
    expect(page.locator("#verdict")).to_contain_text("two is in maintenance until somebody ends it.")
    assert served.ask("GET", "/servers/two")["circuit_breaker"]["forced_for"] is None

    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Maintenance two", exact=True)).to_be_focused()


def test_escape_gives_it_up(page: Page, served: Served) -> None:
    press(page, "Maintenance one")
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert served.ask("GET", "/servers/one")["circuit_breaker"]["forced"] == ""


def test_a_server_is_switched_off_after_a_question_and_on_without_one(page: Page) -> None:
    press(page, "Disable one")
    expect(page.get_by_role("dialog")).to_contain_text("No calls are under way.")
    press(page, "Disable")

    expect(page.locator("#verdict")).to_have_text("The only server is ready; 1 server disabled.")
    expect(page.get_by_role("listitem", name="one")).to_contain_text("Disabled")

    press(page, "Enable one")


def test_reconnecting_a_server_that_is_up_asks_once(page: Page, served: Served) -> None:
    before = served.ask("GET", "/servers/one")["pid"]

    press(page, "Reconnect one")
    press(page, "Reconnect")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert served.ask("GET", "/servers/one")["pid"] != before


def test_a_mistake_in_the_file_is_shown_until_it_is_put_right(page: Page, served: Served) -> None:
    right = served.file.read_text()

    served.write(right.replace('"servers"', '"servants"'))

    notice = page.get_by_role("region", name="Notices")
    expect(notice).to_contain_text("The configuration file has a mistake.")
    expect(notice).to_contain_text("servants")
    expect(notice).to_contain_text("is still in force")

    served.write(right)
    served.ask("POST", "/reload")

    expect(notice).to_be_empty()


def test_a_server_that_the_file_no_longer_has_is_no_longer_shown(page: Page, served: Served) -> None:
    both = served.file.read_text()
    served.configure({"two": {"command": ODD, "protocol": "legacy"}})
    served.ask("POST", "/reload")

    expect(page.locator(".card h3")).to_have_text(["two"])

    served.write(both)
    served.ask("POST", "/reload")
    expect(page.locator(".card h3")).to_have_text(["one", "two"])


def test_what_is_read_aloud_has_no_times_that_tick(page: Page) -> None:
    press(page, "Maintenance one")
    press(page, "Start maintenance")

    expect(page.get_by_role("status").first).to_have_text(re.compile(r"one is in maintenance[^\d]*$"))

    press(page, "End maintenance one")
