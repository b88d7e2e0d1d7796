"""The page on other people's servers says what they did just now."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.interoperability_page import cell, committed, row, rows_of
from tests.fixtures.orchestrating import PATIENCE_S
from tests.fixtures.peers import ALL, RunningPeer

BRIEFLY_S = 0.3  # What the page says does not come, is not waited for; only a wrong yes can come of it.


@pytest.mark.parametrize("peer", ALL, indirect=True)
def test_a_row_of_the_page_is_what_its_peer_does(peer: RunningPeer, find: Callable[[str], Path]) -> None:
    expected = committed(peer.name, find)

    def patience_s(title: str) -> float:
        return PATIENCE_S if cell(expected, title) == "yes" else BRIEFLY_S

    assert row(peer, find, patience_s) == expected


def test_the_page_has_a_row_for_every_peer() -> None:
    assert len(rows_of("table")) == len(ALL)
