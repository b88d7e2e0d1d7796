"""Progress: asked for with a token, told on the callbacks thread."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from actors import progress
from actors.call import Call
from actors.notices import MOST_BYTES, MOST_WAITING
from actors.progress import Progress
from actors.statistics import Statistics
from tests.fixtures.calls import make_call

Told = list[tuple[float, float | None, str | None]]
Later = list[Callable[[], object]]


def test_a_caller_who_does_not_ask_sends_his_params_as_they_are() -> None:
    call = make_call(params={"_meta": {"traceparent": "00"}})

    assert progress.asked_for(call, 7) is call.params


@pytest.mark.parametrize(
    ("meta", "sent"),
    [({"traceparent": "00"}, {"traceparent": "00", "progressToken": 7}), ("nonsense", {"progressToken": 7})],
)
def test_a_caller_who_asks_sends_our_token_beside_what_is_his(meta: object, sent: dict[str, Any]) -> None:
    call = make_call(params={"name": "forecast", "_meta": meta})
    call.on_progress = lambda done, total, message: (done, total, message)

    assert progress.asked_for(call, 7) == {"name": "forecast", "_meta": sent}
    assert call.params["_meta"] == meta


def test_a_callers_own_token_never_goes_along() -> None:
    call = make_call(params={"name": "forecast", "_meta": {"progressToken": 1, "traceparent": "00"}})

    assert progress.asked_for(call, 7) == {"name": "forecast", "_meta": {"traceparent": "00"}}
    call.on_progress = lambda done, total, message: (done, total, message)
    assert progress.asked_for(call, 7) == {"name": "forecast", "_meta": {"progressToken": 7, "traceparent": "00"}}


def asking(heard: Told) -> Call:
    call = make_call()
    call.on_progress = lambda done, total, message: heard.append((done, total, message))
    return call


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"progress": 1, "total": 2, "message": "half"}, [(1, 2, "half")]),
        ({"progress": 0.5}, [(0.5, None, None)]),
        ({"progress": 1, "total": "two", "message": 3}, [(1, None, None)]),
        ({"progress": 1, "total": True}, [(1, None, None)]),
        ({"progress": 1, "total": math.inf}, [(1, None, None)]),
        ({"progress": -1}, [(-1, None, None)]),
        ({"progress": "some"}, []),
        ({"progress": True}, []),
        ({"progress": math.nan}, []),
        ({}, []),
    ],
)
def test_what_a_notification_says_is_told_later_if_it_says_anything(params: dict[str, Any], told: Told) -> None:
    heard, later = Told(), Later()

    said = Progress(later.append, Statistics()).report(asking(heard), params)

    assert (heard, said) == ([], bool(told))
    for callback in later:
        callback()
    assert heard == told


def test_progress_that_nobody_asked_for_is_dropped() -> None:
    later = Later()

    assert not Progress(later.append, Statistics()).report(make_call(), {"progress": 1})

    assert later == []


def test_a_flood_of_progress_is_told_as_far_as_it_can_be_remembered() -> None:
    heard, later, statistics = Told(), Later(), Statistics()
    reporting, call = Progress(later.append, statistics), asking(heard)

    for step in range(MOST_WAITING + 3):
        assert reporting.report(call, {"progress": step})
    later.pop(0)()
    assert reporting.report(call, {"progress": -1})

    assert len(later) == MOST_WAITING
    assert statistics.snapshot().notifications_dropped == 3
    later.pop()()
    assert heard == [(0, None, None), (-1, None, None)]


def test_long_texts_of_progress_are_told_as_far_as_they_can_be_remembered() -> None:
    heard, later, statistics = Told(), Later(), Statistics()
    reporting, call = Progress(later.append, statistics), asking(heard)

    for step in range(3):
        assert reporting.report(call, {"progress": step, "message": "x" * (MOST_BYTES // 2)})

    assert len(later) == 2
    assert statistics.snapshot().notifications_dropped == 1
