"""What one generation of a server's actor is given, and what it hands on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from actors.base import OwingActor
from actors.breaker import BreakerSnapshot
from actors.call import ServerName
from actors.catalogue import Catalogue
from actors.config import ServerConfig
from actors.inputs import InputHandlers, Inputs
from actors.mailbox import Mailbox
from actors.mcp.session import Belief
from actors.messages import ServerMessage
from actors.statistics import Statistics
from actors.status import ServerStatus
from actors.transport import TransportFactory

Notify: TypeAlias = Callable[[ServerName, str, Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """From the supervisor. The callables are called on the actor's thread; they only tell.

    * `attach`: called once, with the actor, while it is made: the supervisor needs it should it hang.
    * `held`: something of the predecessor is left; connect only after `PredecessorGone`.
    * `belief`: what is thought of the server, from before.
    * `subscribed`: the URIs of resources that somebody wants to hear of; as `statistics`, the same for all generations.
    * `wanted`: the predecessor was connected, or about to be: calls wait for the connection to come.
    * `notify`: takes a notification, by method and params, and says if it was not dropped; None: nobody listens.
    * `inputs`: what answers the server's own questions.
    """

    config: ServerConfig
    generation: int
    connect: TransportFactory
    supervisor: Mailbox
    publish: Callable[[ServerStatus], None]
    attach: Callable[[OwingActor[ServerMessage]], None]
    statistics: Statistics = field(default_factory=Statistics)
    breaker: BreakerSnapshot = field(default_factory=BreakerSnapshot)
    catalogue: Catalogue = field(default_factory=Catalogue)
    belief: Belief = field(default_factory=Belief)
    subscribed: dict[str, None] = field(default_factory=dict[str, None])
    held: bool = False
    wanted: bool = False
    notify: Notify | None = None
    inputs: Inputs = field(default_factory=InputHandlers)
