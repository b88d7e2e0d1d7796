"""What a server offers besides tools, and what it says unasked. Run it: python examples/prompts_and_resources.py."""

import sys
from queue import SimpleQueue

from mcp_orchestrator import MCPOrchestrator, Notification

# A small server on the official SDK: one prompt, one template of resources, and a tool that changes them.
SERVER = """
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import Completion

server = MCPServer("notes", log_level="CRITICAL")
notes = {"monday": "Water the plants."}

@server.prompt()
def summary(day: str) -> str:
    return f"Summarize the note of {day}: {notes[day]}"

@server.resource("note://{day}")
def note(day: str) -> str:
    return notes[day]

@server.completion()
async def complete(ref, argument, context):
    return Completion(values=[day for day in notes if day.startswith(argument.value)])

@server.tool()
async def add(day: str, text: str, ctx: Context) -> None:
    notes[day] = notes.get(day, "") + " " + text
    await ctx.notify_resource_updated(f"note://{day}")
    await ctx.info(f"{day} has {len(notes[day])} letters")

server.run("stdio")
"""
CONFIG = {
    "orchestrator": {"state": "memory"},
    "servers": {"notes": {"command": [sys.executable, "-c", SERVER], "log_level": "info"}},
}

heard: "SimpleQueue[Notification]" = SimpleQueue()  # Notifications come on the callbacks thread.

with MCPOrchestrator(CONFIG, on_notification=heard.put) as orchestrator:
    print("prompts:", [prompt["name"] for prompt in orchestrator.list_prompts("notes")])
    print("templates:", [one["uriTemplate"] for one in orchestrator.list_resource_templates("notes")])

    ref = {"type": "ref/prompt", "name": "summary"}
    days = orchestrator.complete("notes", ref, {"name": "day", "value": "mo"})["completion"]["values"]
    prompt = orchestrator.get_prompt("notes", "summary", {"day": days[0]})
    for message in prompt["messages"]:
        print(f"{message['role']}: {message['content']['text']}")

    orchestrator.subscribe_resource("notes", "note://monday")  # On every connection from now on.
    orchestrator.call_tool("notes", "add", {"day": "monday", "text": "Feed the cat."})
    for said in (heard.get(timeout=10), heard.get(timeout=10)):
        match said.method:
            case "notifications/resources/updated":
                resource = orchestrator.read_resource("notes", said.params["uri"])
                print("changed:", resource["contents"][0]["text"])
            case "notifications/message":  # `log_level` asks for these.
                print(f"{said.server} says: {said.params['data']}")
            case _:
                print("not expected:", said)
