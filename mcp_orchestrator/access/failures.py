"""How often wrong tokens come."""

from collections import deque

MOST = 20
WITHIN_S = 60.0


class Failures:
    """Counts the last attempts; more than `MOST` within `WITHIN_S` are too many. Whoever has a right token minds none.

    Nobody guesses 256 bits: this keeps the log and the processor free of somebody who tries. It counts all that come,
    from wherever: an address says little behind a proxy, and a list of addresses could be made to grow.
    """

    def __init__(self) -> None:
        self._at: deque[float] = deque(maxlen=MOST)

    def failed(self, now: float) -> float:
        """Count one. Return how many seconds nobody need try again, 0 if there were not too many."""
        if len(self._at) == MOST and now - self._at[0] < WITHIN_S:
            return WITHIN_S - (now - self._at[0])
        self._at.append(now)
        return 0.0
