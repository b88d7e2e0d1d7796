"""What both faces share: everything that does not wait."""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Literal

from actors.batches import Batch, BatchWishes, CallOutcome
from actors.breaker import State as BreakerState
from actors.call import Call, OnProgress, ServerName
from actors.calling import Tracer, Tracing
from actors.errors import ConfigurationError
from actors.inputs import InputHandlers, Inputs, OnElicitation, OnSampling, Roots
from actors.mailbox import tell
from actors.messages import ForceBreaker, SubscribeResource
from actors.notices import Notification
from actors.replies import answer
from actors.runtime import Runtime
from actors.transport import TransportFactory
from mcp_orchestrator.asking import Asking, ToolCall, callback_mistake, check_callbacks, seconds
from mcp_orchestrator.blocking import GRACE_S, Replies, reply_of
from mcp_orchestrator.config import OrchestratorConfig, Source, load
from mcp_orchestrator.engine import Engine, FailedCall
from mcp_orchestrator.in_force import Switch
from mcp_orchestrator.offers import Offers
from mcp_orchestrator.reading import Reading
from mcp_orchestrator.watching import Watchers

_RELEASE_S = 5.0  # For connections to close in good order: stdin, SIGTERM and SIGKILL have 2 s each, at most.
_FORCED_RELEASE_S = 0.25
_LONGEST_S = 365 * 86400.0  # For a batch without a limit: its calls have theirs.


class Face(Reading):
    """Makes an engine, checks what callers say, and hands it over. The waiting is the faces' own.

    * `config`: a path (TOML, or JSON as MCP clients have it), a dict, or an OrchestratorConfig.
    * `on_error`: called with a FailedCall for every call that fails, on the callbacks thread.
    * `on_notification`: called with a Notification for every one of a server but progress, there too. Of a server that
      sends them faster than they are taken, a thousand wait, or 16 MiB; what comes beyond is dropped, and counted in
      `get_stats`.
    * `on_elicitation`: called with an Elicitation when a server asks the user for something. It returns
      {"action": "accept" | "decline" | "cancel", "content": {field: value}}; what an accepted form leaves out gets
      the defaults of its schema.
    * `on_sampling`: called with a Sampling when a server wants a language model to answer. It returns {"role":
      "assistant", "content": {"type": "text", "text": …}, "model": …}.
    * `roots`: the folders that servers may work in: a list of paths, file URIs or {"uri": …, "name": …}; or a
      function that returns one. Mistakes in any of these are a ConfigurationError.
    * Of the last three, only what is given is declared to servers. They run on threads of their own, several at once,
      and may take their time, within the deadline of the call that asks. One that raises gives no answer.
    * `runtime`, `transport_factory`: the seam for tests.
    """

    def __init__(  # noqa: PLR0913 -- what a user may want to hear and to answer, and the seam for tests
        self,
        config: Source,
        *,
        on_error: Callable[[FailedCall], object] | None = None,
        on_notification: Callable[[Notification], object] | None = None,
        on_elicitation: OnElicitation | None = None,
        on_sampling: OnSampling | None = None,
        roots: Roots | None = None,
        runtime: Runtime | None = None,
        transport_factory: TransportFactory | None = None,
    ) -> None:
        for name, callback in (("on_error", on_error), ("on_notification", on_notification)):
            if mistake := callback_mistake(name, callback):
                raise ConfigurationError(mistake)
        self._on_notification, self._watchers, self._tracing = on_notification, Watchers(), Tracing()
        self._switched: dict[ServerName, Switch] = {}
        self._engine_for = partial(
            Engine,
            runtime=runtime,
            transport_factory=transport_factory,
            on_error=on_error,
            on_notification=on_notification,
            watchers=self._watchers,
            tracing=self._tracing,
            switches=self._switched,
            inputs=InputHandlers(on_elicitation=on_elicitation, on_sampling=on_sampling, roots=roots),
        )
        self._start(load(config))

    def trace(self, tracer: Tracer | None) -> None:
        """Have every call noted from now on: by `mcp_orchestrator.observing.spans.CallSpans`, or by nobody."""
        self._engine_of_the_time.check_usable()
        self._tracing.by = tracer

    def force_circuit_breaker(
        self, server: str, state: Literal["open", "closed"], reason: str = "", *, for_s: float | None = None
    ) -> bool:
        """Hold a server's circuit breaker open or closed, whatever happens, for every call that is made from now on.

        * `state`: "open": calls are refused with CircuitBreakerOpenError; "closed": the breaker refuses none.
        * `reason`: for people; `explain` and the incidents say it.
        * `for_s`: seconds; None: until `reset_circuit_breaker`, or the end of this run.
        * Returns False, and nothing is forced, for a server without an actor: disabled, parked, just restarting.
        """
        wanted = {"open": BreakerState.OPEN, "closed": BreakerState.CLOSED}.get(state)
        if wanted is None:
            raise ValueError(f"state must be 'open' or 'closed', not {state!r}")
        until = math.inf if for_s is None else self._engine.runtime.clock() + seconds(for_s, "for_s")
        return self._tell(server, ForceBreaker(state=wanted, reason=reason, until=until))

    def reset_circuit_breaker(self, server: str) -> bool:
        """End what `force_circuit_breaker` began: the breaker is what it would be without. Returns as it does."""
        return self._tell(server, ForceBreaker(state=None, reason="", until=math.inf))

    def subscribe_resource(self, server: str, uri: str) -> bool:
        """Have a server tell when a resource changes: `on_notification` hears notifications/resources/updated.

        * It holds for every connection from now on, until `unsubscribe_resource` or the end of this run. It does not
          wait for the server.
        * Returns False, and nothing is remembered, for a server without an actor: disabled, parked, just restarting.
        * ValueError if there is no `on_notification`; MCPToolError if the server offers no subscriptions.
        """
        to, order = self._offers.subscription(server, uri, wanted=True)
        if self._on_notification is None:
            raise ValueError("nobody would hear of it: make the orchestrator with on_notification")
        return self._tell(to, order)

    def unsubscribe_resource(self, server: str, uri: str) -> bool:
        """End what `subscribe_resource` began. Returns as it does."""
        return self._tell(*self._offers.subscription(server, uri, wanted=False))

    def branch(
        self, config: OrchestratorConfig, *, inputs: Inputs, on_notification: Callable[[Notification], object]
    ) -> Engine:
        """Return connections beside these for one caller of a gateway, who answers what servers ask. See Engine."""
        return self._engine.branch(config, inputs=inputs, on_notification=on_notification)

    def start_periodic_health_checks(self, interval: float | None = None) -> None:
        """Ping every `interval` seconds; None: `health_check_interval_s`. They run from the start anyway."""
        configured_s = self._engine.config.health_check_interval_s
        self._engine.set_health_interval(configured_s if interval is None else seconds(interval, "interval"))

    def stop_periodic_health_checks(self) -> None:
        """Ping no more by itself."""
        self._engine.set_health_interval(None)

    # -- for the faces --------------------------------------------------------------------------------------------

    def _start(self, config: OrchestratorConfig) -> None:
        self._over, self._engine_of_the_time = False, self._engine_for(config)

    @property
    def _asking(self) -> Asking:
        return self._engine.asking

    @property
    def _offers(self) -> Offers:
        engine = self._engine
        return Offers(engine.asking, engine.submit, engine.runtime.clock)

    def _tell(self, server: str, order: ForceBreaker | SubscribeResource) -> bool:
        """Tell a server's actor; return whether there was one, looking after the put as in `hand_over`."""
        mailbox = self._board.directory.servers.get(self._known(server))
        if mailbox is None:
            return False
        tell(mailbox, order)
        return mailbox.is_alive()

    def _submit(
        self,
        server: str | None,
        tool: str,
        params: Mapping[str, Any] | None,
        timeout: float | None,
        on_progress: OnProgress | None,
    ) -> Call:
        engine = self._engine
        return engine.submit(engine.asking.plan(server, tool, params, timeout, on_progress))

    def _submit_batch(  # noqa: PLR0913, PLR0917 -- a batch's wishes, as the faces' methods have them
        self,
        calls: Sequence[ToolCall | Mapping[str, Any]],
        timeout: float | None,
        max_parallel: int | None,
        cancel_on_critical_failure: bool,  # noqa: FBT001
        progress_callback: Callable[[int, int], object] | None,
        on_result: Callable[[CallOutcome], object] | None,
    ) -> tuple[Batch, float]:
        """Hand a batch over. Return it, and the seconds by which it ends at the latest."""
        check_callbacks(progress_callback=progress_callback, on_result=on_result)
        items = self._asking.items(calls)
        self._asking.check_limits(timeout, max_parallel)
        longest_s = sum(item.plan.timeout_s for item in items if item.plan is not None)
        longest_s = min(longest_s if timeout is None else timeout, _LONGEST_S)
        wishes = BatchWishes(
            deadline=self._engine.runtime.clock() + longest_s,
            max_parallel=max_parallel or self._engine.config.max_parallel_calls,
            cancel_on_critical_failure=cancel_on_critical_failure,
            progress_callback=progress_callback,
            on_result=on_result,
        )
        return self._engine.submit_batch(items, wishes), longest_s

    def _connecting(self, servers: Sequence[ServerName], *, anew: bool = False) -> Replies:
        give_up_at = self._engine.runtime.clock() + self._engine.config.start_timeout_s
        return {name: (self._engine.connect(name, anew=anew), give_up_at) for name in servers}

    def _disconnecting(self, servers: Sequence[ServerName]) -> Replies:
        give_up_at = self._engine.runtime.clock() + _RELEASE_S
        return {name: (self._engine.disconnect(name), give_up_at) for name in servers}

    def _checking(self, servers: Sequence[ServerName]) -> Replies:
        now, configs = self._engine.runtime.clock(), self._engine.config.servers
        return {
            name: (self._engine.check_health(name), now + 2 * configs[name].connect_timeout_s + 1.0) for name in servers
        }

    def _reloading(self, config: Source) -> Future[list[str]]:
        return self._engine.reload(load(config))

    def _switching(self, server: str, *, on: bool) -> Future[bool]:
        name, changed = self._known(server), Future[bool]()
        was = self._engine.config.servers[name].enabled
        self._engine.switch(name, on=on).add_done_callback(lambda _: answer(changed, yes=was is not on))
        return changed

    def _shutdown_times(self, *, graceful: bool, timeout: float | None, force: bool) -> tuple[float, float]:
        finish_s = self._engine.config.shutdown_timeout_s if timeout is None else timeout and seconds(timeout)
        return finish_s if graceful else 0.0, _FORCED_RELEASE_S if force else _RELEASE_S

    def _end_questions(self) -> None:
        """Break off handlers that still ask somebody, if that is possible: every call has ended."""

    def _shut_down(self, finish_s: float, gone_s: float) -> list[str]:
        reply = self._engine.shut_down(finish_s=finish_s, gone_s=gone_s)
        answered = reply_of(reply, finish_s + gone_s + GRACE_S, otherwise=["supervisor"])
        silent = [name for name in answered if name == "supervisor"]
        self._end_questions()
        return silent + self._engine.end(GRACE_S)
