"""What was asked for and what holds, when both change at once."""

from actors.board import Board
from actors.call import ServerName
from mcp_orchestrator.config import load
from mcp_orchestrator.in_force import InForce, Switch

A = ServerName("a")


class Interrupted(dict[ServerName, Switch]):
    """Switches that another thread changes as soon as they have been read."""

    meanwhile: Switch | None = None

    def copy(self) -> dict[ServerName, Switch]:
        """Return what is there, then let the other have his way."""
        read = super().copy()
        if self.meanwhile is not None:
            self[A], self.meanwhile = self.meanwhile, None
        return read


def test_a_switch_asked_for_while_an_older_one_is_looked_at_holds() -> None:
    switches = Interrupted()
    in_force = InForce(load({"a": {"command": ["a"]}, "b": {"command": ["b"]}}), switches, Board())
    switches[A], switches.meanwhile = Switch(on=True), Switch(on=False)

    in_force.roster()  # The older one says what the configuration says: it is over.
    assert in_force.config.servers[A].enabled
    roster = in_force.roster()

    assert not in_force.config.servers[A].enabled
    assert roster.switched == {A}
