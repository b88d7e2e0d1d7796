"""What the Plex tools need of a Plex Media Server, simulated or real, and the answers it gives."""

from datetime import datetime
from typing import Literal, Protocol

from pydantic import Field

from media_servers.answers import Answer, Health, Page, Percent, Seconds, Version


class Library(Answer):
    """A library section."""

    library_id: int
    title: str
    type: Literal["movie", "show"]
    items: int = Field(ge=0, description="Movies, or shows.")
    scanning: bool
    scanned_at: datetime | None = Field(description="End of the last scan; null before the first.")


class Item(Answer):
    """A movie, a show or an episode. Fields that make no sense for its type are null."""

    rating_key: int = Field(description="Plex's id of the item.")
    library_id: int
    type: Literal["movie", "show", "episode"]
    title: str
    year: int | None
    duration_s: Seconds | None
    added_at: datetime
    views: int = Field(ge=0, description="How often it was watched to the end; of a show, its watched episodes.")
    viewed_at: datetime | None
    show_title: str | None
    season: int | None
    episode: int | None


class OnDeck(Answer):
    """Something begun: where to go on. `position_s` is 0 for the next episode of a show."""

    item: Item
    position_s: Seconds


class Session(Answer):
    """A player that is playing now."""

    session_id: str
    player: str
    state: Literal["playing", "paused", "buffering"]
    item: Item
    position_s: Seconds
    progress: Percent
    transcoding: bool
    started_at: datetime


class Viewing(Answer):
    """Something that was watched to the end."""

    item: Item
    player: str
    viewed_at: datetime


class ScanStarted(Answer):
    """A scan goes on after the answer: get_libraries tells when it is over."""

    library_id: int
    title: str
    already_scanning: bool


class PlexBackend(Protocol):
    """A Plex Media Server. Methods may block, are called from several threads, raise BackendError to refuse."""

    def libraries(self) -> list[Library]:
        """Return all library sections."""
        ...

    def items(self, library_id: int, *, offset: int, limit: int) -> Page[Item]:
        """Return the movies or shows of a library, by title."""
        ...

    def recently_added(self, library_id: int | None, *, offset: int, limit: int) -> Page[Item]:
        """Return movies and episodes, of one library or all, latest first."""
        ...

    def on_deck(self, *, offset: int, limit: int) -> Page[OnDeck]:
        """Return what is begun, what was touched last first."""
        ...

    def sessions(self) -> list[Session]:
        """Return what is being played now."""
        ...

    def search(self, term: str, *, offset: int, limit: int) -> Page[Item]:
        """Return the movies, shows and episodes whose title matches, in this order."""
        ...

    def scan(self, library_id: int) -> ScanStarted:
        """Begin to look for new files."""
        ...

    def history(self, *, offset: int, limit: int) -> Page[Viewing]:
        """Return what was watched to the end, latest first."""
        ...

    def version(self) -> Version:
        """Return the application's version."""
        ...

    def health(self) -> Health:
        """Reachability and warnings: an answer, never an exception."""
        ...
