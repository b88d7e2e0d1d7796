"""Who waits, and who goes next."""

import math

from actors.admission import Admission, Work
from actors.call import ServerName, ToolName
from actors.config import ServerConfig, ToolConfig
from actors.errors import MCPConnectionError, OutcomeUnknownError
from tests.fixtures.calls import make_call

SLOW = ToolName("slow")


def room(slots: int = 2, *, slow: int = 1) -> Admission:
    return Admission(
        ServerConfig(
            name=ServerName("weather"),
            command=("weather",),
            max_concurrent=slots,
            tools={SLOW: ToolConfig(max_concurrent=slow), ToolName("unlimited"): ToolConfig()},
        )
    )


def work(number: int, tool: ToolName | None = None) -> Work:
    return Work(call=make_call(number), tool=tool)


def begin(admission: Admission) -> Work:
    next_one = admission.next()
    assert next_one is not None
    admission.began(next_one)
    return next_one


def test_first_come_first_served_as_long_as_there_are_slots() -> None:
    admission = room(slots=2)
    works = [work(number) for number in range(3)]
    for each in works:
        admission.enter(each)

    assert [begin(admission), begin(admission)] == works[:2]
    assert admission.next() is None
    admission.finished(works[1])

    assert begin(admission) is works[2]
    assert admission.next() is None


def test_a_repeat_holds_no_slot_while_it_rests_and_enters_at_the_head() -> None:
    admission = room(slots=1)
    repeat, waiting = work(1), work(2)
    admission.enter(repeat)
    begin(admission)
    admission.enter(waiting)

    admission.finished(repeat)
    admission.rest(repeat, until=5.0)
    assert (admission.in_flight, admission.next_due()) == (0, 5.0)
    assert admission.waiting() == [waiting, repeat]
    admission.tick(5.0)

    assert admission.waiting() == [repeat, waiting]
    assert admission.next_due() == math.inf


def test_a_rest_is_not_over_before_its_time() -> None:
    admission = room()
    admission.rest(work(1), until=5.0)

    admission.tick(4.9)

    assert admission.next() is None
    assert len(admission) == 1


def test_a_tool_at_its_own_limit_does_not_keep_the_others_waiting() -> None:
    admission = room(slots=3)
    first, second, other = work(1, SLOW), work(2, SLOW), work(3, ToolName("unlimited"))
    for each in (first, second, other):
        admission.enter(each)

    assert [begin(admission), begin(admission)] == [first, other]
    assert admission.next() is None
    assert len(admission) == 1
    admission.finished(first)

    assert begin(admission) is second


def test_who_stood_aside_is_first_again_in_the_old_order() -> None:
    admission = room(slots=3)
    works = [work(number, SLOW) for number in range(3)]
    for each in works:
        admission.enter(each)
    assert begin(admission) is works[0]
    assert admission.next() is None
    late = work(9)
    admission.enter(late)

    admission.finished(works[0])

    assert admission.waiting() == [*works[1:], late]


def test_who_waits_for_a_list_goes_first_when_it_has_come() -> None:
    admission = room()
    unlisted, other = [work(1), work(2)], work(3)
    for each in unlisted:
        admission.await_list(each)
    admission.enter(other)

    assert len(admission) == 3
    admission.listed()

    assert admission.waiting() == [*unlisted, other]


def test_who_leaves_leaves_from_wherever_it_was() -> None:
    admission = room(slots=5)
    holder, aside, queued, unlisted, resting = (work(1, SLOW), work(2, SLOW), work(3), work(4), work(5))
    admission.enter(holder)
    admission.enter(aside)
    assert begin(admission) is holder
    assert admission.next() is None
    admission.enter(queued)
    admission.await_list(unlisted)
    admission.rest(resting, until=5.0)
    assert len(admission) == 4

    for each in (aside, queued, unlisted, resting):
        admission.leave(each)

    assert (len(admission), admission.waiting(), admission.next_due()) == (0, [], math.inf)


def test_the_worst_of_the_attempts_is_kept() -> None:
    each = work(1)
    each.attempts = 2

    assert each.ended(OutcomeUnknownError("reset")).worst == "unknown"
    assert each.ended(MCPConnectionError("refused")).worst == "unknown"


def test_the_one_repair_is_outside_the_count() -> None:
    each = work(1)
    each.attempts, each.repaired = 4, True

    assert each.ended(MCPConnectionError("refused")).attempts == 3
