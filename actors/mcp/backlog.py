"""What is on its way from one thread to another, counted, so that whoever hands it over can stop in time."""


class Backlog:
    """What one thread has handed to another that is not done with it yet. Each count has one writer, so no lock."""

    def __init__(self) -> None:
        self._handed = self._done = 0

    def hand(self, size: int) -> None:
        """Count more of it. On the thread that hands it over, before it does."""
        self._handed += size

    def done(self, size: int) -> None:
        """Count less of it. On the other thread."""
        self._done += size

    @property
    def size(self) -> int:
        """How much there is. For any thread."""
        return self._handed - self._done
