"""A stand-in for a Plex Media Server 1.41, for tests of the Plex server: XML, or JSON where that is accepted.

After the public descriptions of its API (developer.plex.tv, plexapi.dev, plexopedia.com) and what python-plexapi reads.
"""

from typing import TypeAlias
from urllib.parse import unquote

from typing_extensions import override

from tests.backends import plex_server, plex_words
from tests.backends.plex_browsing import Browsing
from tests.backends.plex_items import Item
from tests.backends.plex_library import MOVIES, Library
from tests.backends.plex_playing import OWNER, Players, State
from tests.backends.plex_queries import Page
from tests.backends.plex_stock import fill, stock
from tests.backends.plex_words import Node, container
from tests.backends.stub import Answer, Request, Stub

Found: TypeAlias = Answer | Node
MIGRATING = "Plex Media Server is currently running database migrations."


class PlexStub(Stub):
    """A server with movies, shows, music, photos and an empty library.

    What its files and players do, the methods say; for what clients do there are the paths. They may be called by any
    thread while the stub serves. `instead`: what answers everything, if it is not Plex that stands at the address.
    """

    def __init__(self) -> None:
        super().__init__()
        self.secret = "canary-xPlex8Tok3n"  # noqa: S105 -- the stub's own
        self.version = "1.41.6.9685-d301f511a"
        self.library = Library()
        stock(self.library)
        self.players = Players(self.library)
        self.instead: Answer | None = None
        self._losing: set[str] = set()
        self._browsing = Browsing(self.library, self.players)

    def item(self, title: str) -> Item:
        """Return the first item of this title."""
        return next(item for item in self.library.items.values() if item.title == title)

    def fill(self, number: int, section_id: int = MOVIES) -> None:
        """Add many films."""
        with self._state:
            fill(self.library, number, section_id)

    def play(
        self,
        title: str,
        *,
        account: int = OWNER,
        device: int = 5,
        state: State = "playing",
        offset: int = 0,
        transcoded: bool = False,
    ) -> int:
        """Let a player play; return the session's key. `offset` is in milliseconds."""
        with self._state:
            return self.players.play(
                self.item(title), account=account, device=device, state=state, offset=offset, transcoded=transcoded
            )

    def move(self, session: int, offset: int, state: State = "playing") -> None:
        """Let a player go on."""
        with self._state:
            self.players.move(session, offset, state)

    def stop_playing(self, session: int) -> None:
        """Let a player stop: near its end, the item is watched."""
        with self._state:
            self.players.stop(session)

    def watch(self, title: str, *, account: int = OWNER, device: int | None = 5, at: int | None = None) -> None:
        """Let somebody watch something to the end, now or at a Unix time that becomes the present."""
        with self._state:
            self.library.now = at or self.library.now + 60
            self.players.watch(self.item(title), account, device)

    def arrive(self, title: str, section_id: int = MOVIES) -> None:
        """Put a film's file into a library's folder, to be found by its next scan."""
        with self._state:
            self.library.sections[section_id].arriving.append(title)

    def scanned(self) -> None:
        """End the scans that go on: what has arrived is there."""
        with self._state:
            self._browsing.scanned()

    def delete(self, title: str) -> None:
        """Take an item out of its library, with all below it. The history keeps it."""
        with self._state:
            self._browsing.delete(self.item(title))

    def maintain(self, status: str = MIGRATING) -> None:
        """Answer everything with 503, until `maintained`."""
        self.instead = plex_words.maintenance(status)

    def maintained(self) -> None:
        """Answer again."""
        self.instead = None

    def lose(self, path: str) -> None:
        """Do what is next asked at a path, and hang up before the answer."""
        self._losing.add(path)

    @override
    def answer(self, request: Request) -> Answer:
        if self.instead is not None:
            return self.instead
        path = request.path.rstrip("/") or "/"
        token = request.headers.get("x-plex-token", request.query.get("X-Plex-Token"))
        if path != "/identity" and token != self.secret:
            return plex_words.page(401, of_root=path == "/")
        found = self._find(request, unquote(path))
        if path in self._losing:
            self._losing.discard(path)
            raise ConnectionAbortedError
        if isinstance(found, Answer):
            return found
        return plex_words.said(plex_words.slim(found, request.query), as_json=_accepts_json(request))

    def _find(self, request: Request, path: str) -> Found:
        parts = tuple(path.strip("/").split("/"))
        if (node := plex_server.told(parts, self.version, self.library, self.players)) is not None:
            return node if request.method == "GET" else plex_words.nothing()
        try:
            found = self._browsing.find(request, parts)
        except (KeyError, ValueError):  # No such thing; or no number where one must be.
            return plex_words.page(404)
        if isinstance(found, Answer | Node):
            return found
        page = Page(request.query, request.headers)
        shown = [found.tell(entry) for entry in page.cut(found.entries)]
        root = container([*found.before, *shown], **page.facts(len(found.entries)), **found.facts)
        root = Node(root.tag, {**root.facts, "size": len(shown)}, root.inside)
        root = plex_words.slim(root, request.query)
        return plex_words.said(root, as_json=_accepts_json(request), headers=page.headers(len(found.entries)))


def _accepts_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")
