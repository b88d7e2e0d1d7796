"""Who waits for a connection to come, or to be gone."""

from concurrent.futures import Future

from actors.replies import Replies, answer


def test_an_answer_comes_once_and_nobody_minds_a_second() -> None:
    reply: Future[bool] = Future()

    answer(reply, yes=True)
    answer(reply, yes=False)

    assert reply.result(timeout=0) is True


def test_who_waits_puts_up_with_so_many_failures() -> None:
    replies = Replies()
    patient: Future[bool] = Future()
    impatient: Future[bool] = Future()
    replies.await_coming(patient, patience=2)
    replies.await_coming(impatient, patience=1)

    replies.failed()
    replies.give()

    assert impatient.result(timeout=0) is False
    assert not patient.done()
    replies.failed()
    replies.give()
    assert patient.result(timeout=0) is False


def test_a_connection_that_came_is_told_to_all_once_that_can_be_read() -> None:
    replies = Replies()
    waiting: list[Future[bool]] = [Future(), Future()]
    for reply in waiting:
        replies.await_coming(reply, patience=4)

    replies.came(yes=True)

    assert replies.decided
    assert not any(reply.done() for reply in waiting)
    replies.give()
    assert [reply.result(timeout=0) for reply in waiting] == [True, True]


def test_who_waits_for_the_end_is_told_of_that_alone() -> None:
    replies = Replies()
    going: Future[bool] = Future()
    replies.await_going(going, newest=1)

    replies.came(yes=True)
    replies.failed()
    replies.give()
    assert not going.done()
    replies.gone(yes=True)
    replies.give()

    assert going.result(timeout=0) is True


def test_who_waits_for_the_end_of_some_connections_does_not_wait_for_later_ones() -> None:
    replies = Replies()
    first: Future[bool] = Future()
    second: Future[bool] = Future()
    replies.await_going(first, newest=1)
    replies.await_going(second, newest=2)

    replies.gone(yes=True, before=1)
    replies.give()
    assert not first.done()
    replies.gone(yes=True, before=2)
    replies.give()

    assert (first.result(timeout=0), second.done()) == (True, False)
