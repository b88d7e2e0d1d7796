"""Who plays and who has played what on a Plex Media Server, for PlexStub."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Literal, TypeAlias

from tests.backends.plex_items import Item, told
from tests.backends.plex_library import Library
from tests.backends.plex_words import Fact, Node

State: TypeAlias = Literal["playing", "paused", "buffering"]
OWNER, GUEST = 1, 24_680_135  # The owner is always account 1; a shared user has the number it has on plex.tv.
ACCOUNTS: Mapping[int, str] = {0: "", OWNER: "owner", GUEST: "guest"}
DEVICES: Mapping[int, tuple[str, str]] = {
    5: ("Living Room TV", "Roku"),
    7: ("Chrome", "Chrome"),
    9: ("Tablet", "Android"),
}
WATCHED = 0.9  # Played so far is played to the end.


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing:
    """A player with something on it."""

    key: int
    item: Item
    account: int
    device: int
    state: State
    offset: int
    transcoded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewing:
    """Something that was played to the end. Its item may have been deleted since: then it has no keys."""

    key: int
    item: Item
    account: int
    device: int | None
    viewed_at: int


class Players:
    """What is and was played."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._keys, self._views = count(1), count(1)
        self.playing: dict[int, Playing] = {}
        self.history: list[Viewing] = []  # Oldest first.
        for item in library.items.values():
            for _ in range(item.view_count):
                self._seen(item, OWNER, 5, item.last_viewed_at or library.now)
        self.history.sort(key=lambda viewing: viewing.viewed_at)

    def play(
        self,
        item: Item,
        *,
        account: int = OWNER,
        device: int = 5,
        state: State = "playing",
        offset: int = 0,
        transcoded: bool = False,
    ) -> int:
        """Start to play; return the session's key."""
        key = next(self._keys)
        self.playing[key] = Playing(
            key=key, item=item, account=account, device=device, state=state, offset=offset, transcoded=transcoded
        )
        return key

    def move(self, key: int, offset: int, state: State) -> None:
        """Let a session go on to another place or state."""
        self.playing[key] = replace(self.playing[key], offset=offset, state=state)

    def stop(self, key: int) -> None:
        """End a session: the item is watched, or it is remembered how far it was."""
        playing, now = self.playing.pop(key), self._library.now
        if playing.item.duration and playing.offset >= WATCHED * playing.item.duration:
            self.watch(playing.item, playing.account, playing.device)
        elif playing.account == OWNER:
            playing.item.view_offset, playing.item.last_viewed_at = playing.offset, now

    def watch(self, item: Item, account: int = OWNER, device: int | None = 5) -> None:
        """Watch something to the end. What others watch is in the history alone."""
        if account == OWNER:
            item.view_count, item.view_offset, item.last_viewed_at = item.view_count + 1, None, self._library.now
        self._seen(item, account, device, self._library.now)

    def _seen(self, item: Item, account: int, device: int | None, at: int) -> None:
        viewing = Viewing(key=next(self._views), item=item, account=account, device=device, viewed_at=at)
        self.history.append(viewing)


def told_playing(playing: Playing, section_title: str) -> Node:
    """Return a session's element: the item with what plays it inside."""
    item = playing.item
    node = told(item, section_title, more={"sessionKey": str(playing.key)})
    name, platform = DEVICES[playing.device]
    user: dict[str, Fact] = {"id": str(playing.account), "thumb": "https://plex.tv/users/0/avatar"}
    player: dict[str, Fact] = {
        "address": "192.168.1.20",
        "device": platform,
        "machineIdentifier": f"player-{playing.device}",
        "model": "standalone",
        "platform": platform,
        "platformVersion": "12.5",
        "product": f"Plex for {platform}",
        "profile": platform,
        "remotePublicAddress": "203.0.113.7",
        "state": playing.state,
        "title": name,
        "version": "4.125.1",
        "local": True,
        "relayed": False,
        "secure": True,
        "userID": playing.account,
    }
    session: dict[str, Fact] = {"id": f"session{playing.key:06}", "bandwidth": 8123, "location": "lan"}
    decision = "transcode" if playing.transcoded else "directplay"
    inside = [_selected(child, decision) for child in node.inside if child.tag == "Media"][:1]
    inside += [
        Node("User", {**user, "title": ACCOUNTS[playing.account]}),
        Node("Player", player),
        Node("Session", session),
    ]
    if playing.transcoded:
        inside.append(told_transcode(playing))
    return Node(node.tag, {**node.facts, "viewOffset": playing.offset}, inside)


def _selected(media: Node, decision: str) -> Node:
    """Return the version that plays, marked as such."""
    parts = [Node("Part", {**part.facts, "decision": decision, "selected": True}, part.inside) for part in media.inside]
    return Node("Media", {**media.facts, "selected": True}, parts)


def told_transcode(playing: Playing) -> Node:
    """Return the element of a session's conversion."""
    done = 100 * playing.offset / (playing.item.duration or 1)
    facts: dict[str, Fact] = {
        "key": f"/transcode/sessions/transcode{playing.key:06}",
        "throttled": False,
        "complete": False,
        "progress": round(done, 1),
        "size": -22,
        "speed": 2.4,
        "error": False,
        "duration": playing.item.duration,
        "remaining": 120,
        "context": "streaming",
        "sourceVideoCodec": "h264",
        "sourceAudioCodec": "aac",
        "videoDecision": "transcode",
        "audioDecision": "copy",
        "protocol": "dash",
        "container": "mkv",
        "videoCodec": "hevc",
        "audioCodec": "aac",
        "audioChannels": 2,
        "transcodeHwRequested": False,
        "timeStamp": 1676047584.5,
        "maxOffsetAvailable": 120.5,
        "minOffsetAvailable": 0.0,
    }
    return Node("TranscodeSession", facts)


def told_viewing(viewing: Viewing, library: Library) -> Node:
    """Return an entry of the history: far less than the item has; no year, no duration, and no keys if it is gone."""
    item, above, show = viewing.item, viewing.item.parent, viewing.item.grandparent
    there = item.rating_key in library.items
    facts: dict[str, Fact] = {
        "historyKey": f"/status/sessions/history/{viewing.key}",
        "key": item.key if there else None,
        "ratingKey": str(item.rating_key) if there else None,
        "librarySectionID": str(item.section_id),
        "parentKey": above.key if there and above else None,
        "grandparentKey": show.key if there and show else None,
        "title": item.title,
        "grandparentTitle": show.title if show else None,
        "type": item.type,
        "thumb": f"{item.key}/thumb/-1" if there else None,
        "index": item.facts.get("index"),
        "parentIndex": above.facts.get("index") if above else None,
        "originallyAvailableAt": item.facts.get("originallyAvailableAt"),
        "viewedAt": viewing.viewed_at,
        "accountID": viewing.account,
        "deviceID": viewing.device,
    }
    return Node(told(item, "").tag, facts)
