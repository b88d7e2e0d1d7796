"""Everything of an orchestrator but its face: actors, threads, state. Nothing here waits for a server."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pykka

from actors.batches import Batch, BatchId, BatchItem, BatchWishes
from actors.board import Board
from actors.call import Call, SendTicket, ServerName
from actors.calling import CallMaker, Plan, Tracing
from actors.errors import MCPOrchestratorError
from actors.inputs import Inputs
from actors.mailbox import hand_over, tell
from actors.messages import PerformCall
from actors.notices import Notices, Notification
from actors.router import CancelBatch, RouterActor, RunBatch
from actors.runtime import Runtime, ThreadRuntime
from actors.status import Incident, ServerStatus
from actors.transport import TransportFactory
from mcp_orchestrator.at_exit import may_be_forgotten, not_to_be_forgotten
from mcp_orchestrator.blocking import GRACE_S, reply_of
from mcp_orchestrator.branches import Branches, joined
from mcp_orchestrator.config import OrchestratorConfig
from mcp_orchestrator.failed_call import FailedCall
from mcp_orchestrator.forks import this_process
from mcp_orchestrator.in_force import InForce, Switch
from mcp_orchestrator.keeping import Keeping
from mcp_orchestrator.supervised import Supervised
from mcp_orchestrator.watching import Watchers
from mcp_orchestrator.wires import Wires
from supervisors.children import Roster
from supervisors.messages import (
    ShutDown,
)
from supervisors.nursery import Nursery
from supervisors.restarts import Restarts
from supervisors.supervisor import SupervisorActor, answer_list
from supervisors.ticker import Ticker

__all__ = ["Engine", "FailedCall"]

_DEATHS, _WITHIN_S = 2, 60.0  # So many deaths of supervisor or router are mended; one more is the end.
_ENDED_WITHIN = 5  # Times the timeout: each part of the end has it for itself.


class Engine(Supervised):
    """Started when made, ended by `end`. All methods return at once; what they return is waited for by a face.

    * It belongs to the process that made it: after a fork, every use raises RuntimeError.
    * Supervisor and router are replaced when they die; too many deaths, and the engine is broken: every call is
      refused with ServerUnavailableError, and nothing hangs.
    """

    def __init__(  # noqa: PLR0913 -- what the faces are given, and the seam for tests
        self,
        config: OrchestratorConfig,
        *,
        runtime: Runtime | None = None,
        transport_factory: TransportFactory | None = None,
        on_error: Callable[[FailedCall], object] | None = None,
        on_notification: Callable[[Notification], object] | None = None,
        watchers: Watchers | None = None,
        tracing: Tracing | None = None,
        switches: dict[ServerName, Switch] | None = None,
        inputs: Inputs | None = None,
        trunk: Branches | None = None,
    ) -> None:
        self._on_error, self._watchers = on_error, watchers or Watchers()
        self._own_runtime = self.wires = None
        self._left: list[str] | None = None  # By the end of it.
        self._ends: dict[str, Future[list[str]]] = {}  # The one end, once it has begun.
        if runtime is None:
            runtime = self._own_runtime = ThreadRuntime(Ticker())
        if transport_factory is None:
            transport_factory = self.wires = Wires(runtime.clock)
        self._connect, self._trunk, self._branches = transport_factory, trunk, Branches()
        board = Board()
        super().__init__(runtime, board, InForce(config, {} if switches is None else switches, board))
        self.keeping = Keeping(self.config, self.runtime, self.board, self._watchers.on_incident)
        self._tracing = tracing or Tracing()
        self._maker = CallMaker(self.runtime, self.board, self._failed, self._tracing)
        self._deaths = Restarts(most=_DEATHS, window_s=_WITHIN_S)
        self._nursery = Nursery(
            runtime=self.runtime,
            board=self.board,
            connect=transport_factory,
            roster=self._roster,
            publish=self._publish,
            remember=self._remember,
            notify=None if on_notification is None else Notices(on_notification, runtime.run_later),
            inputs=inputs,
        )
        for server in self.config.servers.values():
            self._nursery.add(server, self.keeping.memory(server.name))
        self._start_router()
        self._start_supervisor()
        not_to_be_forgotten(self)

    def branch(
        self, config: OrchestratorConfig, *, inputs: Inputs, on_notification: Callable[[Notification], object]
    ) -> "Engine":
        """Return an engine with connections of its own, on the threads of this one: it ends with it, if not before.

        ServerUnavailableError: nothing is begun any more.
        """
        if (refusal := self.board.refusal()) is not None:
            raise refusal
        branch = Engine(
            config,
            runtime=self.runtime,
            transport_factory=self._connect,
            on_error=self._on_error,
            on_notification=on_notification,
            tracing=self._tracing,
            inputs=inputs,
            trunk=self._branches,
        )
        self._branches.add(branch)
        return branch

    # -- calls ----------------------------------------------------------------------------------------------------

    def submit(self, plan: Plan) -> Call:
        """Hand one call over; when this returns, it will have its outcome by its deadline."""
        self.check_usable()
        call = self._maker.make(plan, SendTicket())
        if (refusal := self.board.refusal()) is not None:
            call.refuse(refusal)
        else:
            hand_over(self.board.router, PerformCall(call=call), call)
        return call

    def submit_batch(self, items: list[BatchItem], wishes: BatchWishes) -> Batch:
        """Hand a batch over; its list will be complete by its deadline."""
        self.check_usable()
        if (tracer := self._tracing.by) is not None:  # The router makes the calls, which knows nothing of this thread.
            items = [item if item.plan is None else replace(item, plan=tracer.carried(item.plan)) for item in items]
        batch = Batch(items, wishes, run_later=self.runtime.run_later, tell_cancel=self._tell_cancel_batch)
        if (refusal := self.board.refusal()) is not None:
            batch.refuse(refusal)
        else:
            hand_over(self.board.router, RunBatch(batch=batch), batch)
        return batch

    # -- the end --------------------------------------------------------------------------------------------------

    def shut_down(self, *, finish_s: float, gone_s: float) -> Future[list[str]]:
        """Take nothing more; finish what is owed within `finish_s`, be gone within `gone_s` after that."""
        self.check_usable()
        self.board.closing = True
        reply: Future[list[str]] = Future()
        deadline = self.runtime.clock() + finish_s
        mine = self._ask(ShutDown(deadline=deadline, gone_by=deadline + gone_s, reply=reply), reply, otherwise=[])
        return joined([*self._branches.shut_down(finish_s=finish_s, gone_s=gone_s), mine])

    def end(self, timeout_s: float) -> list[str]:
        """Stop what is left, in the reverse order of the start. Blocks up to `timeout_s`; returns what is left."""
        if self._pid != this_process():
            return []
        mine: Future[list[str]] = Future()
        if (under_way := self._ends.setdefault("end", mine)) is not mine:  # Another thread's, or it has come before.
            return reply_of(under_way, _ENDED_WITHIN * timeout_s, otherwise=["shutdown"])
        try:
            mine.set_result(self._end_all(timeout_s))
        finally:
            if not mine.done():  # Ctrl-C, which broke it off: whoever comes next begins anew.
                self._ends.clear()
                mine.set_result(["shutdown"])
        return mine.result()

    def _end_all(self, timeout_s: float) -> list[str]:
        self.board.closing = True
        left = self._branches.end(timeout_s)
        servers = [actor.actor_ref for child in self._nursery.children() for actor in child.actors()]
        for actor in (self.board.supervisor, self.board.router, *servers):
            if isinstance(actor, pykka.ActorRef):
                with suppress(pykka.ActorDeadError):
                    actor.stop(block=False)
        left += self.keeping.close(timeout_s)
        left += self.wires.close(timeout_s) if self.wires is not None else []
        left += self._own_runtime.close(timeout_s=timeout_s) if self._own_runtime is not None else []
        may_be_forgotten(self)
        if self._trunk is not None:
            self._trunk.discard(self)
        self._left = [name for name in left if not name.startswith("child ")]
        return self._nursery.left_behind() + left

    @property
    def children(self) -> int:
        """How many child processes there are."""
        return 0 if self.wires is None else self.wires.children

    def connected_children(self) -> int:
        """Return how many child processes there may be: one for each connection by pipes."""
        return self._nursery.connected_children() + self._branches.connected_children()

    def leaks(self) -> dict[str, int]:
        """Return how many connections, threads, child processes and calls are there though none should be."""
        over, now = self._left is not None, self.runtime.clock()
        connections, threads = self._nursery.leaked()
        if over:
            connections = len(self._nursery.left_behind())
        children = self.children
        calls = [call for call in self.board.calls.copy().values() if over or call.deadline + GRACE_S < now]
        return {
            "connections": connections,
            "threads": threads + len(self._left or ()),
            "children": children if over else max(children - self.connected_children(), 0),
            "calls": len(calls),
        }

    # -- inside ---------------------------------------------------------------------------------------------------

    def _roster(self) -> Roster:
        roster = self._in_force.roster()
        self.keeping.reconfigured(self.config)
        return roster

    def _tell_cancel_batch(self, batch_id: BatchId) -> None:
        tell(self.board.router, CancelBatch(batch_id=batch_id))

    def _start_router(self) -> None:
        died = partial(self._died, "router", self._start_router)
        self.board.router = self.runtime.start(RouterActor, board=self.board, maker=self._maker, on_death=died)

    def _start_supervisor(self) -> None:
        died = partial(self._died, "supervisor", self._start_supervisor)
        supervisor = self.runtime.start(SupervisorActor, board=self.board, nursery=self._nursery, on_death=died)
        self.board.supervisor = supervisor
        tell(supervisor, self._reload)  # What was asked of the one before, who perhaps did not get to it.

    def _died(self, who: str, start: Callable[[], None], why: str) -> None:
        # On the thread of the one who died: it has paid all it owed.
        if self.board.closing:
            return
        if self._deaths.crashed(self.runtime.clock(), self.runtime.jitter()) is None:
            self.board.broken = f"the {who} ended too often; the last time: {why}"
            answer_list(self._reload.reply, [])
        else:
            start()

    def _publish(self, status: ServerStatus) -> None:
        known = self.board.statuses.get(status.server)
        if known is None or known.generation <= status.generation:  # Else it speaks of what is over.
            self.keeping.published(known, status)
            self.board.statuses[status.server] = status
            self._watchers.on_status(status)

    def _remember(self, incident: Incident) -> None:
        self.keeping.happened(incident)

    def _failed(self, call: Call, error: MCPOrchestratorError) -> None:
        is_logged = FailedCall.is_logged()
        if self._on_error is None and not is_logged:
            return
        failed = FailedCall(server=call.server, tool=call.tool, error=error, attempt=call.attempts)
        if is_logged:
            self.runtime.run_later(failed.log)
        if self._on_error is not None:
            self.runtime.run_later(partial(self._on_error, failed))
