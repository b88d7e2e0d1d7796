"""The page at /docs: all operations of the control API, from its OpenAPI description. It loads nothing."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mcp_orchestrator.access.rules import needed

PATH = "/docs"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>MCP Orchestrator: control API</title>
<h1>Control API</h1>
<p>All of it, with the shapes of what goes in and comes out, for programs: <a href="/openapi.json">/openapi.json</a>.
Where the daemon asks for a token it is sent as <code>Authorization: Bearer TOKEN</code>.</p>
<table cellpadding="6">
<thead><tr><th align="left">Operation<th align="left">Token<th align="left">What it does</thead>
<tbody>
{rows}
</tbody>
</table>
</html>
"""


def page(openapi: Callable[[], Mapping[str, Any]]) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers with the page. `openapi`: the description, made when it is first wanted."""

    async def answer(_: Request) -> Response:
        return HTMLResponse(_PAGE.format(rows="\n".join(_rows(openapi()))))

    return answer


def _rows(description: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            does = operation.get("description") or operation.get("summary", "")
            first = str(does).partition("\n")[0]
            token = needed(method.upper(), path) or "none"
            yield f"<tr><td><code>{method.upper()} {escape(path)}</code><td>{token}<td>{escape(first)}"
