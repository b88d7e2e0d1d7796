"""What people and programs are shown: pure functions of the board. Nothing here asks an actor.

What grows while others write is copied before it is gone through: a copy is one step of the interpreter.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from actors.board import Board
from actors.breaker import BreakerSnapshot
from actors.breaker import State as BreakerState
from actors.call import ServerName
from actors.catalogue import Repeatable, Tool, repeatable
from actors.config import ServerConfig
from actors.runtime import Runtime
from actors.status import HealthStatus, ServerStatus
from mcp_orchestrator.config import OrchestratorConfig

PERCENTILES = (50, 95, 99)


def status_of(board: Board, server: ServerName) -> ServerStatus:
    """Return the last status of a server; the default for one that nobody has spoken of yet."""
    return board.statuses.get(server) or ServerStatus(server=server)


def transport_of(config: ServerConfig) -> str:
    """Return how a server is reached, as far as its configuration says: HTTP+SSE may be found out later."""
    if config.url is None:
        return "stdio"
    return "http" if config.transport == "auto" else config.transport


def tools(board: Board, server: ServerName) -> list[Tool]:
    """Return the tools of a server, raw, in its order."""
    return list(status_of(board, server).catalogue.tools.values())


def repeatability(board: Board, config: OrchestratorConfig, server: ServerName, tool: Tool) -> Repeatable:
    """Return whether calls of `tool` may be repeated, and why, as things stand now."""
    status = status_of(board, server)
    fresh = status.catalogue if status.fresh else None
    return repeatable(config.servers[server], "tools/call", tool["name"], fresh)


def breaker(board: Board, runtime: Runtime, config: OrchestratorConfig, server: ServerName) -> dict[str, Any]:
    """Return a server's circuit breaker. `last_failure_time`: seconds since 1970, None without one."""
    status, policy = status_of(board, server), config.servers[server].breaker
    now = status.breaker_at(runtime.clock())
    return {
        "state": now.state.value,
        "failure_count": now.failures,
        "success_count": now.successes,
        "last_failure_time": _wall(runtime, status.last_failure_at),
        "threshold": policy.failure_threshold,
        "timeout": policy.open_s,
        "success_threshold": policy.success_threshold,
        "retry_after": _open_for_s(now),
        "forced": now.forced,
        "forced_for": now.forced_for_s,
        "tools_open": list(status.tools_open),
    }


def server(board: Board, runtime: Runtime, config: OrchestratorConfig, name: ServerName) -> dict[str, Any]:
    """Return everything known of one server, in JSON's types."""
    status, server_config = status_of(board, name), config.servers[name]
    numbers = status.statistics
    incidents = [incident for incident in board.incidents.copy() if incident.server == name]
    return {
        "server": name,
        "state": status.state,
        "reason": status.reason,
        "connected": status.ready,
        "transport": status.transport or transport_of(server_config),
        "era": status.era,
        "protocol": status.protocol,
        "capabilities": dict(status.capabilities),
        "server_info": status.server_info,
        "pid": status.pid,
        "generation": status.generation,
        "connection": status.connection,
        "circuit_breaker": breaker(board, runtime, config, name),
        "in_flight": status.in_flight,
        "waiting": status.waiting,
        "owed": status.owed,
        "failed_connects": status.failed_connects,
        "retry_after": status.retry_after_at(runtime.clock()),
        "tools": len(status.catalogue.tools),
        "fresh": status.fresh,
        "calls": numbers.calls,
        "failures": numbers.failed,
        "failed_with": dict(numbers.failed_with),
        "retries": numbers.retries,
        "connects": numbers.connects,
        "notifications_dropped": numbers.notifications_dropped,
        "latency": _latency(status),
        "health": asdict(board.health.get(name, HealthStatus())),
        "last_incident": asdict(incidents[-1]) if incidents else None,
    }


def health(board: Board, runtime: Runtime, name: ServerName, *, healthy: bool) -> dict[str, Any]:
    """Return the outcome of a check that has just ended. Times in seconds; `last_check_time` in ISO 8601, UTC."""
    status, checked = status_of(board, name), board.health.get(name, HealthStatus())
    at = _wall(runtime, checked.last_check_at)
    return {
        "server": name,
        "healthy": healthy,
        "status": checked.state,
        "response_time": checked.response_time_s,
        "last_check_time": None if at is None else datetime.fromtimestamp(at, UTC).isoformat(),
        "misses": checked.misses,
        "checks": checked.checks,
        "state": status.state,
        "reason": status.reason,
        "protocol": status.protocol,
        "circuit_breaker": status.breaker_at(runtime.clock()).state.value,
        "in_flight": status.in_flight,
        "waiting": status.waiting,
    }


def statistics(board: Board, config: OrchestratorConfig, store: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of all servers. `unaccounted_calls`: neither ended nor owed; anything but 0 is a bug."""
    each = {name: status_of(board, name) for name in config.servers}
    numbers = {name: status.statistics for name, status in each.items()}
    calls = sum(one.calls for one in numbers.values())
    ended = sum(one.succeeded + one.failed + one.settled_elsewhere for one in numbers.values())
    owed = sum(status.owed for status in each.values())
    return {
        "total_calls": calls,
        "total_health_checks": sum(one.pings for one in numbers.values()),
        "calls_per_server": {name: one.calls for name, one in numbers.items()},
        "succeeded": sum(one.succeeded for one in numbers.values()),
        "failures": sum(one.failed for one in numbers.values()),
        "failures_per_server": {name: one.failed for name, one in numbers.items()},
        "failed_with": _joined(one.failed_with for one in numbers.values()),
        "tool_errors": sum(one.tool_errors for one in numbers.values()),
        "notifications_dropped": sum(one.notifications_dropped for one in numbers.values()),
        "retries": sum(one.retries for one in numbers.values()),
        "pending_calls": owed,
        "unaccounted_calls": calls - ended - owed,
        "latency_per_server": {name: _latency(status) for name, status in each.items()},
        "connected_servers": [name for name, status in each.items() if status.ready],
        "incidents": len(board.incidents),
        "store": dict(store),
    }


def pools(board: Board, config: OrchestratorConfig) -> dict[str, dict[str, int]]:
    """Return what of each server's slots is in use."""
    return {
        name: {
            "max_concurrent": server_config.max_concurrent,
            "in_flight": status_of(board, name).in_flight,
            "waiting": status_of(board, name).waiting,
            "connections": status_of(board, name).statistics.connects,
        }
        for name, server_config in config.servers.items()
    }


def explain(board: Board, runtime: Runtime, config: OrchestratorConfig, name: ServerName) -> list[str]:
    """Return what state a server is in, why, and what happens next, a sentence a line."""
    status, server_config, now = status_of(board, name), config.servers[name], runtime.clock()
    snapshot = status.breaker_at(now)
    state = _IS.get(status.state, status.state)
    said = "" if status.reason in ("", state) else f": {status.reason}"
    lines = [_sentence(f"{name} is {state}{said}")]
    if status.ready:
        lines += _spoken(status, server_config)
    else:
        lines.append(_next(status, snapshot, now))
    lines.append(_breaker_sentence(snapshot, server_config.breaker.failure_threshold))
    lines += [f"The circuit breaker of its tool {tool} is open: its calls time out." for tool in status.tools_open]
    if status.last_failure_at is not None:
        ago_s = now - status.last_failure_at
        lines.append(f"The last failure that counted was {ago_s:.0f} s ago: {status.last_failure}.")
    numbers = status.statistics
    lines.append(
        f"Calls so far: {numbers.calls}, failed: {numbers.failed}, retries: {numbers.retries}; "
        f"now under way: {status.in_flight}, waiting: {status.waiting}."
    )
    if numbers.notifications_dropped:
        lines.append(f"Notifications dropped, which came faster than they were taken: {numbers.notifications_dropped}.")
    offered = list(status.catalogue.tools.values())
    safe = sum(repeatability(board, config, name, tool).yes for tool in offered)
    repeated = f"Tools: {len(offered)}; calls of {safe} of them may be repeated when an answer is lost."
    lines.append(repeated if offered or status.fresh else "Its tools are not known yet.")
    return lines


def _sentence(text: str) -> str:
    """Return what others have said, with a full stop: once."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


_IS = {"auth_required": "refusing our credentials", "config": "configured wrongly", "crash_loop": "in a crash loop"}


_NEXT = {
    "disconnected": "Calls are refused until it is connected.",
    "disabled": "Calls are refused until it is enabled.",
    "connecting": "Calls wait for the connection within their deadlines.",
    "reconnecting": "Calls wait within their deadlines",
    "throttled": "The server asked to be left alone; calls are refused",
    "auth_required": "Calls are refused: correct the credentials and reload, or reconnect if it takes these now.",
    "config": "Calls are refused: correct the configuration and reload, or reconnect if what it lacked is there now.",
    "crash_loop": "Its tools are withdrawn; the next call tries to connect",
    "parked": "Calls are refused; its actor is started again from time to time, and when it is called.",
    "draining": "It finishes what it owes, then stops.",
    "stopped": "Calls are refused: the orchestrator was shut down.",
}
_WITH_TIME = {
    "reconnecting": "; the next try comes in {:.1f} s",
    "throttled": " for another {:.1f} s",
    "crash_loop": ", and without one the next try comes in {:.1f} s",
}


_FOUND = {
    "modern": "It named that revision when it was asked (server/discover), over {}",
    "legacy": "That revision was agreed on in a handshake (initialize), over {}",
}
_WAYS = {"stdio": "stdio", "http": "Streamable HTTP", "sse": "HTTP+SSE"}
_OFFERED = ("tools", "prompts", "resources", "completions", "logging")  # Capabilities, in the order they are told.


def _spoken(status: ServerStatus, config: ServerConfig) -> Iterator[str]:
    """Yield what the server is, which revision it speaks, how that was found, and what it offers."""
    yield f"It is {status.server_info or 'a nameless server'} and speaks protocol {status.protocol}."
    if status.era:
        wanted = "" if config.protocol == "auto" else f', as protocol = "{config.protocol}" in its section wants it'
        yield _FOUND[status.era].format(_WAYS[status.transport]) + wanted + "."
    if offered := [capability for capability in _OFFERED if capability in status.capabilities]:
        yield f"It offers: {', '.join(offered)}."


def _next(status: ServerStatus, snapshot: BreakerSnapshot, now: float) -> str:
    """Return what happens next, in a sentence; its time only where it is known and still to come."""
    if snapshot.state is BreakerState.OPEN and status.state in ("connecting", "reconnecting"):
        return "Calls are refused as long as its circuit breaker is open."  # Whose sentence, the next, has the time.
    retry_after_s = status.retry_after_at(now)
    if status.state not in _WITH_TIME:
        return _NEXT[status.state]
    return _NEXT[status.state] + (_WITH_TIME[status.state].format(retry_after_s) if retry_after_s else "") + "."


def _breaker_sentence(snapshot: BreakerSnapshot, threshold: int) -> str:
    if snapshot.forced:
        until = "" if snapshot.forced_for_s is None else f" for another {snapshot.forced_for_s:.0f} s"
        return f"The circuit breaker is forced {snapshot.state.value}{until}: {snapshot.forced}."
    match snapshot.state:
        case BreakerState.OPEN:
            return f"The circuit breaker is open; it tries the server in {snapshot.open_for_s:.1f} s."
        case BreakerState.HALF_OPEN:
            return "The circuit breaker is half-open: one call at a time tries the server."
        case _:
            return f"The circuit breaker is closed; {snapshot.failures} of {threshold} failures in a row."


def _open_for_s(snapshot: BreakerSnapshot) -> float | None:
    """Return the seconds until an open breaker lets a call pass; None if it is not open, or nobody knows."""
    if snapshot.state is not BreakerState.OPEN:
        return None
    return (snapshot.forced_for_s if snapshot.forced else snapshot.open_for_s) or None


def _joined(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    return dict(sum((Counter(one) for one in counts), Counter[str]()))


def _latency(status: ServerStatus) -> dict[str, float | None]:
    return {f"p{percent}": status.statistics.percentile_s(percent) for percent in PERCENTILES}


def _wall(runtime: Runtime, at: float | None) -> float | None:
    return None if at is None else runtime.wall_clock() - (runtime.clock() - at)
