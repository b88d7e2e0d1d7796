"""What the Plex tools need of a Plex Media Server, simulated or real, and the answers it gives."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from media_servers.answers import Answer, Health, Page, Percent, Seconds, Version

LibraryType: TypeAlias = Literal["movie", "show", "artist", "photo", "other"]
ItemType: TypeAlias = Literal[
    "movie", "show", "season", "episode", "artist", "album", "track", "photoalbum", "photo", "clip", "other"
]


_OF_TYPES: Mapping[str, frozenset[str]] = {
    "episode": frozenset({"show_title", "season", "episode"}),
    "season": frozenset({"show_title", "season"}),
    "album": frozenset({"artist"}),
    "track": frozenset({"artist", "album"}),
}
_OF_SOME_TYPES = frozenset[str]().union(*_OF_TYPES.values())


class Library(Answer):
    """A library section."""

    library_id: int | None
    title: str
    type: LibraryType = Field(description="artist: a music library.")
    items: int | None = Field(
        ge=0, description="Movies, shows, artists, or photos and albums at the top; null if Plex did not tell in time."
    )
    scanning: bool
    scanned_at: datetime | None = Field(description="End of the last scan; null before the first.")


class Item(Answer):
    """Something in a library. What Plex does not tell is null; what only some types have is left out of the others."""

    rating_key: int | None = Field(description="Plex's id of the item; null of what is in no library any more.")
    library_id: int | None
    type: ItemType = Field(description="clip: a trailer or the like.")
    title: str
    year: int | None
    duration_s: Seconds | None = Field(description="Of a show, what is usual for an episode.")
    added_at: datetime | None
    views: int | None = Field(
        ge=0, description="How often it was watched to the end; of a show or a season, its watched episodes."
    )
    viewed_at: datetime | None
    show_title: str | None = None
    season: int | None = Field(default=None, description="Of an episode or a season; 0: specials.")
    episode: int | None = None
    artist: str | None = None
    album: str | None = Field(default=None, description="Of a track.")

    @model_serializer(mode="wrap")
    def _without_those_of_other_types(self, serialized: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Half of a page of movies would be nulls else."""
        fields: dict[str, Any] = serialized(self)
        foreign = _OF_SOME_TYPES - _OF_TYPES.get(self.type, frozenset())
        return {name: value for name, value in fields.items() if name not in foreign}


class OnDeck(Answer):
    """Something begun: where to go on. `position_s` is 0 for the next episode of a show."""

    item: Item
    position_s: Seconds


class Session(Answer):
    """A player that is playing now."""

    session_id: str
    user: str | None
    player: str | None
    state: Literal["playing", "paused", "buffering"] | None
    item: Item
    position_s: Seconds | None
    progress: Percent | None = Field(description="How far it is, in percent; null of what has no end, as live TV.")
    transcoding: bool = Field(description="Whether Plex converts picture or sound for it, which costs CPU.")


class Viewing(Answer):
    """Something that was watched to the end."""

    item: Item
    user: str | None
    player: str | None
    viewed_at: datetime | None


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
        """Return the movies, shows, artists, or photos and albums of a library, by title."""
        ...

    def recently_added(self, library_id: int | None, *, offset: int, limit: int) -> Page[Item]:
        """Return what was added, to one library or all, latest first."""
        ...

    def on_deck(self, *, offset: int, limit: int) -> Page[OnDeck]:
        """Return what is begun, what was touched last first."""
        ...

    def sessions(self) -> list[Session]:
        """Return what is being played now."""
        ...

    def search(self, term: str, *, offset: int, limit: int) -> Page[Item]:
        """Return the movies, shows, episodes, artists, albums, tracks and so on that match, in this order."""
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
