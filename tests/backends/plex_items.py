"""The items of a Plex library and how they are told, for PlexStub."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.backends.plex_words import Fact, Node

# Plex's number of each type, in `type=`. Photo albums are told as type "photo", but in a Directory.
NUMBERS = {
    "movie": 1,
    "show": 2,
    "season": 3,
    "episode": 4,
    "artist": 8,
    "album": 9,
    "track": 10,
    "photo": 13,
    "photoalbum": 14,
}
TAGS = {"movie": "Video", "episode": "Video", "clip": "Video", "track": "Track", "photo": "Photo"}  # Else Directory.


@dataclass(slots=True, kw_only=True, eq=False)
class Item:
    """A movie, show, season, episode, artist, album, track, photo album or photo. Times are Unix seconds, UTC.

    `facts` has what the type brings with it; a thing that Plex does not know is not in it. Durations are milliseconds.
    """

    rating_key: int
    type: str
    section_id: int
    title: str
    added_at: int
    facts: dict[str, Fact] = field(default_factory=dict[str, Fact])
    tags: list[Node] = field(default_factory=list[Node])
    guids: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  # One Part each; they are spread over the versions in `resolutions`.
    resolutions: tuple[str, ...] = ("1080",)
    parent: "Item | None" = None
    children: list["Item"] = field(default_factory=list["Item"])
    view_count: int = 0
    view_offset: int | None = None  # Milliseconds.
    last_viewed_at: int | None = None

    @property
    def key(self) -> str:
        """The path where it is told in full."""
        return f"/library/metadata/{self.rating_key}"

    @property
    def duration(self) -> int:
        """In milliseconds; 0 when Plex does not know it."""
        known = self.facts.get("duration")
        return known if isinstance(known, int) else 0

    @property
    def grandparent(self) -> "Item | None":
        """The show of an episode, the artist of a track."""
        return self.parent.parent if self.parent else None

    def leaves(self) -> Iterator["Item"]:
        """Yield all episodes below a show or season, all tracks below an artist or album."""
        for child in self.children:
            if child.children or child.type in {"season", "album"}:
                yield from child.leaves()
            else:
                yield child

    def tagged(self, kind: str) -> Iterator[Node]:
        """Yield its genres, directors and so on."""
        return (tag for tag in self.tags if tag.tag == kind)


def told(
    item: Item,
    section_title: str,
    *,
    in_full: bool = False,
    guids: bool = False,
    more: Mapping[str, Fact] | None = None,
) -> Node:
    """Return an item's element: short as in lists, or in full with streams, all tags and the other sites' ids."""
    facts: dict[str, Fact] = {
        **(more or {}),
        "ratingKey": str(item.rating_key),
        "key": item.key if item.type in TAGS else f"{item.key}/children",
        **_above(item),
        "type": "photo" if item.type == "photoalbum" else item.type,
        "title": item.title,
        "librarySectionTitle": section_title,
        "librarySectionID": item.section_id,
        "librarySectionKey": f"/library/sections/{item.section_id}",
        **item.facts,
        "viewCount": item.view_count or None,
        "viewOffset": item.view_offset,
        "lastViewedAt": item.last_viewed_at,
        "thumb": f"{item.key}/thumb/{item.added_at}",
        "art": f"{item.key}/art/{item.added_at}" if item.type in {"movie", "show", "artist"} else None,
        "addedAt": item.added_at,
        "updatedAt": item.added_at + 60,
        **_counts(item),
    }
    inside = _media(item, in_full=in_full)
    inside += item.tags if in_full else [Node(tag.tag, {"tag": tag.facts["tag"]}) for tag in item.tags[:3]]
    if in_full or guids:
        inside += [Node("Guid", {"id": guid}) for guid in item.guids]
    return Node(TAGS.get(item.type, "Directory"), facts, inside)


def _above(item: Item) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    for prefix, ancestor in (("parent", item.parent), ("grandparent", item.grandparent)):
        if ancestor is not None:
            facts |= {
                f"{prefix}RatingKey": str(ancestor.rating_key),
                f"{prefix}Key": ancestor.key,
                f"{prefix}Guid": ancestor.facts.get("guid"),
                f"{prefix}Title": ancestor.title,
                f"{prefix}Index": ancestor.facts.get("index") if prefix == "parent" else None,
                f"{prefix}Thumb": f"{ancestor.key}/thumb/{ancestor.added_at}",
            }
    return facts


def _counts(item: Item) -> dict[str, Fact]:
    if item.type not in {"show", "season", "album"}:
        return {}
    leaves = list(item.leaves())
    return {
        "leafCount": len(leaves),
        "viewedLeafCount": sum(1 for leaf in leaves if leaf.view_count),
        "childCount": len(item.children) if item.type == "show" else None,
    }


def _media(item: Item, *, in_full: bool) -> list[Node]:
    """Return a Media for each version, each with its share of the files."""
    if not item.files:
        return []
    versions = len(item.resolutions)
    return [
        _version(item, resolution, item.rating_key * 10 + number, item.files[number::versions], in_full=in_full)
        for number, resolution in enumerate(item.resolutions)
    ]


def _version(item: Item, resolution: str, number: int, files: tuple[str, ...], *, in_full: bool) -> Node:
    is_video, duration = TAGS[item.type] == "Video", item.facts.get("duration")
    facts: dict[str, Fact] = {"id": number, "duration": duration, "container": files[0].rsplit(".", 1)[-1]}
    if is_video:
        facts |= {"videoResolution": resolution, "videoCodec": "h264", "videoFrameRate": "24p", "bitrate": 8123}
        facts |= {"width": 1920, "height": 800, "aspectRatio": 2.35, "videoProfile": "high"}
    if is_video or item.type == "track":
        facts |= {"audioCodec": "aac" if is_video else "flac", "audioChannels": 2}
    parts = [
        Node(
            "Part",
            {
                "id": number * 10 + place,
                "key": f"/library/parts/{number * 10 + place}/{item.added_at}/file.{facts['container']}",
                "duration": duration,
                "file": file,
                "size": 1_500_000_000 + item.rating_key,
                "container": facts["container"],
            },
            _streams(number, is_video=is_video) if in_full and item.type != "photo" else [],
        )
        for place, file in enumerate(files)
    ]
    return Node("Media", facts, parts)


def _streams(number: int, *, is_video: bool) -> list[Node]:
    video: dict[str, Fact] = {"id": number * 100, "streamType": 1, "codec": "h264", "index": 0, "bitrate": 7900}
    video |= {"default": True, "height": 800, "width": 1920, "frameRate": 23.976, "displayTitle": "1080p (H.264)"}
    audio: dict[str, Fact] = {"id": number * 100 + 1, "streamType": 2, "codec": "aac", "index": 1, "channels": 2}
    audio |= {"selected": True, "language": "English", "languageCode": "eng", "displayTitle": "English (AAC Stereo)"}
    return [Node("Stream", video), Node("Stream", audio)] if is_video else [Node("Stream", audio)]
