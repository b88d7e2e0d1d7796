"""What a person would want to know of the difference between two sections of one server. Pure."""

from actors.config import ServerConfig


def change(old: ServerConfig | None, new: ServerConfig | None, *, by_hand: bool) -> list[tuple[str, str]]:
    """Return kind and text of what happened; nothing for a server that is disabled now: its status says so."""
    if old is None or new is None:
        return [("added" if old is None else "removed", "by the configuration")]
    if old.enabled is new.enabled:
        return [("reconfigured", "its section has changed")]
    return [("enabled", "by hand" if by_hand else "by the configuration")] if new.enabled else []
