"""Many calls at once: progress while they run, one outcome each. Run it: python examples/batch_with_progress.py."""

import sys

from mcp_orchestrator import CallOutcome, MCPOrchestrator, ToolCall

CONFIG = {
    "orchestrator": {"state": "memory"},
    "servers": {
        "sonarr": {"command": [sys.executable, "-m", "media_servers.sonarr", "--simulate"]},
        "radarr": {"command": [sys.executable, "-m", "media_servers.radarr", "--simulate"]},
    },
}
CALLS = [
    *(ToolCall(server="sonarr", tool="get_episodes", params={"series_id": series}) for series in range(1, 5)),
    ToolCall(server="radarr", tool="get_calendar", timeout=5),
    ToolCall(server="radarr", tool="get_movie_by_id", params={"movie_id": 4711}),  # There is none.
]


def show_progress(completed: int, total: int) -> None:
    """Print how far it is. Runs on the callbacks thread, as `show` does: it may block, it holds no server up."""
    print(f"{completed} of {total}")


def show(outcome: CallOutcome) -> None:
    """Print what came of one call, in the order in which they end."""
    print(f"  call {outcome.index}, {outcome.server}.{outcome.tool}: {'ok' if outcome.success else outcome.error}")


with MCPOrchestrator(CONFIG) as orchestrator:
    outcomes = orchestrator.call_tools_parallel(
        CALLS, timeout=20, max_parallel=3, progress_callback=show_progress, on_result=show
    )
# In the order of CALLS; no failure of one call is an exception of the batch.
print(f"{sum(outcome.success for outcome in outcomes)} succeeded, executed: {[one.executed for one in outcomes]}")
