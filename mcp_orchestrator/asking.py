"""What callers may get wrong, found before anything is begun: one clear error each."""

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from actors.batches import BatchItem
from actors.board import Board
from actors.call import OnProgress, ServerName, ToolName
from actors.caller import Caller
from actors.calling import Plan
from actors.config import LONGEST_S
from actors.errors import InvalidCallError, MCPConnectionError, MCPOrchestratorError
from actors.names import Names
from actors.status import ServerStatus

NO_PARAMS: Mapping[str, Any] = {}
_NOT_WANTED = {
    "disconnected": "call connect({!r}) first",
    "disabled": "call enable({!r}) first",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call of a batch. `timeout`: seconds from its release; None: as configured. `critical`: see the batch."""

    server: str | None
    tool: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    timeout: float | None = None
    critical: bool = False


class Trials:
    """Gives away the one call that a server on trial may get, of all those that only name a tool.

    A second one would be refused while another server is up. Each published status is one chance more. Two threads in
    one instant may both get it; then one call is refused, unsent.
    """

    def __init__(self) -> None:
        self._given: dict[ServerName, ServerStatus] = {}

    def take(self, status: ServerStatus) -> bool:
        """Return True to the first who asks."""
        if self._given.get(status.server) is status:
            return False
        self._given[status.server] = status
        return True


@dataclass(frozen=True, slots=True)
class Asking:
    """Turns what a caller says into plans. For any thread."""

    names: Names
    board: Board
    trials: Trials = field(default_factory=Trials)

    def plan(
        self,
        server: str | None,
        tool: str,
        params: Mapping[str, Any] | None,
        timeout_s: float | None,
        on_progress: OnProgress | None = None,
    ) -> Plan:
        """Return the plan of a tools/call.

        In this order: UnknownServerError (a ValueError), MCPConnectionError if it was never connected, ValueError
        for the tool, TypeError for a callback or the params, ValueError for the timeout. With no server named, the tool
        decides.
        """
        name = None if server is None else self.connected(server)
        if not isinstance(tool, str) or not tool.strip():  # pyright: ignore[reportUnnecessaryIsInstance] -- callers err
            raise ValueError(f"tool must be the name of a tool, not {tool!r}")
        check_callbacks(on_progress=on_progress)
        if name is None:
            name = self._offering(tool)
        arguments, known = _table(params), self.names.tool(name, tool)
        return Plan(
            server=name,
            method="tools/call",
            params={"name": known, "arguments": arguments},
            timeout_s=self.limit_s(name, known, timeout_s),
            on_progress=on_progress,
        )

    def request(  # noqa: PLR0913, PLR0917 -- all that a caller may say
        self,
        server: str,
        method: str,
        params: Mapping[str, Any] | None,
        timeout_s: float | None,
        on_progress: OnProgress | None = None,
        caller: Caller | None = None,
    ) -> Plan:
        """Return the plan of any other request. Errors as in `plan`."""
        name = self.connected(server)
        if not isinstance(method, str) or not method.strip():  # pyright: ignore[reportUnnecessaryIsInstance] -- callers err
            raise ValueError(f"method must be the name of an MCP method, not {method!r}")
        if method == "initialize" or method.startswith("notifications/"):  # A second session in the first, for one.
            raise ValueError(f"{method} is no request of a caller's: connections are opened and kept for you")
        check_callbacks(on_progress=on_progress)
        return Plan(
            server=name,
            method=method,
            params=_table(params),
            timeout_s=self.limit_s(name, None, timeout_s),
            on_progress=on_progress,
            caller=caller,
        )

    def items(self, calls: Sequence[ToolCall | Mapping[str, Any]]) -> list[BatchItem]:
        """Return a batch's calls; a mistake in one is that one's outcome. TypeError if `calls` is no list."""
        if isinstance(calls, Mapping | str) or not isinstance(calls, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"calls must be a list of ToolCall or dicts, not {type(calls).__name__}")
        return [self._item(call) for call in calls]

    def connected(self, server: str) -> ServerName:
        """Return the canonical name of a server that somebody has wanted to be connected."""
        name = self.names.server(server)
        status = self.board.statuses.get(name)
        if status is not None and status.state in _NOT_WANTED:
            error = MCPConnectionError(f"not connected: {status.reason}; {_NOT_WANTED[status.state].format(name)}")
            error.server = name
            raise error
        return name

    def limit_s(self, server: ServerName, tool: ToolName | None, timeout_s: float | None) -> float:
        """Return the seconds a call has: those given, checked, else those configured."""
        if timeout_s is None:
            config = self.names.servers[server]
            return (config.tool(tool).timeout_s if tool is not None else None) or config.timeout_s
        return seconds(timeout_s)

    @staticmethod
    def check_limits(timeout: float | None, max_parallel: int | None) -> None:
        """Raise TypeError or ValueError for the limits of a batch that are none."""
        if max_parallel is not None and (isinstance(max_parallel, bool) or not isinstance(max_parallel, int)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"max_parallel must be a whole number, not {max_parallel!r}")
        if max_parallel is not None and max_parallel < 1:
            raise ValueError(f"max_parallel must be 1 or more, not {max_parallel!r}")
        if timeout is not None:
            seconds(timeout)

    def _offering(self, tool: str) -> ServerName:
        chosen = self.names.offering(tool, self.board.statuses, self.trials.take)
        if isinstance(chosen, MCPOrchestratorError):
            raise chosen
        return chosen

    def _item(self, call: ToolCall | Mapping[str, Any]) -> BatchItem:
        try:
            if not isinstance(call, ToolCall):
                given: dict[str, Any] = {"server": None, **call}
                call = ToolCall(**given)
        except TypeError as error:
            text = f"a call is a ToolCall or a dict of server, tool, params, timeout, critical: {error}"
            return BatchItem(server="?", tool="?", plan=None, mistake=_mistake(TypeError(text)))
        try:
            plan = self.plan(call.server, call.tool, call.params, call.timeout)
        except MCPOrchestratorError as error:
            return self._mistaken(call, error)
        except (ValueError, TypeError) as error:
            return self._mistaken(call, _mistake(error))
        return BatchItem(server=plan.server, tool=plan.params["name"], plan=plan, critical=call.critical)

    def _mistaken(self, call: ToolCall, error: MCPOrchestratorError) -> BatchItem:
        server, tool = "?" if call.server is None else str(call.server), str(call.tool)
        return BatchItem(server=server, tool=tool, plan=None, mistake=error, critical=call.critical)


def seconds(given: float, what: str = "timeout") -> float:
    """Return a caller's number of seconds, a year at most; TypeError or ValueError if it is none."""
    if isinstance(given, bool) or not isinstance(given, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{what} must be a number of seconds, not {given!r}")
    if not 0 < given < math.inf:
        raise ValueError(f"{what} must be more than 0 s and finite, not {given!r}")
    return min(given, LONGEST_S)


def callback_mistake(name: str, callback: object) -> str | None:
    """Return why the callbacks thread, which awaits nothing, cannot call it; None if it can, or if there is none."""
    if callback is None:
        return None
    if not callable(callback):
        return f"{name} must be callable, not {callback!r}"
    if inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(getattr(callback, "__call__", None)):  # noqa: B004 -- an object with `async def __call__`
        return f"{name} is a coroutine function, which nobody would await: give a plain function"
    return None


def check_callbacks(**callbacks: object) -> None:
    """Raise TypeError for the first that is none; see `callback_mistake`."""
    for name, callback in callbacks.items():
        if mistake := callback_mistake(name, callback):
            raise TypeError(mistake)


def _table(params: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if params is None:
        return NO_PARAMS
    if not isinstance(params, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] -- callers err
        raise TypeError(f"params must be a dict, not {type(params).__name__}")
    return params


def _mistake(error: ValueError | TypeError) -> MCPOrchestratorError:
    """Return a caller's mistake as the outcome of one call of a batch; the cause is what a single call raises."""
    mistake = InvalidCallError(str(error))
    mistake.__cause__ = error
    return mistake
