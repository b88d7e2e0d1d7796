"""Answers find who waits for them, once; what nobody waits for is counted."""

import pytest

from actors.call import Outcome
from actors.errors import ResponseTooLargeError
from actors.mcp.awaited import Awaited
from actors.mcp.jsonrpc import Answer
from actors.mcp.lines import Oversized


class Waiting:
    """An exchange. `begun`: it was sent."""

    def __init__(self, *, begun: bool = True) -> None:
        self.begun, self.ends = begun, list[Outcome]()

    def end(self, outcome: Outcome) -> bool:
        """See Awaiting."""
        self.ends.append(outcome)
        return len(self.ends) == 1


def table(**exchanges: Waiting) -> Awaited[Waiting]:
    """Return a table of exchanges, their ids after a letter."""
    awaited = Awaited[Waiting](max_response_bytes=100)
    for name, exchange in exchanges.items():
        awaited.expect(int(name[1:]), exchange)
    return awaited


def too_large(head: bytes) -> Oversized:
    return Oversized(head=head, tail=b"}", size=1000)


def test_an_answer_ends_its_exchange_and_a_second_one_nobodys() -> None:
    one, two = Waiting(), Waiting()
    awaited = table(_1=one, _2=two)

    awaited.answered(Answer(id=2, outcome={"of": 2}))
    awaited.answered(Answer(id=2, outcome={"of": 2}))

    assert (one.ends, two.ends) == ([], [{"of": 2}])
    assert awaited.dropped == 1


@pytest.mark.parametrize("stranger", [7, "1", None, True])
def test_an_answer_with_an_id_that_is_none_of_ours_is_dropped(stranger: int | str | None) -> None:
    one = Waiting()
    awaited = table(_1=one)

    awaited.answered(Answer(id=stranger, outcome={}))

    assert (one.ends, awaited.dropped) == ([], 1)


def test_an_answer_before_the_request_was_sent_is_a_guess() -> None:
    one = Waiting(begun=False)
    awaited = table(_1=one)

    awaited.answered(Answer(id=1, outcome={}))
    awaited.answered_too_large(too_large(b'{"id":1,'))
    awaited.answered_too_large(too_large(b'{"result":{'))

    assert (one.ends, awaited.dropped) == ([], 3)
    one.begun = True
    awaited.answered(Answer(id=1, outcome={}))
    assert one.ends == [{}]


def test_what_has_ended_elsewhere_is_counted_as_dropped_and_not_told_again() -> None:
    one, two = Waiting(), Waiting()
    awaited = table(_1=one, _2=two)
    one.end({})
    awaited.forget(2)

    awaited.answered(Answer(id=1, outcome={}))
    awaited.answered(Answer(id=2, outcome={}))

    assert (two.ends, awaited.dropped) == ([], 2)


def test_an_answer_too_large_is_found_by_its_id_or_by_being_the_only_one() -> None:
    one, two, unsent = Waiting(), Waiting(), Waiting(begun=False)
    awaited = table(_1=one, _2=two, _3=unsent)

    awaited.answered_too_large(too_large(b'{"result":{'))
    assert awaited.dropped == 1
    awaited.answered_too_large(too_large(b'{"id":2,'))
    awaited.answered_too_large(too_large(b'{"result":{'))

    assert [type(end) for end in one.ends + two.ends + unsent.ends] == [ResponseTooLargeError] * 2
    assert "an answer of 1000 bytes, more than max_response_bytes = 100" in str(one.ends[0])
    assert awaited.dropped == 1


def test_who_takes_all_has_them_alone() -> None:
    one, two = Waiting(), Waiting()
    awaited = table(_1=one, _2=two)

    assert awaited.take_all() == [one, two]

    awaited.answered(Answer(id=1, outcome={}))
    assert (one.ends, awaited.take_all(), awaited.dropped) == ([], [], 1)
