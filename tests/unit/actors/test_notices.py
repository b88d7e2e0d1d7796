"""What servers say unasked, on its way to a caller who listens."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from actors.call import ServerName
from actors.notices import MOST_BYTES, MOST_WAITING, Notices, Notification, Relay
from actors.transport import Received
from tests.fixtures.scripted import World

Later = list[Callable[[], object]]
Heard = list[tuple[str, str, Mapping[str, Any]]]

LOG = "notifications/message"


def test_what_is_handed_over_runs_later_and_in_order() -> None:
    later, ran = Later(), list[int]()
    relay = Relay(later.append)

    for number in range(3):
        assert relay.hand(partial(ran.append, number))
    assert ran == []
    for callback in later:
        callback()

    assert ran == [0, 1, 2]


def test_only_so_many_wait_and_the_next_is_taken_when_one_has_begun() -> None:
    later = Later()
    relay = Relay(later.append)

    taken = [relay.hand(bool) for _ in range(MOST_WAITING + 2)]
    assert taken == [True] * MOST_WAITING + [False] * 2
    later.pop(0)()

    assert relay.hand(bool)
    assert not relay.hand(bool)


def test_only_so_much_waits_however_few_carry_it() -> None:
    later = Later()
    relay = Relay(later.append)
    heavy = {"data": ["x" * (MOST_BYTES // 4)]}

    taken = [relay.hand(bool, heavy) for _ in range(6)]
    assert taken == [True] * 4 + [False] * 2
    assert not relay.hand(bool)
    later.pop(0)()

    assert relay.hand(bool, heavy)
    assert not relay.hand(bool)


def test_what_comes_when_nothing_waits_is_taken_however_large_it_is() -> None:
    later = Later()
    relay = Relay(later.append)

    assert relay.hand(bool, "x" * 3 * MOST_BYTES)
    assert not relay.hand(bool)
    later.pop(0)()

    assert relay.hand(bool, "x" * 3 * MOST_BYTES)


def test_one_that_raises_has_begun_all_the_same() -> None:
    later = Later()
    relay = Relay(later.append)

    def leave() -> None:
        raise SystemExit

    for _ in range(MOST_WAITING):
        relay.hand(leave)
    with pytest.raises(SystemExit):
        later.pop(0)()

    assert relay.hand(leave)


def test_a_server_that_floods_takes_no_room_of_the_others() -> None:
    later, told = Later(), list[Notification]()
    notices = Notices(told.append, later.append)

    for _ in range(MOST_WAITING):
        assert notices(ServerName("loud"), LOG, {})
    assert not notices(ServerName("loud"), LOG, {})
    assert notices(ServerName("quiet"), LOG, {"data": "x"})

    later[-1]()
    assert told == [Notification(server="quiet", method=LOG, params={"data": "x"})]


def test_a_server_that_says_too_much_at_once_takes_no_room_of_the_others() -> None:
    notices = Notices(lambda _: None, Later().append)

    for params in ({"data": "x" * MOST_BYTES}, {}):
        assert notices(ServerName("loud"), LOG, params) is (params != {})
    assert notices(ServerName("quiet"), LOG, {"data": "x"})
    assert notices(ServerName("strange"), "x" * MOST_BYTES, {})
    assert not notices(ServerName("strange"), LOG, {})


class Listener:
    """Takes what it is told, unless it is `deaf`."""

    def __init__(self) -> None:
        self.heard, self.deaf = Heard(), False

    def __call__(self, server: ServerName, method: str, params: Mapping[str, Any]) -> bool:
        """See Seat.notify."""
        self.heard.append((server, method, params))
        return not self.deaf


def listening(listener: Listener | None) -> World:
    """Return a world whose server is listened to."""
    world = World(tools={"a": {}}, connect=False)
    world.server = world.start(generation=0, notify=listener)
    world.connect()
    return world


def notify(world: World, method: str, params: dict[str, Any] | None = None) -> None:
    world.wire.connections[-1].notify(method, params)
    world.runtime.run()


@pytest.mark.parametrize(
    "method",
    [
        LOG,
        "notifications/tools/list_changed",
        "notifications/prompts/list_changed",
        "notifications/resources/list_changed",
        "notifications/resources/updated",
        "notifications/elicitation/complete",
        "notifications/of/a/later/revision",
    ],
)
def test_every_notification_is_passed_on_as_it_came(method: str) -> None:
    listener = Listener()
    world = listening(listener)

    notify(world, method, {"level": "info", "odd": None})

    assert listener.heard == [("weather", method, {"level": "info", "odd": None})]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("notifications/progress", {"progressToken": 1, "progress": 1}),
        ("notifications/cancelled", {"requestId": 1}),
        ("notifications/subscriptions/acknowledged", {}),
    ],
)
def test_what_belongs_to_one_request_is_not(method: str, params: dict[str, Any]) -> None:
    listener = Listener()
    world = listening(listener)

    notify(world, method, params)

    assert listener.heard == []


def test_a_list_that_changed_is_fetched_though_somebody_listens() -> None:
    world = listening(Listener())

    notify(world, "notifications/tools/list_changed")
    world.advance(0.2)

    assert world.wire.said.count("tools/list") == 2


def test_what_is_dropped_is_counted() -> None:
    listener = Listener()
    listener.deaf = True
    world = listening(listener)

    for _ in range(3):
        notify(world, LOG)

    assert world.status.statistics.notifications_dropped == 3


@pytest.mark.parametrize("request_id", [None, 1])
@pytest.mark.parametrize(
    "method", [LOG, "ping", "notifications/progress", "notifications/cancelled", "notifications/x"]
)
def test_whoever_told_learns_when_it_was_heard_on_whatever_connection(method: str, request_id: int | None) -> None:
    world = listening(None)
    world.connect(anew=True)
    heard = Later()

    for connection in world.wire.connections:
        event = Received(method=method, params={}, id=request_id, on_heard=lambda: heard.append(bool))
        connection.tell(event)
    assert heard == []
    world.runtime.run()

    assert len(heard) == len(world.wire.connections) == 2


def test_where_nobody_listens_nothing_is_dropped() -> None:
    world = listening(None)

    notify(world, LOG)

    assert world.status.statistics.notifications_dropped == 0
    assert world.status.ready
