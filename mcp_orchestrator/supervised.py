"""What an engine asks of its supervisor, whoever that is at the time."""

from concurrent.futures import Future
from typing import TypeVar

from actors.board import Board
from actors.call import ServerName
from actors.mailbox import tell
from actors.messages import RollCall
from actors.names import Names
from actors.runtime import Runtime
from mcp_orchestrator.asking import Asking
from mcp_orchestrator.config import OrchestratorConfig
from mcp_orchestrator.forks import this_process
from mcp_orchestrator.in_force import InForce, Switch
from supervisors.children import Roster
from supervisors.messages import (
    CheckHealth,
    ConnectServer,
    DisconnectServer,
    Reload,
    SetHealthInterval,
    SupervisorMessage,
)
from supervisors.supervisor import answer_list

T = TypeVar("T")


class Supervised:
    """The half of an engine that starts and ends nothing. Its replies come from the supervisor's thread."""

    def __init__(self, runtime: Runtime, board: Board, in_force: InForce) -> None:
        self._pid = this_process()
        self.runtime, self.board, self._in_force = runtime, board, in_force
        self._reload = Reload(reply=Future())  # The last one asked for.

    @property
    def config(self) -> OrchestratorConfig:
        """The configuration that holds."""
        return self._in_force.config

    @property
    def given(self) -> OrchestratorConfig:
        """The configuration without what was switched by hand."""
        return self._in_force.given

    @property
    def names(self) -> Names:
        """Who is called what, by the configuration that holds."""
        return self._in_force.names

    @property
    def asking(self) -> Asking:
        """What plans calls, by the configuration that holds."""
        return self._in_force.asking

    def connect(self, server: ServerName, *, anew: bool = False) -> Future[bool]:
        """Ask for a connection; the reply is whether there is one now."""
        reply: Future[bool] = Future()
        return self._ask(ConnectServer(server=server, reply=reply, anew=anew), reply, otherwise=False)

    def disconnect(self, server: ServerName) -> Future[bool]:
        """Ask for the end of a connection; the reply comes when nothing is left of it."""
        reply: Future[bool] = Future()
        return self._ask(DisconnectServer(server=server, reply=reply), reply, otherwise=False)

    def check_health(self, server: ServerName) -> Future[bool]:
        """Ask for a ping; the reply is whether it was answered."""
        reply: Future[bool] = Future()
        return self._ask(CheckHealth(server=server, reply=reply), reply, otherwise=False)

    def roll_call(self) -> Future[bool]:
        """Have supervisor and router take a turn each; the reply is whether both did."""
        reply: Future[bool] = Future()
        return self._ask(RollCall(reply=reply), reply, otherwise=False)

    def set_health_interval(self, interval_s: float | None) -> None:
        """Ping every so many seconds from now on; None: never."""
        self.check_usable()
        tell(self.board.supervisor, SetHealthInterval(interval_s=interval_s))

    def reload(self, config: OrchestratorConfig) -> Future[list[str]]:
        """Serve the servers of `config` from now on; the reply names those that were touched."""
        self._in_force.given = config
        return self._ask_to_reload()

    def switch(self, server: ServerName, *, on: bool) -> Future[list[str]]:
        """Enable or disable a server, whatever its section says; the reply comes once that holds."""
        self._in_force.switches[server] = Switch(on)
        return self._ask_to_reload()

    def check_usable(self) -> None:
        """Raise RuntimeError in a process forked off the one that made the engine."""
        if self._pid != this_process():
            raise RuntimeError("this orchestrator belongs to the process that made it: make one after the fork")

    # -- inside ---------------------------------------------------------------------------------------------------

    def _ask(self, message: SupervisorMessage, reply: Future[T], *, otherwise: T) -> Future[T]:
        self.check_usable()
        supervisor = self.board.supervisor  # After a death between look and put, the board has the next one.
        tell(supervisor, message)
        if not supervisor.is_alive() and not reply.done():
            reply.set_result(otherwise)
        return reply

    def _ask_to_reload(self) -> Future[list[str]]:
        self.check_usable()
        before, reload = self._reload.reply, Reload(reply=Future())
        if not before.done():  # Left unread by a dying supervisor: the next one is told of the last alone.
            reload.reply.add_done_callback(lambda ended: answer_list(before, ended.result()))
        self._reload = reload
        tell(self.board.supervisor, reload)
        if self.board.broken or self.board.closing:  # Else it is told to the next supervisor, should this one be dead.
            self._roster()
            answer_list(reload.reply, [])
        return reload.reply

    def _roster(self) -> Roster:
        """Put in force what is asked for by now, for the supervisor, on its thread."""
        return self._in_force.roster()
