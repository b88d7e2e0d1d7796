"""From what plexapi made of Plex's XML to the answers of our tools: milliseconds to seconds, dates to UTC."""

from collections.abc import Mapping
from typing import Literal, cast, get_args

from media_servers.answers import at
from media_servers.plex.backend import Item, ItemType, Library, LibraryType, OnDeck, Session, Viewing
from media_servers.plex.typed import Entry

State = Literal["playing", "paused", "buffering"]
_ITEM_TYPES, _LIBRARY_TYPES, _STATES = get_args(ItemType), get_args(LibraryType), get_args(State)
_HAVE_LEAVES = {"show", "season"}


def library(entry: Entry, items: int | None) -> Library:
    """Describe a section."""
    kind = entry.text("type")
    scanned_at = _epoch_s(entry.attributes.get("scannedAt"))  # plexapi does not know it.
    return Library(
        library_id=entry.number("key"),
        title=_title(entry),
        type=cast("LibraryType", kind if kind in _LIBRARY_TYPES else "other"),
        items=items,
        scanning=is_scanning(entry),
        scanned_at=at(scanned_at) if scanned_at else None,
    )


def is_scanning(entry: Entry) -> bool:
    """Tell whether a section is being scanned."""
    return entry.attributes.get("refreshing") == "1"


def item(entry: Entry, library_id: int | None = None, *, viewed: bool = True) -> Item:
    """Describe an item; `library_id` where it is said of the whole list only.

    `viewed`: the entry says how often and when it was watched, if ever. Those of the history do not.
    """
    kind = _type(entry)
    top, parent, number = entry.text("grandparentTitle"), entry.text("parentTitle"), entry.number("index")
    views = entry.number("viewedLeafCount" if kind in _HAVE_LEAVES else "viewCount")
    return Item(
        rating_key=entry.number("ratingKey"),
        library_id=entry.number("librarySectionID") or library_id,
        type=kind,
        title=_title(entry),
        year=entry.number("year"),
        duration_s=_seconds(entry.number("duration")),
        added_at=entry.date("addedAt"),
        views=views if viewed else None,
        viewed_at=entry.date("lastViewedAt") if viewed else None,
        # Plex names and numbers the levels above an item, whatever they are.
        show_title={"episode": top, "season": parent}.get(kind),
        season={"episode": entry.number("parentIndex"), "season": number}.get(kind),
        episode=number if kind == "episode" else None,
        artist={"track": top, "album": parent}.get(kind),
        album=parent if kind == "track" else None,
    )


def on_deck(entry: Entry, library_id: int | None) -> OnDeck:
    """Describe where to go on. What has not been begun has no offset."""
    return OnDeck(item=item(entry, library_id), position_s=_seconds(entry.number("viewOffset")) or 0)


def session(entry: Entry) -> Session:
    """Describe what is being played, by whom and on what."""
    player, transcode = entry.child("Player"), entry.child("TranscodeSession")
    state = player.get("state")
    position, duration = entry.number("viewOffset"), entry.number("duration")
    return Session(
        session_id=entry.child("Session").get("id") or entry.attributes.get("sessionKey") or "",
        user=entry.child("User").get("title") or None,
        player=player.get("title") or player.get("product") or None,
        state=cast("State", state) if state in _STATES else None,
        item=item(entry),
        position_s=_seconds(position),
        progress=round(min(100.0, 100 * position / duration), 1) if position is not None and duration else None,
        transcoding="transcode" in {transcode.get("videoDecision"), transcode.get("audioDecision")},
    )


def viewing(entry: Entry, users: Mapping[str, str], players: Mapping[str, str]) -> Viewing:
    """Describe what was watched. `users` and `players`: names by the ids of accounts and devices."""
    viewed_at = _epoch_s(entry.attributes.get("viewedAt"))
    return Viewing(
        item=item(entry, viewed=False),
        user=users.get(entry.attributes.get("accountID", "")),
        player=players.get(entry.attributes.get("deviceID", "")),
        viewed_at=None if viewed_at is None else at(viewed_at),
    )


def _type(entry: Entry) -> ItemType:
    kind = entry.text("type")
    if kind == "photo" and entry.tag == "Directory":
        return "photoalbum"  # Plex calls both photo.
    return cast("ItemType", kind if kind in _ITEM_TYPES else "other")


def _title(entry: Entry) -> str:
    return entry.text("title") or "(no title)"


def _seconds(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else milliseconds // 1000


def _epoch_s(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) <= 11 else None
