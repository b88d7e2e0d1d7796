"""Which configuration an engine serves: the one it was given, and what was switched by hand since."""

from dataclasses import dataclass

from actors.board import Board
from actors.call import ServerName
from actors.names import Names
from mcp_orchestrator.asking import Asking
from mcp_orchestrator.config import OrchestratorConfig, switched
from supervisors.children import Roster


@dataclass(slots=True)
class Switch:
    """A server was enabled or disabled by hand. `holds`: until the configuration has taken over; see `roster`."""

    on: bool
    holds: bool = True


class InForce:
    """What was asked for, by any thread; and what holds, put in force by the supervisor's thread alone.

    * `given`, `switches`: written by whoever asks, each in one step, before the supervisor is told to look.
    * `config`, `names`, `asking`: what holds, read by everybody.

    So whoever asks next cannot undo what another has just asked for, and nobody needs a lock.
    """

    def __init__(self, given: OrchestratorConfig, switches: dict[ServerName, Switch], board: Board) -> None:
        self.given, self.switches, self._board = given, switches, board
        self.roster()

    def roster(self) -> Roster:
        """Put in force what is asked for by now. A switch that says what the configuration says is forgotten."""
        given = self.given
        switches = self.switches.copy()
        for name, switch in switches.items():
            if name not in given.servers or given.servers[name].enabled is switch.on:
                switch.holds = False  # Not taken out: by now there may be another in its place.
        holding = {name: switch.on for name, switch in switches.items() if switch.holds}
        self.config = switched(given, holding) if holding else given
        self.names = Names(self.config.servers)
        self.asking = Asking(self.names, self._board)
        return Roster(servers=self.config.servers, policy=self.config.supervision, switched=frozenset(holding))
