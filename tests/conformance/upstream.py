"""The server behind the gateway in the official conformance suite: everything that its server scenarios ask for.

Written on the official SDK, under the suite's own names. `python upstream.py stdio`, or `python upstream.py http PORT`
(path /mcp): it is up once the port takes connections, and leaves when stdin closes (stdio) or on SIGTERM. What asks
something of the client is in `upstream_asking`.
"""

import argparse
import asyncio
import base64
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.tools import Tool
from mcp_types import (
    AudioContent,
    Completion,
    CompletionArgument,
    CompletionContext,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    LoggingLevel,
    PromptReference,
    ResourceTemplateReference,
    SetLevelRequestParams,
    SubscribeRequestParams,
    TextContent,
    TextResourceContents,
    UnsubscribeRequestParams,
)
from pydantic import Field

from tests.conformance import upstream_asking
from tests.conformance.upstream_events import Events

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
PAUSE_S = 0.05  # The suite wants to see what happens meanwhile.
RETRY_MS = 100

# As the suite has it, word for word: it compares.
SCHEMA_2020_12: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}

server = MCPServer("conformance-upstream", version="1.0.0", log_level="CRITICAL")


@server.tool()
def test_simple_text() -> TextContent:
    """Answer with one text."""
    return TextContent(text="This is a simple text response for testing.")


@server.tool()
def test_image_content() -> ImageContent:
    """Answer with an image."""
    return ImageContent(data=PNG, mime_type="image/png")


@server.tool()
def test_audio_content() -> AudioContent:
    """Answer with a sound."""
    return AudioContent(data=WAV, mime_type="audio/wav")


@server.tool()
def test_embedded_resource() -> EmbeddedResource:
    """Answer with a resource."""
    return _embedded("test://embedded-resource", "This is an embedded resource content.", "text/plain")


@server.tool()
def test_multiple_content_types() -> list[TextContent | ImageContent | EmbeddedResource]:
    """Answer with a text, an image and a resource."""
    resource = _embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json")
    return [TextContent(text="Multiple content types test:"), ImageContent(data=PNG, mime_type="image/png"), resource]


@server.tool()
async def test_tool_with_logging(ctx: Context) -> TextContent:
    """Log three messages."""
    for text in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await _log(ctx, "info", text)
        await asyncio.sleep(PAUSE_S)
    return TextContent(text="logged")


@server.tool()
async def test_logging_tool(ctx: Context) -> TextContent:
    """Log at every level, for those who have asked to hear of it."""
    await _log(ctx, "debug", "fine")
    await _log(ctx, "error", "bad")
    return TextContent(text="logged")


@server.tool()
async def test_tool_with_progress(ctx: Context) -> TextContent:
    """Report progress three times."""
    for done in (0, 50, 100):
        await ctx.report_progress(done, 100, f"{done} of 100")
        await asyncio.sleep(PAUSE_S)
    return TextContent(text="done")


@server.tool()
def test_error_handling() -> TextContent:
    """Fail."""
    raise RuntimeError("This tool intentionally returns an error for testing")


@server.tool()
async def test_reconnection(ctx: Context) -> TextContent:
    """Close the stream of the call before it is answered, where there are streams that can be taken up again."""
    await _log(ctx, "info", "before")
    await ctx.close_sse_stream()
    await asyncio.sleep(4 * PAUSE_S)
    return TextContent(text="answered on another stream")


@server.tool()
def test_x_mcp_header(
    region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
) -> TextContent:
    """Say in which region this runs, which goes into a header too."""
    return TextContent(text=region)


@server.tool()
async def test_trigger_tool_change(ctx: Context) -> TextContent:
    """Offer one tool more, or one less, and say so."""

    def passing() -> TextContent:
        """Come and go."""
        return TextContent(text="here")

    if _has_tool("test_passing_tool"):
        server.remove_tool("test_passing_tool")
    else:
        server.add_tool(passing, name="test_passing_tool")
    await ctx.notify_tools_changed()
    if upstream_asking.is_legacy(ctx):
        await ctx.session.send_tool_list_changed()
    return TextContent(text="changed")


@server.tool()
async def test_trigger_prompt_change(ctx: Context) -> TextContent:
    """Offer one prompt more, or one less, and say so."""

    def passing() -> str:
        """Come and go."""
        return "here"

    if any(prompt.name == "test_passing_prompt" for prompt in await server.list_prompts()):
        server.remove_prompt("test_passing_prompt")
    else:
        server.add_prompt(Prompt.from_function(passing, name="test_passing_prompt"))
    await ctx.notify_prompts_changed()
    if upstream_asking.is_legacy(ctx):
        await ctx.session.send_prompt_list_changed()
    return TextContent(text="changed")


@server.resource("test://static-text", mime_type="text/plain")
def static_text() -> str:
    """Return a text."""
    return "This is the content of the static text resource."


@server.resource("test://static-binary", mime_type="image/png")
def static_binary() -> bytes:
    """Return an image."""
    return base64.b64decode(PNG)


@server.resource("test://watched-resource", mime_type="text/plain")
def watched() -> str:
    """Return a text that can be subscribed to."""
    return "Watched resource content"


@server.resource("test://template/{id}/data", mime_type="application/json")
def by_template(id: str) -> dict[str, Any]:  # noqa: A002 -- the suite's name for it
    """Return something of the number given."""
    return {"id": id, "templateTest": True, "data": f"Data for ID: {id}"}


@server.prompt()
def test_simple_prompt() -> str:
    """Say one thing."""
    return "This is a simple prompt for testing."


@server.prompt()
def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    """Say two things."""
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


@server.prompt()
def test_prompt_with_embedded_resource(resourceUri: str) -> list[EmbeddedResource | TextContent]:  # noqa: N803 -- the suite's
    """Show a resource."""
    resource = _embedded(resourceUri, "Embedded resource content for testing.", "text/plain")
    return [resource, TextContent(text="Please process the embedded resource above.")]


@server.prompt()
def test_prompt_with_image() -> list[ImageContent | TextContent]:
    """Show an image."""
    return [ImageContent(data=PNG, mime_type="image/png"), TextContent(text="Please analyze the image above.")]


async def complete(
    ref: PromptReference | ResourceTemplateReference, argument: CompletionArgument, _context: CompletionContext | None
) -> Completion:
    """Know some words for the arguments of one prompt."""
    words = ["test", "testing", "tested"] if isinstance(ref, PromptReference) else []
    return Completion(values=[word for word in words if word.startswith(argument.value)], has_more=False)


async def take(_ctx: Any, _params: Any) -> EmptyResult:
    """Do what a legacy client asks of its session, as far as the suite sees: nothing."""
    return EmptyResult()


async def _log(ctx: Context, level: LoggingLevel, text: str) -> None:
    await ctx.log(level, text)  # pyright: ignore[reportDeprecated] -- in revisions to come


def _embedded(uri: str, text: str, kind: str) -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type=kind, text=text))


def _has_tool(name: str) -> bool:
    return any(tool.name == name for tool in server._tool_manager.list_tools())  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- no public way that need not be awaited


def _offer_the_rest() -> None:
    server.completion()(complete)  # type: ignore[no-untyped-call]  # the SDK gives it no types
    upstream_asking.offer(server)

    def any_name(name: str = "") -> TextContent:
        return TextContent(text=name)

    plain = Tool.from_function(any_name, name="json_schema_2020_12_tool", description="Have a schema of every kind.")
    server._tool_manager._tools[plain.name] = plain.model_copy(update={"parameters": SCHEMA_2020_12})  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- else the SDK makes the schema
    low = server._lowlevel_server  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- what the other has no words for
    low.add_request_handler("logging/setLevel", SetLevelRequestParams, take)
    low.add_request_handler("resources/subscribe", SubscribeRequestParams, take)
    low.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, take)


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transport", choices=["stdio", "http"])
    parser.add_argument("port", type=int, nargs="?", default=0)
    arguments = parser.parse_args()
    _offer_the_rest()
    if arguments.transport == "stdio":
        server.run("stdio")
    else:
        server.run("streamable-http", port=arguments.port, event_store=Events(), retry_interval=RETRY_MS)


if __name__ == "__main__":
    main()
