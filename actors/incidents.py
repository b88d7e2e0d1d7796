"""What a person would want to know of the difference between two statuses of one server. Pure."""

from actors.breaker import State as BreakerState
from actors.status import ServerStatus

_BREAKER = {
    BreakerState.OPEN: "breaker_open",
    BreakerState.HALF_OPEN: "breaker_half_open",
    BreakerState.CLOSED: "breaker_closed",
}


def between(old: ServerStatus | None, new: ServerStatus) -> list[tuple[str, str]]:
    """Return kind and text of what happened from `old` to `new`, in order; nothing for the first status."""
    happened: list[tuple[str, str]] = []
    if old is None:
        return happened
    if new.failed_connects > old.failed_connects:
        kind = "crash_loop" if new.state == "crash_loop" else "connect_failed"
        happened.append((kind, new.reason.removeprefix("connecting failed: ")))  # The kind says so.
    elif old.state != new.state and (kind := _kind(old, new)):
        happened.append((kind, _text(new)))
    if old.breaker.state is not new.breaker.state:
        text = (new.last_failure or new.reason) if new.breaker.state is BreakerState.OPEN else ""
        happened.append((_BREAKER[new.breaker.state], new.breaker.forced or text))
    opened = [tool for tool in new.tools_open if tool not in old.tools_open]
    return happened + [("tool_breaker_open", f"calls of {tool} time out") for tool in opened]


def _kind(old: ServerStatus, new: ServerStatus) -> str:
    """Name the change of state; "" for one that is no news: what is being tried shows when it ends."""
    if new.ready:
        return "connected"
    if new.state in ("connecting", "reconnecting"):
        return "lost" if old.ready else ""
    return "" if new.state == "draining" else new.state


def _text(new: ServerStatus) -> str:
    if new.ready:
        return f"{new.server_info}, protocol {new.protocol}"
    return "a new connection is being made" if new.state == "connecting" else new.reason
