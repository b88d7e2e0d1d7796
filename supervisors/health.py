"""What pings say about one server, and when the next one is due. Pure."""

import math

from actors.status import HealthStatus


class Health:
    """A server is up after an answer, down after `misses_allowed` misses in a row, and unknown before either.

    Rounds come every `interval_s`, ±10 %, so that many servers are not asked in one instant; None: never.
    """

    def __init__(self, *, interval_s: float | None, misses_allowed: int) -> None:
        self.interval_s, self.misses_allowed = interval_s, misses_allowed
        self.due = math.inf
        self._last_round_at = -math.inf
        self._asked = False
        self.status = HealthStatus()

    def schedule(self, now: float, jitter: float) -> None:
        """Set the time of the next round."""
        self.due = math.inf if self.interval_s is None else now + self.interval_s * (0.9 + 0.2 * jitter)

    def round(self, now: float, jitter: float, *, last_answer_at: float | None) -> bool:
        """Begin a round; True: ping. A call answered since the last round has said it all."""
        answered = last_answer_at is not None and last_answer_at >= self._last_round_at
        self._last_round_at = now
        self.schedule(now, jitter)
        if answered:
            self.ended(now, alive=True, duration_s=None)
        return not answered and not self._asked

    def asked(self) -> None:
        """Note that a ping is under way: there is no second one beside it."""
        self._asked = True

    def forget_ping(self) -> None:
        """Note that nobody will tell of the ping that was under way."""
        self._asked = False

    def ended(self, now: float, *, alive: bool, duration_s: float | None) -> bool:
        """Note the end of a check; True if the server is down since just now. `duration_s`: None without a ping."""
        self._asked = False
        was, misses = self.status, 0 if alive else self.status.misses + 1
        down = misses >= self.misses_allowed
        self.status = HealthStatus(
            state="up" if alive else "down" if down else was.state,
            misses=misses,
            checks=was.checks + 1,
            last_check_at=now,
            response_time_s=was.response_time_s if duration_s is None else duration_s,
        )
        return down and was.state != "down"
