"""A runtime without threads: one seed is one interleaving, and a script can be one."""

from collections import deque
from collections.abc import Callable
from functools import partial
from queue import Empty
from random import Random
from threading import Event
from typing import Any, ClassVar, TypeVar, cast

import pykka

from actors.messages import Tick
from actors.runtime import with_loop

A = TypeVar("A", bound=pykka.Actor)


class SeededRuntime:
    """Runs one step at a time, on the test's thread: a turn of one actor, one callback, or one `spawn`ed step.

    Two scripts, each run once: `before_put`, when a `tell` has looked (the actor lives) and not put yet;
    `before_drain`, when an actor is dead for all who look, and its hooks have not paid yet.
    """

    def __init__(self, seed: int = 0) -> None:
        self.now = 1000.0
        self.before_put: Callable[[], object] = int  # Does nothing.
        self.before_drain: Callable[[], object] = int
        self._random = Random(seed)  # noqa: S311 -- repeatable on purpose
        self.actors: list[SeededActor] = []  # Those alive. They come and go by themselves.
        self._spawned: list[Callable[[], object]] = []
        self._callbacks: list[Callable[[], object]] = []
        self._due: dict[pykka.ActorRef[Any], float] = {}

    def clock(self) -> float:
        """See Runtime."""
        return self.now

    def wall_clock(self) -> float:
        """See Runtime."""
        return 1.7e9 + self.now

    def jitter(self) -> float:
        """See Runtime. Always the middle: what varies here is the order."""
        return 0.5

    def start(self, actor: Callable[..., A], **arguments: Any) -> "pykka.ActorRef[A]":  # noqa: ANN401 -- the actor's own
        """See Runtime."""
        seeded = with_loop(cast("type", actor), SeededActor, scheduler=self)
        return cast("type[A]", seeded).start(runtime=self, **arguments)

    def wake(self, actor: "pykka.ActorRef[Any]", due: float) -> None:
        """See Runtime."""
        self._due[actor] = due

    def run_later(self, callback: Callable[[], object]) -> None:
        """See Runtime."""
        self._callbacks.append(callback)

    def run_apart(self, task: Callable[[], object]) -> bool:
        """See Runtime."""
        self.spawn(task)
        return True

    def spawn(self, step: Callable[[], object]) -> None:
        """Run `step` some time, in any order."""
        self._spawned.append(step)

    def advance(self, seconds: float) -> None:
        """Let time pass; the Ticks it brings are told, not yet handled."""
        self.now += seconds
        for actor in [actor for actor, due in self._due.items() if due <= self.now]:
            del self._due[actor]
            if actor.is_alive():
                actor.tell(Tick())

    def step(self) -> bool:
        """Run one step that can be run, by chance; False if there is none."""
        ready: list[Callable[[], object]] = [actor.turn for actor in self.actors if not actor.actor_inbox.empty()]
        ready += [partial(_take, self._spawned, step) for step in self._spawned]
        ready += [partial(_take, self._callbacks, step) for step in self._callbacks[:1]]
        if ready:
            self._random.choice(ready)()
        return bool(ready)

    def run(self) -> None:
        """Run until nothing is left to do at this time."""
        while self.step():
            pass


def _take(steps: list[Callable[[], object]], step: Callable[[], object]) -> None:
    steps.remove(step)
    step()


class SeededActor(pykka.Actor):
    """pykka's own loop, hooks and failure handling, cut into turns of one message."""

    scheduler: ClassVar[SeededRuntime]

    def __init__(self) -> None:
        super().__init__()
        inbox = cast("_TurnInbox", self.actor_inbox)
        inbox.scheduler, inbox.stopped = self.scheduler, self.actor_stopped

    def turn(self) -> None:
        """Handle one message, or end."""
        cast("_TurnInbox", self.actor_inbox).turns = 1
        try:
            self._actor_loop_running()
        except _TurnOver:
            return
        self._actor_loop_teardown()
        self.scheduler.actors.remove(self)

    @staticmethod
    def _create_actor_inbox() -> Any:  # noqa: ANN401 -- pykka keeps the type to itself
        return _TurnInbox()

    @staticmethod
    def _create_future() -> pykka.Future[Any]:
        return pykka.ThreadingFuture[Any]()

    def _start_actor_loop(self) -> None:
        pykka.ActorRegistry.unregister(self.actor_ref)  # stop_all() would wait for a thread that is not there.
        self._actor_loop_setup()
        self.scheduler.actors.append(self)


class _TurnOver(Exception):  # noqa: N818 -- no error
    """The loop asks for a second message."""


class _TurnInbox:
    """One message a turn; to a stopped actor, which is draining, all of them."""

    scheduler: SeededRuntime
    stopped: Event

    def __init__(self) -> None:
        self._envelopes: deque[Any] = deque()
        self.turns = 0

    def put(self, envelope: Any) -> None:  # noqa: ANN401 -- pykka keeps the type to itself
        script, self.scheduler.before_put = self.scheduler.before_put, int
        script()
        self._envelopes.append(envelope)

    def get(self) -> Any:  # noqa: ANN401 -- pykka keeps the type to itself
        if self.turns == 0 and not self.stopped.is_set():
            raise _TurnOver
        self.turns = 0
        return self._envelopes.popleft()

    def get_nowait(self) -> Any:  # noqa: ANN401 -- pykka keeps the type to itself
        if not self._envelopes:
            raise Empty
        return self._envelopes.popleft()

    def empty(self) -> bool:
        if self.stopped.is_set():
            script, self.scheduler.before_drain = self.scheduler.before_drain, int
            script()
        return not self._envelopes
