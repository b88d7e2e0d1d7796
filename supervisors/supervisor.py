"""Keeps the servers' actors alive: starts, restarts, parks, pings, stops them."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import assert_never

from actors.base import OwingActor
from actors.board import Board
from actors.call import Call, ServerName
from actors.errors import Unavailable
from actors.mailbox import tell
from actors.messages import (
    Connect,
    ConnectionReleased,
    Disconnect,
    Missed,
    Ping,
    PingEnded,
    RollCall,
    ServerCrashed,
    Tick,
)
from actors.replies import answer
from actors.runtime import Runtime
from supervisors.children import Child
from supervisors.messages import (
    CheckHealth,
    ConnectServer,
    DisconnectServer,
    Drained,
    Reload,
    SetHealthInterval,
    ShutDown,
    SupervisorMessage,
)
from supervisors.nursery import Nursery

_ROUND_S = 1.0  # How often it looks at everybody. Arbitrary.
_LATE_S = 2.0  # A round so late says that we slept (SIGSTOP, suspend), not that the actors hang.
# Where a ping says nothing: the server answered, and refused us; or there is nobody to ask.
_NOT_PINGED = frozenset({"throttled", "auth_required", "config", "draining", "parked", "disabled"})
_PARKED_USE_S = 10.0  # A parked server is tried again on use, but not oftener. Arbitrary.


class SupervisorActor(OwingActor[SupervisorMessage]):
    """One for one: what ails one server's actor concerns no other.

    * It restarts an actor that crashed or hangs; connections are mended by the actors themselves.
    * It tells and never asks: a supervisor that waits on a hung actor is hung too.
    * Its own death loses nothing: the nursery outlives it, and the next supervisor looks at every child first.
    """

    def __init__(self, *, runtime: Runtime, board: Board, nursery: Nursery, on_death: Callable[[str], None]) -> None:
        super().__init__(runtime)
        self._board, self._nursery, self._on_death = board, nursery, on_death
        self._next_round = runtime.clock()
        self._shutdown: ShutDown | None = None

    def on_message(self, message: SupervisorMessage) -> None:  # noqa: C901, PLR0912 -- one case a message
        """See `supervisors.messages` and `actors.messages`."""
        match message:
            case Tick() | ConnectionReleased():
                pass  # What is due is looked after below.
            case ServerCrashed():
                self._crashed(message)
            case PingEnded():
                self._ping_ended(message)
            case Missed():
                self._missed(message.server)
            case ConnectServer():
                self._connect(message)
            case DisconnectServer():
                self._disconnect(message)
            case CheckHealth():
                self._check(message)
            case SetHealthInterval():
                self._nursery.set_health_interval(message.interval_s)
            case Reload():
                answer_list(message.reply, [] if self._shutdown is not None else self._nursery.reload())
            case ShutDown():
                self._shut_down(message)
            case RollCall():
                self._pass_on(message)
            case Drained():
                self._nursery.drained(message.server, message.generation)
            case _:
                assert_never(message)
        self._look_after_children()

    def calls_in(self, message: SupervisorMessage) -> Iterable[Call]:
        """See OwingActor: it owes replies only."""
        del message
        return ()

    def on_unread(self, message: SupervisorMessage) -> None:
        """Answer who asked. A reload is told again to the next supervisor."""
        match message:
            case ConnectServer() | DisconnectServer() | CheckHealth() | RollCall() | PingEnded(reply=Future()):
                if message.reply is not None:
                    answer(message.reply, yes=False)
            case ShutDown():
                answer_list(message.reply, ["supervisor"])
            case _:
                pass

    def next_due(self) -> float:
        """Return the next round, or what is due before."""
        now, due = self.runtime.clock(), self._next_round
        for child in self._nursery.children():
            later = [at for at in (child.health.due, child.due) if at > now]  # Else every round looks again.
            due = min([due, *later])
        return due if self._shutdown is None else min(due, self._shutdown.gone_by)

    def let_go(self) -> None:
        """See OwingActor. It holds nothing."""

    def release(self, why: str, state: Unavailable) -> None:
        """Answer a shutdown; say that nobody supervises any more."""
        if self._shutdown is not None:
            answer_list(self._shutdown.reply, self._nursery.unfinished())
        if state == "crashed":
            self._on_death(why)

    # -- crashes --------------------------------------------------------------------------------------------------

    def _crashed(self, message: ServerCrashed) -> None:
        child = self._nursery.get(message.server)
        if child is not None and message.generation == child.generation and not child.parked:
            self._ended(child, message.error)

    def _ended(self, child: Child, why: str) -> None:
        if self._shutdown is not None:
            self._nursery.finish(child, why)
        else:
            self._nursery.replace_crashed(child, "crashed", why)

    def _found_dead(self, child: Child) -> None:
        """Act on an actor whose last message found no supervisor. One that just stops, as told, speaks for itself."""
        if self._shutdown is not None and child.actor is not None and not child.actor.ended:
            return
        status = self._board.statuses.get(child.name)
        if self._shutdown is not None and status is not None and status.state == "stopped":
            child.drained = True
        else:
            self._ended(child, "found dead")

    def _missed(self, server: ServerName) -> None:
        child = self._nursery.get(server)
        if (
            self._shutdown is None
            and child is not None
            and child.parked
            and self.runtime.clock() - child.parked_at >= _PARKED_USE_S
        ):
            self._nursery.unpark(child)

    def _look_after_children(self) -> None:
        now = self.runtime.clock()
        round_due, late = now >= self._next_round, now - self._next_round > _LATE_S
        hung_after_s = self._nursery.policy.hung_after_s
        for child in self._nursery.children():
            if child.mailbox is not None and not child.mailbox.is_alive() and not child.drained:
                self._found_dead(child)
            elif round_due and child.is_hung(now, hung_after_s, late=late) and self._shutdown is None:
                self._nursery.replace_hung(child)
            self._nursery.look_after(child, now)
            if now >= child.health.due and not child.removed:
                self._health_round(child, now)
        if round_due:
            self._next_round = now + _ROUND_S
        if self._shutdown is not None:
            is_late = now >= self._shutdown.gone_by
            if is_late:
                self._nursery.give_up()
            if is_late or not self._nursery.unfinished():
                self.stop()

    def _pass_on(self, message: RollCall) -> None:
        router = self._board.router  # After a death between look and put, the board has the next one.
        tell(router, message)
        if not router.is_alive():
            answer(message.reply, yes=False)

    # -- connections ----------------------------------------------------------------------------------------------

    def _connect(self, message: ConnectServer) -> None:
        child = self._nursery.get(message.server)
        if child is None or self._shutdown is not None:
            answer(message.reply, yes=False)
            return
        child.wanted = True
        if child.parked:
            self._nursery.unpark(child)
        self._ask(child, Connect(reply=message.reply, anew=message.anew), message.reply)

    def _disconnect(self, message: DisconnectServer) -> None:
        child = self._nursery.get(message.server)
        if child is None:
            answer(message.reply, yes=True)
            return
        child.wanted = False
        self._ask(child, Disconnect(reply=message.reply), message.reply)

    def _ask(self, child: Child, order: Connect | Disconnect | Ping, reply: Future[bool] | None) -> None:
        if child.mailbox is not None:
            tell(child.mailbox, order)
            if child.mailbox.is_alive():
                return
        if reply is not None:  # The look after the put, as in `hand_over`.
            answer(reply, yes=False)

    # -- health ---------------------------------------------------------------------------------------------------

    def _health_round(self, child: Child, now: float) -> None:
        status = self._board.statuses.get(child.name)
        if status is None or not child.wanted or status.state in _NOT_PINGED or self._shutdown is not None:
            child.health.schedule(now, self.runtime.jitter())
        elif child.health.round(now, self.runtime.jitter(), last_answer_at=status.last_answer_at):
            child.health.asked()
            self._ask(child, Ping(), None)
        self._board.health[child.name] = child.health.status

    def _check(self, message: CheckHealth) -> None:
        child = self._nursery.get(message.server)
        if child is None:
            answer(message.reply, yes=False)
            return
        self._ask(child, Ping(reply=message.reply), message.reply)

    def _ping_ended(self, message: PingEnded) -> None:
        child = self._nursery.get(message.server)
        if child is not None and message.generation == child.generation:
            now = self.runtime.clock()
            if child.health.ended(now, alive=message.alive, duration_s=message.duration_s):
                self._nursery.note(child.name, "down", f"{child.health.status.misses} pings missed in a row")
                if child.wanted:
                    self._ask(child, Connect(anew=True), None)
            self._board.health[child.name] = child.health.status
        if message.reply is not None:
            answer(message.reply, yes=message.alive)

    # -- the end --------------------------------------------------------------------------------------------------

    def _shut_down(self, message: ShutDown) -> None:
        if (first := self._shutdown) is not None:  # A second one, to hurry the first, which ends when this does.
            message.reply.add_done_callback(lambda ended: answer_list(first.reply, ended.result()))
        self._shutdown = message
        self._nursery.drain_all(message.deadline)


def answer_list(reply: Future[list[str]], names: list[str]) -> None:
    """Give `reply` to whoever asked, if he still waits."""
    if not reply.done():
        reply.set_result(names)
