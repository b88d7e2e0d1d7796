"""A Plex Media Server that exists in memory only: two players play on, scans take time and find something."""

from itertools import count

from typing_extensions import override

from media_servers.answers import Health, Page, Version, at
from media_servers.arguments import matches
from media_servers.errors import UnknownIdError
from media_servers.plex.backend import Item, Library, OnDeck, PlexBackend, ScanStarted, Session, Viewing
from media_servers.plex.library import USER, Media, Player, Section
from media_servers.simulation import DAY_S, KEEP, MINUTE_S, Clock, Simulation
from media_servers.titles import FILMS, SHOWS

MOVIES, TV = 1, 2
FILMS_AT_FIRST, SHOWS_AT_FIRST = 30, 7  # Scans find the others, one each.
WATCHING_SINCE_S = 2 * DAY_S
SCAN_S = 20


class SimulatedPlex(Simulation, PlexBackend):
    """Begins as if the household had been watching for two days. No chance in it: time alone makes the difference."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._start = clock()
        self._keys = count(1001)
        movies = Section(library_id=MOVIES, title="Movies", type="movie", waiting=list(range(len(FILMS))))
        shows = Section(library_id=TV, title="TV Shows", type="show", waiting=list(range(len(SHOWS))))
        self._sections = {MOVIES: movies, TV: shows}
        for number in range(FILMS_AT_FIRST):
            self._discover(movies, self._start - (90 - 2 * number) * DAY_S)
        for number in range(SHOWS_AT_FIRST):
            self._discover(shows, self._start - (80 - 9 * number) * DAY_S)
        since = self._start - WATCHING_SINCE_S
        episodes, films = list(shows.playable()), list(movies.playable())
        self._players = (
            Player(name="Living room TV", playlist=episodes, break_minutes=3, transcoding=False, begun_at=since),
            Player(name="Tablet", playlist=films, break_minutes=45, transcoding=True, begun_at=since),
        )
        self._history: list[Viewing] = []  # Latest last.
        self.advance(self._start)

    @override
    def advance(self, now: float) -> None:
        seen = [(ends_at, media, player) for player in self._players for ends_at, media in player.watch(now)]
        for ends_at, media, player in sorted(seen, key=lambda one: one[0]):
            media.views, media.viewed_at = media.views + 1, ends_at
            self._history.append(Viewing(item=media.answer(), user=USER, player=player.name, viewed_at=at(ends_at)))
        del self._history[:-KEEP]
        for section in self._sections.values():
            if section.scan_ends_at is not None and section.scan_ends_at <= now:
                self._discover(section, section.scan_ends_at)
                section.scanned_at, section.scan_ends_at = section.scan_ends_at, None

    @override
    def libraries(self) -> list[Library]:
        with self.present():
            return [section.answer() for section in self._sections.values()]

    @override
    def items(self, library_id: int, *, offset: int, limit: int) -> Page[Item]:
        with self.present():
            media = sorted(self._section(library_id).media, key=lambda media: media.title)
            return Page[Item].cut((one.answer() for one in media), offset, limit)

    @override
    def recently_added(self, library_id: int | None, *, offset: int, limit: int) -> Page[Item]:
        with self.present():
            sections = self._sections.values() if library_id is None else (self._section(library_id),)
            media = [media for section in sections for media in section.playable()]
            media.sort(key=lambda one: (one.added_at, one.rating_key), reverse=True)
            return Page[Item].cut((one.answer() for one in media), offset, limit)

    @override
    def on_deck(self, *, offset: int, limit: int) -> Page[OnDeck]:
        with self.present() as now:
            playing = {player.media: int(now - player.begun_at) for player in self._players if now >= player.begun_at}
            deck = [OnDeck(item=media.answer(), position_s=position_s) for media, position_s in playing.items()]
            busy = {media.show for media in playing}
            begun = [(show, show.next_episode()) for show in self._sections[TV].media if show not in busy]
            waiting = [episode for _, episode in sorted(begun, key=_last_viewed, reverse=True) if episode is not None]
            deck += [OnDeck(item=episode.answer(), position_s=0) for episode in waiting]
            return Page[OnDeck].cut(deck, offset, limit)

    @override
    def sessions(self) -> list[Session]:
        with self.present() as now:
            return [session for player in self._players if (session := player.session(now)) is not None]

    @override
    def search(self, term: str, *, offset: int, limit: int) -> Page[Item]:
        with self.present():
            top = [media for section in self._sections.values() for media in section.media]
            everything = top + [episode for media in top for episode in media.episodes]
            found = (media.answer() for media in everything if matches(term, media.title))
            return Page[Item].cut(found, offset, limit)

    @override
    def scan(self, library_id: int) -> ScanStarted:
        with self.present() as now:
            section = self._section(library_id)
            already = section.scan_ends_at is not None
            if not already:
                section.scan_ends_at = now + SCAN_S
            return ScanStarted(library_id=library_id, title=section.title, already_scanning=already)

    @override
    def history(self, *, offset: int, limit: int) -> Page[Viewing]:
        with self.present():
            return Page[Viewing].cut(reversed(self._history), offset, limit)

    @override
    def version(self) -> Version:
        return Version(application="Plex Media Server", version="1.42.2 (simulated)")

    @override
    def health(self) -> Health:
        with self.present() as now:
            return Health(healthy=True, issues=[], checked_at=at(now))

    def _section(self, library_id: int) -> Section:
        if library_id not in self._sections:
            raise UnknownIdError(f"No library has the id {library_id}: get_libraries lists the ids.")
        return self._sections[library_id]

    def _discover(self, section: Section, now: float) -> None:
        """Take the next title that waits on disk, if any, into the library."""
        if section.waiting:
            make = self._movie if section.type == "movie" else self._show
            section.media.append(make(section.waiting.pop(0), now))

    def _movie(self, number: int, now: float) -> Media:
        film = FILMS[number]
        return Media(
            rating_key=next(self._keys),
            library_id=MOVIES,
            type="movie",
            title=film.title,
            year=film.year,
            duration_s=film.minutes * MINUTE_S,
            added_at=now,
        )

    def _show(self, number: int, now: float) -> Media:
        table = SHOWS[number]
        show = Media(
            rating_key=next(self._keys),
            library_id=TV,
            type="show",
            title=table.title,
            year=table.year,
            duration_s=0,
            added_at=now,
        )
        for place in range(table.seasons * table.episodes):
            season, episode = divmod(place, table.episodes)
            show.episodes.append(
                Media(
                    rating_key=next(self._keys),
                    library_id=TV,
                    type="episode",
                    title=f"Part {episode + 1}",
                    year=None,
                    duration_s=table.minutes * MINUTE_S,
                    added_at=now,
                    show=show,
                    season=season + 1,
                    episode=episode + 1,
                )
            )
        return show


def _last_viewed(begun: tuple[Media, Media | None]) -> float:
    return max(episode.viewed_at or 0 for episode in begun[0].episodes)
