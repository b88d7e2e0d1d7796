"""The same in asyncio: calls to several servers at once. Run it: python examples/asynchronous.py."""

import asyncio
import sys

from mcp_orchestrator import AsyncMCPOrchestrator

CONFIG = {
    "orchestrator": {"state": "memory"},
    "servers": {
        "radarr": {"command": [sys.executable, "-m", "media_servers.radarr", "--simulate"]},
        "plex": {"command": [sys.executable, "-m", "media_servers.plex", "--simulate"]},
    },
}


async def main() -> None:
    """Ask two servers at the same time."""
    async with AsyncMCPOrchestrator(CONFIG) as orchestrator:
        movies, libraries = await asyncio.gather(
            orchestrator.call_tool("radarr", "search_movies", {"term": "nosferatu"}),
            orchestrator.call_tool("plex", "get_libraries"),
        )
        print("found:", ", ".join(movie["title"] for movie in movies.data["items"]))
        print("libraries:", ", ".join(library["title"] for library in libraries.data["items"]))

        # A task that is cancelled cancels its call, at the server too.
        task = asyncio.ensure_future(orchestrator.call_tool("radarr", "get_movies"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        print("cancelled:", task.cancelled())


asyncio.run(main())
