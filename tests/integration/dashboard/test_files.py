"""The page's files as they are served: out of memory, with what a browser must be told."""

import asyncio
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from mcp_orchestrator.dashboard import Dashboard

STATIC = Path(__file__).resolve().parents[3] / "mcp_orchestrator" / "dashboard" / "static"


def get(path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of one answer."""
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b""}

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": given}
    asyncio.run(Dashboard()(scope, receive, send))
    begin, body = sent
    return begin["status"], {name.decode(): value.decode() for name, value in begin["headers"]}, body["body"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "text/html"), ("/dashboard/main.js", "text/javascript"), ("/dashboard/style.css", "text/css")],
)
def test_every_file_is_served_as_what_it_is_and_lets_nothing_foreign_in(path: str, kind: str) -> None:
    status, headers, body = get(path)

    assert status == 200
    assert headers["content-type"] == f"{kind}; charset=utf-8"
    assert int(headers["content-length"]) == len(body) > 0
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert headers["x-content-type-options"] == "nosniff"


def test_a_file_that_is_as_it_was_is_not_sent_again() -> None:
    tag = get("/")[1]["etag"]

    assert get("/", if_none_match=tag)[::2] == (304, b"")


def test_head_has_no_body_and_nothing_else_is_answered() -> None:
    assert get("/", "HEAD")[::2] == (200, b"")
    assert get("/dashboard/none.js")[0] == 404
    assert get("/dashboard/../application.py")[0] == 404
    assert get("/", "POST")[0] == 405


def test_no_file_loads_from_elsewhere_has_script_or_style_within_or_makes_markup_of_text() -> None:
    foreign = re.compile(
        r"(?:src|href)=\"(?:https?:)?//|url\(|@import|<style|style=\"|\son\w+=|<script(?! type=\"module\" src)"
    )
    markup = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function")

    for file in STATIC.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not foreign.search(text), file.name
        assert not markup.search(text), file.name
        assert file.suffix != ".js" or len(text.splitlines()) <= 300, file.name
