"""What the simulated Plex keeps in memory: movies, shows, their episodes, and the players of the household."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from media_servers.answers import at
from media_servers.plex.backend import Item, Library, Session
from media_servers.simulation import MINUTE_S

USER = "household"


@dataclass(slots=True, kw_only=True, eq=False)
class Section:
    """A library section. `waiting`: places in the tables of titles that a scan would find. `scan_ends_at`: if any."""

    library_id: int
    title: str
    type: Literal["movie", "show"]
    waiting: list[int]
    media: list["Media"] = field(default_factory=list["Media"])
    scan_ends_at: float | None = None
    scanned_at: float | None = None

    def answer(self) -> Library:
        """Describe it."""
        return Library(
            library_id=self.library_id,
            title=self.title,
            type=self.type,
            items=len(self.media),
            scanning=self.scan_ends_at is not None,
            scanned_at=None if self.scanned_at is None else at(self.scanned_at),
        )

    def playable(self) -> Iterator["Media"]:
        """Yield movies and episodes."""
        for media in self.media:
            yield from media.episodes or (media,)


@dataclass(slots=True, kw_only=True, eq=False)
class Media:
    """A movie, a show or an episode. `show`, `season` and `episode` are an episode's."""

    rating_key: int
    library_id: int
    type: Literal["movie", "show", "episode"]
    title: str
    year: int | None
    duration_s: int
    added_at: float
    show: "Media | None" = None
    season: int | None = None
    episode: int | None = None
    episodes: list["Media"] = field(default_factory=list["Media"])
    views: int = 0
    viewed_at: float | None = None

    def answer(self) -> Item:
        """Describe it. A show has been watched as far as its episodes have."""
        seen = [part.viewed_at for part in self.episodes or (self,) if part.viewed_at is not None]
        return Item(
            rating_key=self.rating_key,
            library_id=self.library_id,
            type=self.type,
            title=self.title,
            year=self.year,
            duration_s=None if self.type == "show" else self.duration_s,
            added_at=at(self.added_at),
            views=len(seen) if self.type == "show" else self.views,
            viewed_at=at(max(seen)) if seen else None,
            show_title=self.show.title if self.show else None,
            season=self.season,
            episode=self.episode,
            artist=None,
            album=None,
        )

    def next_episode(self) -> "Media | None":
        """Return what follows the episode of this show that was watched last; None if nothing does."""
        seen = [number for number, part in enumerate(self.episodes) if part.viewed_at is not None]
        if not seen:
            return None
        last = max(seen, key=lambda number: self.episodes[number].viewed_at or 0)
        return self.episodes[last + 1] if last + 1 < len(self.episodes) else None


@dataclass(slots=True, kw_only=True, eq=False)
class Player:
    """Plays its list over and over, with a break after each. `begun_at` may be ahead: then it has a break."""

    name: str
    playlist: Sequence[Media]
    break_minutes: int
    transcoding: bool
    begun_at: float
    turn: int = 0

    @property
    def media(self) -> Media:
        """What it plays, or will after the break."""
        return self.playlist[self.turn % len(self.playlist)]

    def watch(self, now: float) -> Iterator[tuple[float, Media]]:
        """Yield what has been watched to the end by `now`, and the second it was."""
        while (ends_at := self.begun_at + self.media.duration_s) <= now:
            yield ends_at, self.media
            self.turn += 1
            self.begun_at = ends_at + self.break_minutes * MINUTE_S

    def session(self, now: float) -> Session | None:
        """Describe what it plays; None during a break."""
        if now < self.begun_at:
            return None
        position_s = int(now - self.begun_at)
        return Session(
            session_id=f"{self.name.lower().replace(' ', '-')}-{self.turn}",
            user=USER,
            player=self.name,
            state="playing",
            item=self.media.answer(),
            position_s=position_s,
            progress=round(100 * position_s / self.media.duration_s, 1),
            transcoding=self.transcoding,
        )
