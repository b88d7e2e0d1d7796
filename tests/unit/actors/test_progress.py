"""Progress: asked for with a token, told on the callbacks thread."""

from collections.abc import Callable
from typing import Any

import pytest

from actors import progress
from tests.fixtures.calls import make_call

Told = list[tuple[float, float | None, str | None]]


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


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"progress": 1, "total": 2, "message": "half"}, [(1, 2, "half")]),
        ({"progress": 0.5}, [(0.5, None, None)]),
        ({"progress": 1, "total": "two", "message": 3}, [(1, None, None)]),
        ({"progress": "some"}, []),
        ({}, []),
    ],
)
def test_what_a_notification_says_is_told_later(params: dict[str, Any], told: Told) -> None:
    heard: Told = []
    later: list[Callable[[], object]] = []
    call = make_call()
    call.on_progress = lambda done, total, message: heard.append((done, total, message))

    progress.report(call, params, later.append)

    assert heard == []
    for callback in later:
        callback()
    assert heard == told


def test_progress_that_nobody_asked_for_is_dropped() -> None:
    later: list[Callable[[], object]] = []

    progress.report(make_call(), {"progress": 1}, later.append)

    assert later == []
