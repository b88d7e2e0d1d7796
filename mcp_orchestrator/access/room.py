"""How many of something callers may have at once: streams, connections."""

from collections.abc import Callable


class Room:
    """Counts what is there. `most`: how many there may be now; a reload may change it. On one thread."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most, self.taken = most, 0

    def take(self) -> bool:
        """Take the place of one; False: there is none left. Who has taken one calls `leave`, once."""
        if self.taken >= self._most():
            return False
        self.taken += 1
        return True

    def leave(self) -> None:
        """Give one place back."""
        self.taken -= 1
