"""The blocking face: the names of the user's specification, one thread's work each."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Any, Self, cast

from actors.batches import CallOutcome
from actors.call import Call, CallFuture, OnProgress
from actors.caller import Caller
from actors.catalogue import Tool
from actors.mcp.paging import PROMPTS, RESOURCES, TEMPLATES, Entry
from actors.results import ToolResult
from mcp_orchestrator import views
from mcp_orchestrator.asking import ToolCall
from mcp_orchestrator.blocking import Replies, all_of, list_of, outcome_of, replies_of, reply_of
from mcp_orchestrator.config import Source
from mcp_orchestrator.face import Face
from mcp_orchestrator.handles import ServerHandle
from mcp_orchestrator.offers import Fetching, raw


class MCPOrchestrator(Face):
    """Calls many MCP servers, each behind a supervised actor. Thread-safe; every wait has an end.

    >>> from mcp_orchestrator import MCPOrchestrator
    >>> with MCPOrchestrator("orchestrator.toml") as orchestrator:
    ...     queue = orchestrator.call_tool("sabnzbd", "get_queue").data
    """

    def __enter__(self) -> Self:
        """Connect to all servers; calls to one that is not ready wait for it within their deadlines."""
        self.connect_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Shut down."""
        self.shutdown()

    # -- connections ----------------------------------------------------------------------------------------------

    def connect_all(self) -> dict[str, bool]:
        """Connect all enabled servers at once; return which are ready.

        It ends when each is ready or has failed `max_retries` + 1 connects, after `start_timeout_s` at the latest;
        what is not ready goes on being tried. Never raises for a server.
        """
        return self._replies(self._connecting(self._enabled()))

    def connect(self, server: str) -> bool:
        """Connect one server, unless it is; return whether it is ready. UnknownServerError for a wrong name."""
        return self._one(self._connecting([self._known(server)]))

    def reconnect(self, server: str) -> bool:
        """Connect one server anew, also if it is connected; return whether it is ready."""
        return self._one(self._connecting([self._known(server)], anew=True))

    def disconnect(self, server: str) -> bool:
        """Disconnect one server: its calls end, its child is gone. Return whether that was so in time."""
        return self._one(self._disconnecting([self._known(server)]))

    def disconnect_all(self) -> dict[str, bool]:
        """Disconnect all servers at once; return which are gone."""
        return self._replies(self._disconnecting(self._enabled()))

    # -- calls ----------------------------------------------------------------------------------------------------

    def submit(
        self,
        server: str | None,
        tool: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> CallFuture:
        """Hand a call over and return at once; the future's result is a ToolResult. Arguments as in `call_tool`."""
        return self._submit(server, tool, params, timeout, on_progress).future

    def call_tool(
        self,
        server: str | None,
        tool: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> ToolResult:
        """Call a tool and wait for its one outcome: the result, or an MCPOrchestratorError, by the deadline.

        * `server`: name or alias; None: of those that offer the tool and are up, the one of the lowest `priority`.
        * `timeout`: seconds for all of it, queueing and retries included; None: as configured.
        * `on_progress`: called with (progress, total or None, message or None) on the callbacks thread.
        * Mistakes are raised at once: UnknownServerError (a ValueError), MCPConnectionError for a server never
          connected, ValueError, TypeError. Every other error says in `executed` whether the server can have run it.
        """
        call = self._submit(server, tool, params, timeout, on_progress)
        return cast("ToolResult", outcome_of(call, self._engine.runtime.clock))

    def request(  # noqa: PLR0913 -- all that a caller may say
        self,
        server: str,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
        caller: Caller | None = None,
    ) -> dict[str, Any]:
        """Send any client request and return the raw result. `_meta` in `params` goes along, but for our own keys.

        Not `initialize`, and no notification: ValueError. `caller`: for gateways, on whose behalf they ask.
        """
        plan = self._asking.request(server, method, params, timeout, on_progress, caller)
        return self._result(self._engine.submit(plan))

    def call_tools_parallel(  # noqa: PLR0913 -- the names are the specification's
        self,
        calls: Sequence[ToolCall | Mapping[str, Any]],
        *,
        timeout: float | None = None,
        max_parallel: int | None = None,
        cancel_on_critical_failure: bool = False,
        progress_callback: Callable[[int, int], object] | None = None,
        on_result: Callable[[CallOutcome], object] | None = None,
    ) -> list[CallOutcome]:
        """Make many calls; return their outcomes in the order of `calls`. Never raises for one call.

        * `calls`: ToolCall or dicts {server, tool, params, timeout, critical}.
        * `timeout`: seconds for the whole batch; a call's own time starts when it is released. None: no limit
          beside those of the calls.
        * `max_parallel`: calls under way at once; None: `max_parallel_calls`.
        * `cancel_on_critical_failure`: the failure of a call marked critical cancels the others.
        * `progress_callback(completed, total)`, `on_result(outcome)`: on the callbacks thread.
        """
        batch, longest_s = self._submit_batch(
            calls, timeout, max_parallel, cancel_on_critical_failure, progress_callback, on_result
        )
        return list_of(batch, longest_s)

    # -- prompts, resources ---------------------------------------------------------------------------------------

    def list_prompts(self, server: str, *, timeout: float | None = None) -> list[Entry]:
        """Ask a server for its prompts, all pages of them within `timeout` seconds; return them raw, in its order.

        The same holds for the other two lists: [] from a server that offers no such thing; at most 10,000 entries,
        1,000 pages and 64 MiB, the rest is left out, and the log says so. Errors as for a call.
        """
        return self._all(self._offers.fetching(server, PROMPTS, timeout))

    def get_prompt(
        self, server: str, name: str, arguments: Mapping[str, str] | None = None, *, timeout: float | None = None
    ) -> dict[str, Any]:
        """Return a prompt, raw: {messages, description, …}. Its arguments are text; the server fills them in."""
        return self._result(self._offers.prompt(server, name, arguments, timeout))

    def list_resources(self, server: str, *, timeout: float | None = None) -> list[Entry]:
        """Ask a server for its resources; see `list_prompts`."""
        return self._all(self._offers.fetching(server, RESOURCES, timeout))

    def list_resource_templates(self, server: str, *, timeout: float | None = None) -> list[Entry]:
        """Ask a server for the templates of the URIs that it can read beside its resources; see `list_prompts`."""
        return self._all(self._offers.fetching(server, TEMPLATES, timeout))

    def read_resource(self, server: str, uri: str, *, timeout: float | None = None) -> dict[str, Any]:
        """Return a resource, raw: {contents: [{uri, text or blob (base64), mimeType, …}], …}."""
        return self._result(self._offers.resource(server, uri, timeout))

    def complete(
        self,
        server: str,
        ref: Mapping[str, Any],
        argument: Mapping[str, str],
        context: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Ask how an argument may go on; return {completion: {values, total, hasMore}, …}, raw.

        * `ref`: {"type": "ref/prompt", "name": …}, or {"type": "ref/resource", "uri": …} with a template's URI.
        * `argument`: {"name": …, "value": …}, what there is of it so far.
        * `context`: {"arguments": {…}}, the arguments that are decided already.
        """
        return self._result(self._offers.completion(server, ref, argument, context, timeout))

    # -- what there is --------------------------------------------------------------------------------------------

    def list_tools(self, server: str) -> list[Tool]:
        """Return the tools of one server, raw, as it listed them last, perhaps in an earlier run; [] if never."""
        return views.tools(self._board, self._known(server))

    def list_all_tools(self) -> dict[str, list[Tool]]:
        """Return the tools of every enabled server."""
        return {name: views.tools(self._board, name) for name in self._enabled()}

    def server(self, server: str) -> ServerHandle[CallFuture]:
        """Return a handle: `handle.get_queue(limit=5)` submits a call and returns its future."""
        return ServerHandle(
            self._known(server), self.submit, lambda name: views.tools(self._board, name), self.get_server_status
        )

    # -- health ---------------------------------------------------------------------------------------------------

    def health_check(self, server: str) -> bool:
        """Ping one server; return whether it answered."""
        return self._one(self._checking([self._known(server)]))

    def health_check_all(self) -> dict[str, bool]:
        """Ping all enabled servers at once."""
        return self._replies(self._checking(self._enabled()))

    def health_check_detailed(self, server: str) -> dict[str, Any]:
        """Ping one server; return {server, healthy, response_time, last_check_time, status, misses, …}."""
        healthy = self.health_check(server)
        return views.health(self._board, self._engine.runtime, self._known(server), healthy=healthy)

    # -- state, life ----------------------------------------------------------------------------------------------

    def check_alive(self, timeout: float = 5.0) -> bool:
        """Say whether supervisor and router each take a turn within so many seconds: whether calls get anywhere."""
        return reply_of(self._engine.roll_call(), timeout, otherwise=False)

    def enable(self, server: str) -> bool:
        """Serve a server that is disabled, and connect it. Return whether that changed anything.

        It holds over reloads and `restart`: until `disable`, or until a configuration says so itself, or has no such
        server any more; at the latest until the process ends.
        """
        return reply_of(self._switching(server, on=True), 5.0, otherwise=False)

    def disable(self, server: str) -> bool:
        """End a server's connection and refuse its calls, for as long as `enable` says. Return as `enable` does.

        Calls that are under way may finish, for five seconds.
        """
        return reply_of(self._switching(server, on=False), 5.0, otherwise=False)

    def save_state(self) -> bool:
        """Write what is kept to disk now; False if that is not possible (see `get_stats()["store"]`)."""
        return reply_of(self._engine.keeping.save(), 5.0, otherwise=False)

    def reload(self, config: Source) -> list[str]:
        """Take a new configuration; only servers whose section changed are touched. Return their names.

        ConfigurationError, and nothing changed, if it has a mistake. What `[orchestrator]` says of state holds from
        the next start; the rest of it at once. Of several at once, one is the last, and holds whole.
        """
        return reply_of(self._reloading(config), 5.0, otherwise=[])

    def restart(self) -> dict[str, bool]:
        """Shut down and start again with the same configuration; return which servers are ready."""
        self.shutdown()
        self._start(self._engine.given)
        return self.connect_all()

    def callbacks_done(self, timeout: float = 1.0) -> None:
        """Return once the callbacks have run that were due before: what a call was told meanwhile, after its result.

        After `timeout` seconds it returns anyway: the callbacks thread may be kept busy by code that is not ours.
        """
        reached: Future[None] = Future()
        self._engine.runtime.run_later(partial(reached.set_result, None))
        reply_of(reached, timeout, otherwise=None)

    def shutdown(self, *, graceful: bool = True, timeout: float | None = None, force: bool = False) -> list[str]:
        """Stop everything; return what is left behind, which is nothing if all went well.

        * `graceful`: calls under way may finish, for `timeout` seconds (None: `shutdown_timeout_s`).
        * `force`: connections that do not close within that time are broken off, children killed.
        * A second call does nothing, unless it forces: then it hurries a shutdown whose wait was broken off.
        * Calls that have not ended by then are ended, saying whether they can have been executed.
        """
        finish_s, gone_s = self._shutdown_times(graceful=graceful, timeout=timeout, force=force)
        if self._over and not force:
            return []
        self._over = True
        return self._shut_down(finish_s, gone_s)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _result(self, call: Call) -> dict[str, Any]:
        return raw(outcome_of(call, self._engine.runtime.clock))

    def _all(self, fetching: Fetching) -> list[Entry]:
        return all_of(fetching, self._engine.runtime.clock)

    def _replies(self, replies: Replies) -> dict[str, bool]:
        return replies_of(replies, self._engine.runtime.clock)

    def _one(self, replies: Replies) -> bool:
        (answer,) = self._replies(replies).values()
        return answer
