"""Whether the media servers can run here: they need the extra `media`."""

from importlib.util import find_spec

from mcp_orchestrator.cli.exits import UsageError

_NEEDED = ("mcp", "plexapi")


def require_media(what: str) -> None:
    """Raise UsageError, with the remedy, if something of the extra is not installed. `what` needs it."""
    if any(find_spec(name) is None for name in _NEEDED):
        raise UsageError(f"{what} needs the media servers: pip install '.[cli,media]' in a clone")
