"""When a crashed actor is started again. Pure. Source: OTP's restart intensity, with a back-off added."""

from collections import deque

from actors.backoff import backoff_s

_BASE_S, _CAP_S = 0.5, 30.0
_HEALTHY_S = 60.0  # Alive for so long, and the back-off starts anew.


class Restarts:
    """The crashes of one actor: more than `most` within `window_s` park it."""

    def __init__(self, *, most: int, window_s: float) -> None:
        self._most, self._window_s = most, window_s
        self._crashes: deque[float] = deque()
        self._in_a_row = 0

    def limit(self, *, most: int, window_s: float) -> None:
        """Count by these numbers from the next crash on."""
        self._most, self._window_s = most, window_s

    def crashed(self, now: float, jitter: float) -> float | None:
        """Note a crash. Return the seconds until the next start; None: park it."""
        if self._crashes and now - self._crashes[-1] >= _HEALTHY_S:
            self._in_a_row = 0
        self._crashes.append(now)
        while now - self._crashes[0] > self._window_s:
            self._crashes.popleft()
        if len(self._crashes) > self._most:
            return None
        self._in_a_row += 1
        return backoff_s(self._in_a_row - 1, base_s=_BASE_S, cap_s=_CAP_S, jitter=jitter)
