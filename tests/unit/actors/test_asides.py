"""What is sent beside everything else: at once, a few at a time, and none of it for ever."""

import math

from actors.asides import Aside, Asides
from actors.call import Outcome
from actors.control import ControlSlot, Errand
from actors.errors import MCPConnectionError, NotExecutedError
from actors.mcp import conversations
from actors.transport import Reply, Request
from tests.fixtures.exchanges import Exchanges

MIB = 1024 * 1024


class Rig(Exchanges):
    """Asides and their exchanges."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[Outcome] = []
        self.asides = Asides(self.begin, self.clock)

    def reply(self, number: int = 0, *, limit_s: float = 5.0) -> Aside:
        return Aside(message=Reply(id=number, result={}), limit_s=limit_s, on_end=self.ends.append)

    def cancel(self, number: int) -> Aside:
        return Aside(message=conversations.cancelled(number, "over"), limit_s=5.0, on_end=self.ends.append)

    @property
    def sent(self) -> list[int | str]:
        return [exchange.message.id for exchange in self.begun]


def test_asides_go_out_at_once_a_few_at_a_time_in_order() -> None:
    rig = Rig()

    for number in range(6):
        rig.asides.send(rig.reply(number))
    assert rig.sent == [0, 1, 2, 3]
    rig.asides.finish(1, {})
    rig.asides.finish(0, {})

    assert rig.sent == [0, 1, 2, 3, 4, 5]
    assert rig.ends == [{}, {}]
    assert len(rig.asides) == 4


def test_a_reply_waits_for_no_errand() -> None:
    rig = Rig()
    slot = ControlSlot(rig.begin, lambda: rig.now, int)
    slot.run(
        Errand(conversation=conversations.one(Request(id=0, method="tools/list")), limit_s=5.0, on_end=rig.ends.append)
    )

    slot.send(rig.reply(7))

    assert [type(exchange.message) for exchange in rig.begun] == [Request, Reply]
    assert slot.owns(1)
    slot.finish(1, {})
    assert rig.ends == [{}]
    assert not slot.owns(1)
    assert len(slot) == 1


def test_to_a_server_that_asks_without_end_replies_are_lost_and_no_cancel() -> None:
    rig = Rig()

    for number in range(2000):
        rig.asides.send(rig.reply(number))
    rig.asides.send(rig.cancel(7))

    assert len(rig.asides) == 4 + 1024 + 1
    for exchange in range(4 + 1024 + 1):
        rig.asides.finish(exchange, {})
    assert isinstance(rig.begun[-1].message, Request)
    assert len(rig.asides) == 0


def test_large_replies_are_lost_sooner_than_small_ones_and_leave_room_when_they_go_out() -> None:
    rig = Rig()
    large = Aside(message=Reply(id="x" * 4 * MIB, result={"text": "x" * 4 * MIB}), limit_s=5.0, on_end=rig.ends.append)

    for _ in range(8):
        rig.asides.send(large)
    rig.asides.send(rig.cancel(7))
    assert len(rig.asides) == 4 + 2 + 1
    rig.asides.finish(0, {})
    rig.asides.send(rig.reply())

    assert len(rig.asides) == 3 + 3 + 1


def test_an_error_can_be_a_large_reply_too_and_what_was_cleared_takes_no_room() -> None:
    rig = Rig()
    large = Aside(
        message=Reply(id=1, error={"code": -32601, "message": "x" * 16 * MIB}), limit_s=5.0, on_end=rig.ends.append
    )

    for _ in range(2):
        for _ in range(8):
            rig.asides.send(large)
        assert len(rig.asides) == 4 + 1
        rig.asides.clear()


def test_what_is_overdue_is_withdrawn_and_broken_off_and_its_outcome_is_told() -> None:
    rig = Rig()
    rig.asides.send(rig.reply(limit_s=5.0))
    rig.now += 1.0
    rig.asides.send(rig.reply(limit_s=5.0))
    assert rig.asides.next_due() == 1005.0

    rig.now += 4.0
    rig.asides.tick()

    assert [exchange.aborted for exchange in rig.begun] == [1, 0]
    assert not rig.begun[0].ticket.claim()
    assert rig.ends == []
    rig.asides.finish(0, error := NotExecutedError("broken off"))
    assert rig.ends == [error]
    assert rig.asides.next_due() == 1006.0


def test_the_time_of_one_that_waits_begins_when_it_is_sent() -> None:
    rig = Rig()
    for number in range(5):
        rig.asides.send(rig.reply(number))
    rig.now += 3.0

    rig.asides.finish(0, {})

    assert rig.begun[4].deadline == 1008.0


def test_what_a_slot_sends_beside_its_errands_is_broken_off_by_its_timer() -> None:
    rig = Rig()
    slot = ControlSlot(rig.begin, lambda: rig.now, int)
    slot.send(rig.reply())
    assert slot.next_due() == 1005.0

    rig.now += 5.0
    slot.tick()

    assert rig.begun[0].aborted == 1
    assert slot.next_due() == math.inf


def test_the_end_of_a_connection_ends_its_asides_and_a_late_report_is_nobodys() -> None:
    rig = Rig()
    slot = ControlSlot(rig.begin, lambda: rig.now, int)
    for number in range(6):
        slot.send(rig.reply(number))

    slot.clear(MCPConnectionError("gone"))
    slot.send(rig.reply(9))

    assert rig.sent == [0, 1, 2, 3, 9]
    assert slot.owns(0)
    slot.finish(0, {})
    assert rig.ends == []
    assert not slot.owns(0)
    assert slot.next_due() == 1005.0


def test_what_a_connection_leaves_under_way_is_broken_off_when_its_time_is_up() -> None:
    rig = Rig()
    rig.asides.send(rig.reply(1))
    rig.asides.send(rig.reply(2))

    rig.asides.clear()
    rig.asides.finish(1, {})
    rig.now = 1005.0
    rig.asides.tick()

    assert [exchange.aborted for exchange in rig.begun] == [1, 0]
    assert not rig.begun[0].ticket.claim()
    assert rig.asides.next_due() == math.inf
    assert rig.asides.owns(0)
