"""All children of the supervisor: how each is started, replaced, parked and drained."""

import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from actors.base import OwingActor
from actors.board import Board
from actors.call import ServerName
from actors.config import ServerConfig
from actors.inputs import InputHandlers, Inputs
from actors.mailbox import Mailbox, tell
from actors.messages import Connect, Drain, PredecessorGone, ServerMessage
from actors.remembered import fingerprint
from actors.runtime import Runtime
from actors.seat import Notify, Seat
from actors.server import ServerActor
from actors.status import Incident, ServerStatus
from actors.transport import TransportFactory
from supervisors.changes import change
from supervisors.children import Child, Memory, Roster, SupervisionPolicy, SupervisorOfTheTime, directory_of
from supervisors.health import Health
from supervisors.messages import Drained
from supervisors.restarts import Restarts

_RETIRE_S = 5.0  # For the calls of an actor whose configuration was changed. Arbitrary.


class Nursery:
    """Belongs to the supervisor of the time, whose thread alone may call it; it survives him."""

    def __init__(  # noqa: PLR0913 -- all of it comes from one place, the engine
        self,
        *,
        runtime: Runtime,
        board: Board,
        connect: TransportFactory,
        roster: Callable[[], Roster],
        publish: Callable[[ServerStatus], None],
        remember: Callable[[Incident], None],
        notify: Notify | None = None,
        inputs: Inputs | None = None,
    ) -> None:
        self._runtime, self._board, self._connect, self._call_roster = runtime, board, connect, roster
        self._publish, self._remember = publish, remember
        self._notify, self._inputs = notify, inputs or InputHandlers()
        self._roster = roster()
        self._health_interval_s = self.policy.health_check_interval_s
        self._children: dict[ServerName, Child] = {}
        self._condemned: list[OwingActor[ServerMessage]] = []

    @property
    def policy(self) -> SupervisionPolicy:
        """What holds for all children."""
        return self._roster.policy

    def children(self) -> list[Child]:
        """Return everybody, in the order of the configuration; then those removed of whom something is left."""
        return list(self._children.values())

    def get(self, server: ServerName) -> Child | None:
        """Return the child of this name."""
        child = self._children.get(server)
        return None if child is None or child.removed else child

    def note(self, server: ServerName, kind: str, text: str) -> None:
        """Keep an incident."""
        self._remember(Incident(at=self._runtime.wall_clock(), server=server, kind=kind, text=text))

    def add(self, config: ServerConfig, memory: Memory) -> None:
        """Take in a server and start its actor. A disabled one only gets its name in the directory."""
        policy = self.policy
        child = self._children[config.name] = Child(
            config=config,
            memory=memory,
            restarts=Restarts(most=policy.max_restarts, window_s=policy.restart_window_s),
            health=Health(interval_s=self._health_interval_s, misses_allowed=policy.health_check_misses),
        )
        child.health.schedule(self._runtime.clock(), self._runtime.jitter())
        self._open(child)
        self._board.directory = directory_of(self.children())

    def look_after(self, child: Child, now: float) -> None:
        """Let a held child connect if it may; try a parked one again if it is time; forget a removed one."""
        child.predecessors = [actor for actor in child.predecessors if not _is_over(actor)]
        if child.predecessors:
            return
        if child.removed:
            del self._children[child.name]
            self._board.statuses.pop(child.name, None)
            self._board.health.pop(child.name, None)
        if child.removed or now < child.due:
            return
        if child.parked:
            self.unpark(child)
        if child.held and child.mailbox is not None:
            child.held, child.due = False, math.inf
            tell(child.mailbox, PredecessorGone())

    def replace_crashed(self, child: Child, kind: str, why: str) -> None:
        """Start the next generation in the place of one that has ended; or park the child."""
        self.note(child.name, kind, why)
        self._end(child)
        now = self._runtime.clock()
        delay_s = child.restarts.crashed(now, self._runtime.jitter())
        if delay_s is None:
            child.parked, child.parked_at = f"its actor ended too often; the last time it {why}", now
            child.due = now + self.policy.parked_retry_s
            self._say(child, "parked", child.parked)
        else:
            child.held, child.due = True, now + delay_s
            self._start(child)
        self._board.directory = directory_of(self.children())

    def replace_hung(self, child: Child) -> None:
        """Pay in the place of an actor that hangs, and start the next."""
        why = f"hung: it has been at one message for more than {self.policy.hung_after_s:g} s"
        if child.actor is not None:
            self._condemn(child.actor, why)
        self.replace_crashed(child, "hung", why)

    def unpark(self, child: Child) -> None:
        """Start a parked child again."""
        child.parked, child.held, child.due = "", True, self._runtime.clock()
        self._start(child)
        self._board.directory = directory_of(self.children())

    def set_health_interval(self, interval_s: float | None) -> None:
        """Have everybody pinged so often from now on; None: never."""
        self._health_interval_s = interval_s
        for child in self.children():
            child.health.interval_s = interval_s
            child.health.schedule(self._runtime.clock(), self._runtime.jitter())

    def reload(self) -> list[str]:
        """Serve the roster of the time from now on; return the names that were added, removed or changed."""
        before, self._roster = self._roster, self._call_roster()
        servers, by_hand = self._roster.servers, before.switched | self._roster.switched
        if self.policy.health_check_interval_s != before.policy.health_check_interval_s:
            self.set_health_interval(self.policy.health_check_interval_s)  # Until then, what a face has said holds.
        for child in self.children():
            child.follow(self.policy)
        known = {child.name: child.config for child in self.children() if not child.removed}
        touched = [name for name in {**known, **servers} if known.get(name) != servers.get(name)]
        for name in touched:
            if name in known:
                self._retire(self._children[name])
                self._children[name].removed = name not in servers
            for told in change(known.get(name), servers.get(name), by_hand=name in by_hand):
                self.note(name, *told)
            if name in servers:
                self._take_in(servers[name], anew=name not in known or not known[name].enabled)
        self._children = {name: self._children[name] for name in {**servers, **self._children}}
        self._board.directory = directory_of(self.children())
        return list[str](touched)

    def drain_all(self, deadline: float) -> None:
        """Tell everybody to finish by `deadline`."""
        for child in self.children():
            child.parked = ""
            child.due = self._runtime.clock()  # No back-off: one that is held has to be let go to finish.
            child.drained = child.mailbox is None
            if child.mailbox is not None:
                self._drain(child, child.mailbox, deadline)
            for actor in child.predecessors:
                tell(actor.actor_ref, Drain(deadline=deadline, reply=Future()))

    def drained(self, server: ServerName, generation: int) -> None:
        """Note that an actor has finished."""
        child = self._children.get(server)
        if child is not None and child.generation == generation:
            child.drained = True

    def finish(self, child: Child, why: str) -> None:
        """Wait no longer for an actor that will not finish: it has ended otherwise."""
        child.drained = True
        self._say(child, "stopped", why)

    def give_up(self) -> None:
        """Pay in the place of who has not finished, break off every connection. Children are killed, unawaited."""
        for child in self.children():
            for actor in child.actors():
                actor.let_go()
                if actor.actor_ref.is_alive():
                    self._condemn(actor, "did not finish in the time of the shutdown")
            if not child.drained:
                self.finish(child, "did not finish in the time of the shutdown")

    def unfinished(self) -> list[str]:
        """Return the servers of which something is left, or of which it is not yet known that they have finished."""
        left = self.left_behind()
        return [child.name for child in self.children() if not child.drained or child.name in left]

    def left_behind(self) -> list[str]:
        """Return the servers of which something is left, whoever ended them, and if nobody noted it. For any thread."""
        return [child.name for child in self.children() if not all(map(_is_over, child.actors()))]

    def leaked(self) -> tuple[int, int]:
        """Return how many connections outlive their actors, and how many threads hang. For any thread."""
        dead = [actor for child in self.children() for actor in child.actors() if not actor.actor_ref.is_alive()]
        return sum(not actor.is_gone() for actor in dead), sum(not actor.ended for actor in self._condemned)

    def connected_children(self) -> int:
        """Return how many child processes there may be: one for each that has a connection. For any thread."""
        actors = [actor for child in self.children() if child.config.url is None for actor in child.actors()]
        return sum(not actor.is_gone() for actor in actors)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _take_in(self, config: ServerConfig, *, anew: bool) -> None:
        """Serve a server that was added or changed. `anew`: connect it, as all are at the start."""
        child = self._children.get(config.name)
        if child is None:
            self.add(config, Memory())
            child = self._children[config.name]
        else:
            if fingerprint(config) != fingerprint(child.config):  # Another server behind the name.
                child.memory = Memory()
                self._board.statuses.pop(child.name, None)
            child.config, child.removed = config, False
            child.held, child.due = True, self._runtime.clock()
            self._open(child)
        if anew and child.mailbox is not None:
            child.wanted = True
            tell(child.mailbox, Connect())

    def _open(self, child: Child) -> None:
        if child.config.enabled:
            self._start(child)
        else:
            by_hand = child.name in self._roster.switched
            self._say(child, "disabled", "switched off by hand" if by_hand else "enabled = false")

    def _start(self, child: Child) -> None:
        child.generation += 1
        child.drained = False
        memory, known = child.memory, self._board.statuses.get(child.name)
        attached: list[OwingActor[ServerMessage]] = []
        child.mailbox = self._runtime.start(
            ServerActor,
            seat=Seat(
                config=child.config,
                generation=child.generation,
                connect=self._connect,
                supervisor=SupervisorOfTheTime(self._board),
                publish=self._publish,
                attach=attached.append,
                statistics=memory.statistics,
                breaker=memory.breaker if known is None else known.breaker_at(self._runtime.clock()),
                catalogue=memory.catalogue if known is None else known.catalogue,
                belief=memory.belief if known is None else known.belief,
                held=child.held,
                wanted=child.wanted,
                subscribed=memory.subscribed,
                notify=self._notify,
                inputs=self._inputs,
            ),
        )
        child.actor = attached[0]

    def _end(self, child: Child) -> None:
        if child.actor is not None:
            child.predecessors.append(child.actor)
        child.actor = child.mailbox = child.awaited_turn = None
        child.parked = ""
        child.health.forget_ping()  # It went down with the actor.
        child.memory = replace(child.memory, statistics=child.memory.statistics.handed_on())

    def _retire(self, child: Child) -> None:
        if child.mailbox is not None:
            self._drain(child, child.mailbox, self._runtime.clock() + _RETIRE_S)
        self._end(child)

    def _drain(self, child: Child, mailbox: Mailbox, deadline: float) -> None:
        reply: Future[bool] = Future()
        drained = Drained(server=child.name, generation=child.generation)
        reply.add_done_callback(lambda _: tell(self._board.supervisor, drained))
        tell(mailbox, Drain(deadline=deadline, reply=reply))
        if not mailbox.is_alive() and not reply.done():
            child.drained = True

    def _condemn(self, actor: OwingActor[ServerMessage], why: str) -> None:
        self._condemned = [*(actor for actor in self._condemned if not actor.ended), actor]
        actor.condemn(why)

    def _say(self, child: Child, state: str, reason: str) -> None:
        """Publish in the place of an actor that is not there; later words of one that was are not heard."""
        memory = child.memory
        known = self._board.statuses.get(child.name)
        if known is None:
            known = ServerStatus(server=child.name, breaker=memory.breaker, catalogue=memory.catalogue)
        now, statistics = self._runtime.clock(), memory.statistics.snapshot()
        last = replace(known, at=now, generation=child.generation + 1, breaker=known.breaker_at(now))
        self._publish(replace(last.at_the_end(state, reason), statistics=statistics))


def _is_over(actor: OwingActor[ServerMessage]) -> bool:
    """Say if it has ended, and its connections are gone. One that lives may open another."""
    return not actor.actor_ref.is_alive() and actor.is_gone()
