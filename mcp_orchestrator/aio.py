"""The asynchronous face: the same names, awaited; the same actors behind it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Any, Self, cast

from actors.batches import CallOutcome
from actors.call import Call, CallFuture, OnProgress
from actors.caller import Caller
from actors.catalogue import Tool
from actors.inputs import Elicitation, Root, Sampling
from actors.mcp.paging import PROMPTS, RESOURCES, TEMPLATES, Entry
from actors.notices import Notification
from actors.results import ToolResult
from actors.runtime import Runtime
from actors.transport import TransportFactory
from mcp_orchestrator import views
from mcp_orchestrator.asking import ToolCall
from mcp_orchestrator.awaiting import all_of, list_of, outcome_of, replies_of, reply_of
from mcp_orchestrator.blocking import Replies
from mcp_orchestrator.config import Source
from mcp_orchestrator.face import Face
from mcp_orchestrator.failed_call import FailedCall
from mcp_orchestrator.handles import ServerHandle
from mcp_orchestrator.last_loop import Handler, LastLoop
from mcp_orchestrator.offers import Fetching, raw


class AsyncMCPOrchestrator(Face):
    """MCPOrchestrator for asyncio: nothing here blocks the loop. What a method does, its blocking namesake says.

    It may be made before a loop runs, and be used from several loops. A cancelled task cancels its calls.

    `on_elicitation`, `on_sampling` and `roots` may be coroutine functions: they run on the loop that connected last.
    All other callbacks are plain functions on the callbacks thread; `loop.call_soon_threadsafe` leads back to the loop.

    >>> import asyncio
    >>> from mcp_orchestrator import AsyncMCPOrchestrator
    >>> async def main() -> None:
    ...     async with AsyncMCPOrchestrator("orchestrator.toml") as orchestrator:
    ...         queue = (await orchestrator.call_tool("sabnzbd", "get_queue")).data
    >>> asyncio.run(main())
    """

    def __init__(  # noqa: PLR0913 -- as Face, whose words hold
        self,
        config: Source,
        *,
        on_error: Callable[[FailedCall], object] | None = None,
        on_notification: Callable[[Notification], object] | None = None,
        on_elicitation: Handler[[Elicitation], Mapping[str, Any]] | None = None,
        on_sampling: Handler[[Sampling], Mapping[str, Any]] | None = None,
        roots: Sequence[Root] | Handler[[], Sequence[Root]] | None = None,
        runtime: Runtime | None = None,
        transport_factory: TransportFactory | None = None,
    ) -> None:
        """See MCPOrchestrator."""
        self._last_loop = LastLoop()
        super().__init__(
            config,
            on_error=on_error,
            on_notification=on_notification,
            on_elicitation=self._last_loop.blocking(on_elicitation),
            on_sampling=self._last_loop.blocking(on_sampling),
            roots=self._last_loop.blocking(roots) if callable(roots) else roots,
            runtime=runtime,
            transport_factory=transport_factory,
        )

    async def __aenter__(self) -> Self:
        """Connect to all servers."""
        await self.connect_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Shut down."""
        await self.shutdown()

    async def connect_all(self) -> dict[str, bool]:
        """See MCPOrchestrator."""
        self._last_loop.enter()
        return await self._replies(self._connecting(self._enabled()))

    async def connect(self, server: str) -> bool:
        """See MCPOrchestrator."""
        self._last_loop.enter()
        return await self._one(self._connecting([self._known(server)]))

    async def reconnect(self, server: str) -> bool:
        """See MCPOrchestrator."""
        self._last_loop.enter()
        return await self._one(self._connecting([self._known(server)], anew=True))

    async def disconnect(self, server: str) -> bool:
        """See MCPOrchestrator."""
        return await self._one(self._disconnecting([self._known(server)]))

    async def disconnect_all(self) -> dict[str, bool]:
        """See MCPOrchestrator."""
        return await self._replies(self._disconnecting(self._enabled()))

    def submit(
        self,
        server: str | None,
        tool: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> CallFuture:
        """See MCPOrchestrator; not awaited. `asyncio.wrap_future` makes the future awaitable."""
        return self._submit(server, tool, params, timeout, on_progress).future

    async def call_tool(
        self,
        server: str | None,
        tool: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- the deadline is the actor's, not the task's
        on_progress: OnProgress | None = None,
    ) -> ToolResult:
        """See MCPOrchestrator."""
        call = self._submit(server, tool, params, timeout, on_progress)
        return cast("ToolResult", await outcome_of(call, self._engine.runtime.clock))

    async def request(  # noqa: PLR0913 -- as MCPOrchestrator
        self,
        server: str,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- as above
        on_progress: OnProgress | None = None,
        caller: Caller | None = None,
    ) -> dict[str, Any]:
        """See MCPOrchestrator."""
        plan = self._asking.request(server, method, params, timeout, on_progress, caller)
        return await self._result(self._engine.submit(plan))

    async def call_tools_parallel(  # noqa: PLR0913 -- the names are the specification's
        self,
        calls: Sequence[ToolCall | Mapping[str, Any]],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- as above
        max_parallel: int | None = None,
        cancel_on_critical_failure: bool = False,
        progress_callback: Callable[[int, int], object] | None = None,
        on_result: Callable[[CallOutcome], object] | None = None,
    ) -> list[CallOutcome]:
        """See MCPOrchestrator."""
        batch, longest_s = self._submit_batch(
            calls, timeout, max_parallel, cancel_on_critical_failure, progress_callback, on_result
        )
        return await list_of(batch, longest_s)

    async def list_prompts(self, server: str, *, timeout: float | None = None) -> list[Entry]:  # noqa: ASYNC109 -- as above
        """See MCPOrchestrator."""
        return await self._all(self._offers.fetching(server, PROMPTS, timeout))

    async def get_prompt(
        self,
        server: str,
        name: str,
        arguments: Mapping[str, str] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- as above
    ) -> dict[str, Any]:
        """See MCPOrchestrator."""
        return await self._result(self._offers.prompt(server, name, arguments, timeout))

    async def list_resources(self, server: str, *, timeout: float | None = None) -> list[Entry]:  # noqa: ASYNC109 -- as above
        """See MCPOrchestrator."""
        return await self._all(self._offers.fetching(server, RESOURCES, timeout))

    async def list_resource_templates(self, server: str, *, timeout: float | None = None) -> list[Entry]:  # noqa: ASYNC109 -- as above
        """See MCPOrchestrator."""
        return await self._all(self._offers.fetching(server, TEMPLATES, timeout))

    async def read_resource(self, server: str, uri: str, *, timeout: float | None = None) -> dict[str, Any]:  # noqa: ASYNC109 -- as above
        """See MCPOrchestrator."""
        return await self._result(self._offers.resource(server, uri, timeout))

    async def complete(
        self,
        server: str,
        ref: Mapping[str, Any],
        argument: Mapping[str, str],
        context: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 -- as above
    ) -> dict[str, Any]:
        """See MCPOrchestrator."""
        return await self._result(self._offers.completion(server, ref, argument, context, timeout))

    async def list_tools(self, server: str) -> list[Tool]:
        """See MCPOrchestrator."""
        return views.tools(self._board, self._known(server))

    async def list_all_tools(self) -> dict[str, list[Tool]]:
        """See MCPOrchestrator."""
        return {name: views.tools(self._board, name) for name in self._enabled()}

    def server(self, server: str) -> "ServerHandle[asyncio.Task[ToolResult]]":
        """Return a handle: `await handle.get_queue(limit=5)`. The call is a task: it begins without being awaited."""

        def call(server: str, tool: str, params: dict[str, Any], *, timeout: float | None) -> asyncio.Task[ToolResult]:
            return asyncio.ensure_future(self.call_tool(server, tool, params, timeout=timeout))

        return ServerHandle(
            self._known(server), call, lambda name: views.tools(self._board, name), self.get_server_status
        )

    async def health_check(self, server: str) -> bool:
        """See MCPOrchestrator."""
        return await self._one(self._checking([self._known(server)]))

    async def health_check_all(self) -> dict[str, bool]:
        """See MCPOrchestrator."""
        return await self._replies(self._checking(self._enabled()))

    async def health_check_detailed(self, server: str) -> dict[str, Any]:
        """See MCPOrchestrator."""
        healthy = await self.health_check(server)
        return views.health(self._board, self._engine.runtime, self._known(server), healthy=healthy)

    async def check_alive(self, timeout: float = 5.0) -> bool:  # noqa: ASYNC109 -- as above
        """See MCPOrchestrator."""
        return await reply_of(self._engine.roll_call(), timeout, otherwise=False)

    async def enable(self, server: str) -> bool:
        """See MCPOrchestrator."""
        self._last_loop.enter()
        return await reply_of(self._switching(server, on=True), 5.0, otherwise=False)

    async def disable(self, server: str) -> bool:
        """See MCPOrchestrator."""
        return await reply_of(self._switching(server, on=False), 5.0, otherwise=False)

    async def save_state(self) -> bool:
        """See MCPOrchestrator."""
        return await reply_of(self._engine.keeping.save(), 5.0, otherwise=False)

    async def reload(self, config: Source) -> list[str]:
        """See MCPOrchestrator."""
        self._last_loop.enter()
        return await reply_of(self._reloading(config), 5.0, otherwise=[])

    async def restart(self) -> dict[str, bool]:
        """See MCPOrchestrator."""
        await self.shutdown()
        await asyncio.to_thread(self._start, self._engine.given)
        return await self.connect_all()

    async def shutdown(
        self,
        *,
        graceful: bool = True,
        timeout: float | None = None,  # noqa: ASYNC109 -- as above
        force: bool = False,
    ) -> list[str]:
        """See MCPOrchestrator."""
        finish_s, gone_s = self._shutdown_times(graceful=graceful, timeout=timeout, force=force)
        if self._over and not force:
            return []
        self._over = True
        return await asyncio.to_thread(self._shut_down, finish_s, gone_s)  # Goes on if the task is cancelled.

    async def callbacks_done(self, timeout: float = 1.0) -> None:  # noqa: ASYNC109 -- as above
        """See MCPOrchestrator."""
        reached: Future[None] = Future()
        self._engine.runtime.run_later(partial(reached.set_result, None))
        await reply_of(reached, timeout, otherwise=None)

    async def _result(self, call: Call) -> dict[str, Any]:
        return raw(await outcome_of(call, self._engine.runtime.clock))

    async def _all(self, fetching: Fetching) -> list[Entry]:
        return await all_of(fetching, self._engine.runtime.clock)

    def _end_questions(self) -> None:
        self._last_loop.cancel_all()

    async def _replies(self, replies: Replies) -> dict[str, bool]:
        return await replies_of(replies, self._engine.runtime.clock)

    async def _one(self, replies: Replies) -> bool:
        (answer,) = (await self._replies(replies)).values()
        return answer
