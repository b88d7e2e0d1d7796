"""What is due when."""

import math

from actors.timers import Timers


def test_what_is_due_comes_oldest_first_each_once() -> None:
    timers = Timers[str]()
    timers.set("late", 3.0)
    timers.set("early", 1.0)
    timers.set("middle", 2.0)

    assert list(timers.take_due(2.0)) == ["early", "middle"]
    assert list(timers.take_due(2.0)) == []
    assert timers.next_due() == 3.0


def test_a_time_set_again_replaces_the_earlier_one() -> None:
    timers = Timers[str]()
    timers.set("a", 1.0)
    timers.set("a", 5.0)

    assert timers.next_due() == 5.0
    assert list(timers.take_due(4.0)) == []


def test_infinity_is_never() -> None:
    timers = Timers[str]()
    timers.set("a", 1.0)

    timers.set("a", math.inf)

    assert "a" not in timers
    assert timers.next_due() == math.inf


def test_what_was_dropped_does_not_come_and_may_be_dropped_twice() -> None:
    timers = Timers[str]()
    timers.set("a", 1.0)

    timers.drop("a")
    timers.drop("a")

    assert list(timers.take_due(2.0)) == []


def test_a_key_dropped_while_others_are_taken_is_not_taken() -> None:
    timers = Timers[str]()
    timers.set("first", 1.0)
    timers.set("second", 1.0)

    taken: list[str] = []
    for key in timers.take_due(1.0):
        taken.append(key)
        timers.drop("second")

    assert taken == ["first"]


def test_the_dead_are_not_kept() -> None:
    dropped, moved = Timers[int](), Timers[int]()

    for number in range(1000):
        dropped.set(number, 1e9 - number)
        dropped.drop(number)
        moved.set(0, 1e9 + number)

    assert len(vars(dropped)["_heap"]) < 100
    assert len(vars(moved)["_heap"]) < 100
    assert list(moved.take_due(2e9)) == [0]
