"""What was told and not heard yet is counted, whoever told it."""

from threading import Thread

from actors.mcp.teller import Teller
from actors.transport import Event, Received


def test_what_is_told_is_counted_until_it_was_heard() -> None:
    told = list[Event]()
    teller = Teller(told.append)
    small, large = Received(method="a", params={}), Received(method="b", params={"x": ["x" * 10_000]}, id=7)

    teller.tell(small)
    one = teller.unheard_bytes
    teller.tell(large)
    assert told == [small, large]
    assert 0 < one < 2000
    assert 10_000 < teller.unheard_bytes < 12_000 + one

    for event in told:
        assert isinstance(event, Received)
        event.on_heard()
    assert teller.unheard_bytes == 0


def test_a_name_or_an_id_can_be_large_too() -> None:
    for message in (Received(method="x" * 10_000, params={}), Received(method="x", params={}, id="x" * 10_000)):
        teller = Teller(list[Event]().append)
        teller.tell(message)
        assert teller.unheard_bytes > 10_000


def test_many_may_tell_at_once() -> None:
    told = list[Event]()
    teller = Teller(told.append)

    def tell() -> None:
        for _ in range(1000):
            teller.tell(Received(method="a", params={}))

    threads = [Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for event in told:
        assert isinstance(event, Received)
        event.on_heard()

    assert len(told) == 4000
    assert teller.unheard_bytes == 0
