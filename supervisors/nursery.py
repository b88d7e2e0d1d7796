"""All children of the supervisor: how each is started, replaced, parked and drained."""

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from actors.base import OwingActor
from actors.board import Board, Directory
from actors.breaker import BreakerSnapshot
from actors.call import Call, ServerName
from actors.catalogue import Catalogue
from actors.config import ServerConfig
from actors.errors import MCPOrchestratorError, Unavailable
from actors.mailbox import Mailbox, tell
from actors.messages import Connect, Drain, PredecessorGone, ServerMessage
from actors.runtime import Runtime
from actors.seat import Seat
from actors.server import ServerActor
from actors.statistics import Statistics
from actors.status import Incident, ServerStatus
from actors.transport import TransportFactory
from supervisors.health import Health
from supervisors.restarts import Restarts

_RETIRE_S = 5.0  # For the calls of an actor whose configuration was changed. Arbitrary.


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionPolicy:
    """Durations in seconds; the names are those of the configuration."""

    health_check_interval_s: float | None = 30.0
    health_check_misses: int = 3
    max_restarts: int = 5
    restart_window_s: float = 120.0
    parked_retry_s: float = 120.0
    hung_after_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is known of a server from before its first actor of this process."""

    breaker: BreakerSnapshot = field(default_factory=BreakerSnapshot)
    catalogue: Catalogue = field(default_factory=Catalogue)
    statistics: Statistics = field(default_factory=Statistics)


@dataclass(slots=True, kw_only=True)
class Child:
    """One server's place. It outlives its actors, and the supervisor.

    * `mailbox`, `actor`: of the generation that runs; None while parked.
    * `predecessors`: actors that ended, something of whose connections is perhaps left. While there are any, and
      before `due`, the running generation is `held`: it takes calls, and may not connect.
    """

    config: ServerConfig
    memory: Memory
    restarts: Restarts
    health: Health
    generation: int = -1
    actor: OwingActor[ServerMessage] | None = None
    mailbox: Mailbox | None = None
    predecessors: list[OwingActor[ServerMessage]] = field(default_factory=list[OwingActor[ServerMessage]])
    wanted: bool = False
    held: bool = False
    due: float = math.inf
    parked: str = ""
    parked_at: float = -math.inf
    drained: bool = False

    @property
    def name(self) -> ServerName:
        """The server's."""
        return self.config.name


@dataclass(frozen=True, slots=True)
class SupervisorOfTheTime:
    """The mailbox of whoever supervises now: actors outlive their supervisor."""

    board: Board

    def tell(self, message: object) -> None:
        """See Mailbox."""
        self.board.supervisor.tell(message)

    def is_alive(self) -> bool:
        """See Mailbox."""
        return self.board.supervisor.is_alive()


class Nursery:
    """Belongs to the supervisor of the time, whose thread alone may call it; it survives him."""

    def __init__(  # noqa: PLR0913 -- all of it comes from one place, the engine
        self,
        *,
        runtime: Runtime,
        board: Board,
        connect: TransportFactory,
        policy: SupervisionPolicy,
        publish: Callable[[ServerStatus], None],
        report: Callable[[Call, MCPOrchestratorError, int], None],
        remember: Callable[[Incident], None],
    ) -> None:
        self._runtime, self._board, self._connect, self._policy = runtime, board, connect, policy
        self._publish, self._report, self._remember = publish, report, remember
        self.health_interval_s = policy.health_check_interval_s
        self.hung_after_s = policy.hung_after_s
        self._children: dict[ServerName, Child] = {}

    def children(self) -> list[Child]:
        """Return everybody, in the order of the configuration."""
        return list(self._children.values())

    def get(self, server: ServerName) -> Child | None:
        """Return the child of this name."""
        return self._children.get(server)

    def note(self, server: ServerName, kind: str, text: str) -> None:
        """Keep an incident."""
        self._remember(Incident(at=self._runtime.wall_clock(), server=server, kind=kind, text=text))

    def add(self, config: ServerConfig, memory: Memory) -> None:
        """Take in a server and start its actor. A disabled one only gets its name in the directory."""
        policy = self._policy
        child = self._children[config.name] = Child(
            config=config,
            memory=memory,
            restarts=Restarts(most=policy.max_restarts, window_s=policy.restart_window_s),
            health=Health(interval_s=self.health_interval_s, misses_allowed=policy.health_check_misses),
        )
        child.health.schedule(self._runtime.clock(), self._runtime.jitter())
        if config.enabled:
            self._start(child)
        self._put_up_directory()

    def look_after(self, child: Child, now: float) -> None:
        """Let a held child connect if it may; try a parked one again if it is time."""
        child.predecessors = [actor for actor in child.predecessors if not actor.is_gone()]
        if child.parked:
            if now >= child.due:
                self.unpark(child)
        elif child.held and now >= child.due and not child.predecessors and child.mailbox is not None:
            child.held, child.due = False, math.inf
            tell(child.mailbox, PredecessorGone())

    def replace_crashed(self, child: Child, kind: str, why: str) -> None:
        """Start the next generation in the place of one that has ended; or park the child."""
        self.note(child.name, kind, why)
        if child.actor is not None:
            child.predecessors.append(child.actor)
        child.actor = child.mailbox = None
        child.memory.statistics.close_the_books()
        now = self._runtime.clock()
        delay_s = child.restarts.crashed(now, self._runtime.jitter())
        if delay_s is None:
            child.parked, child.parked_at = f"its actor ended too often; the last time it {why}", now
            child.due = now + self._policy.parked_retry_s
            self.note(child.name, "parked", child.parked)
        else:
            child.held, child.due = True, now + delay_s
            self._start(child)
        self._put_up_directory()

    def replace_hung(self, child: Child) -> None:
        """Pay in the place of an actor that hangs, and start the next."""
        why = f"hung: it has been at one message for more than {self._policy.hung_after_s:g} s"
        if child.actor is not None:
            child.actor.condemn(why)
        self.replace_crashed(child, "hung", why)

    def unpark(self, child: Child) -> None:
        """Start a parked child again."""
        child.parked, child.held, child.due = "", True, self._runtime.clock()
        self._start(child)
        self._put_up_directory()

    def reload(self, servers: Mapping[ServerName, ServerConfig]) -> list[str]:
        """Serve `servers` from now on; return the names that were added, removed or changed."""
        touched: list[str] = []
        for name, child in list(self._children.items()):
            if servers.get(name) != child.config:
                touched.append(name)
                self._retire(child)
                if name not in servers:
                    del self._children[name]
        for name, config in servers.items():
            old = self._children.get(name)
            if old is None:
                touched.append(name)
                self.add(config, Memory())
                child = self._children[name]
                child.wanted = True
                if child.mailbox is not None:
                    tell(child.mailbox, Connect())
            elif old.config != config:
                old.config, old.held, old.due = config, True, self._runtime.clock()
                if config.enabled:
                    self._start(old)
        self._children = {name: self._children[name] for name in servers}
        self._put_up_directory()
        return touched

    def drain_all(self, deadline: float, on_drained: Callable[[ServerName, int], None]) -> None:
        """Tell everybody to finish by `deadline`. `on_drained` comes on their threads."""
        for child in self.children():
            child.parked = ""
            child.drained = child.mailbox is None
            if child.mailbox is not None:
                self._drain(child, child.mailbox, deadline, partial(on_drained, child.name, child.generation))

    def drained(self, server: ServerName, generation: int) -> None:
        """Note that an actor has finished."""
        child = self._children.get(server)
        if child is not None and child.generation == generation:
            child.drained = True

    def is_drained(self) -> bool:
        """Say if a shutdown is over: all have finished, and nothing is left of them."""
        return not self.left_behind()

    def let_go(self) -> None:
        """Break off every connection there is. Its children are killed; nobody waits for them."""
        for child in self.children():
            for actor in (child.actor, *child.predecessors):
                if actor is not None:
                    actor.let_go()

    def left_behind(self) -> list[str]:
        """Return the servers of which something is left, or which have not finished."""
        left = [child for child in self.children() if not child.drained or child.predecessors]
        left += [child for child in self.children() if child.actor is not None and not child.actor.is_gone()]
        return sorted({child.name for child in left})

    # -- inside ---------------------------------------------------------------------------------------------------

    def _start(self, child: Child) -> None:
        child.generation += 1
        child.drained = False
        known = self._board.statuses.get(child.name)
        attached: list[OwingActor[ServerMessage]] = []
        child.mailbox = self._runtime.start(
            ServerActor,
            seat=Seat(
                config=child.config,
                generation=child.generation,
                connect=self._connect,
                supervisor=SupervisorOfTheTime(self._board),
                publish=self._publish,
                report=self._report,
                attach=attached.append,
                statistics=child.memory.statistics,
                breaker=known.breaker if known is not None else child.memory.breaker,
                catalogue=known.catalogue if known is not None else child.memory.catalogue,
                held=child.held,
                wanted=child.wanted,
            ),
        )
        child.actor = attached[0]

    def _retire(self, child: Child) -> None:
        if child.mailbox is not None and child.actor is not None:
            child.predecessors.append(child.actor)
            self._drain(child, child.mailbox, self._runtime.clock() + _RETIRE_S, int)
        child.actor = child.mailbox = None
        child.parked = ""

    def _drain(self, child: Child, mailbox: Mailbox, deadline: float, on_drained: Callable[[], object]) -> None:
        reply: Future[bool] = Future()
        reply.add_done_callback(lambda _: on_drained())
        tell(mailbox, Drain(deadline=deadline, reply=reply))
        if not mailbox.is_alive() and not reply.done():
            child.drained = True

    def _put_up_directory(self) -> None:
        servers: dict[ServerName, Mailbox] = {}
        absent: dict[ServerName, tuple[Unavailable | None, str]] = {}
        for child in self.children():
            if child.mailbox is not None:
                servers[child.name] = child.mailbox
            else:
                absent[child.name] = ("parked", child.parked) if child.parked else (None, "disabled")
        self._board.directory = Directory(servers=servers, absent=absent)
