"""What a Plex Media Server tells about itself and around its libraries, for PlexStub."""

from collections.abc import Iterable

from tests.backends.plex_library import BEGINNING, Library, Section
from tests.backends.plex_playing import ACCOUNTS, DEVICES, Players, told_transcode
from tests.backends.plex_words import Fact, Node, container

MACHINE = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
TOP = (
    *("accounts", "activities", "butler", "clients", "devices", "hubs", "identity", "library", "playlists"),
    *("prefs", "servers", "statistics", "status", "system", "transcode", "updater"),
)
BUTLER = ("BackupDatabase", "CleanOldBundles", "OptimizeDatabase", "RefreshLibraries")


def told(  # noqa: C901, PLR0911 -- one a path
    parts: tuple[str, ...], version: str, library: Library, players: Players
) -> Node | None:
    """Return what stands at a path that has to do with no item; None if it is none of these."""
    match parts:
        case ("",):
            return _root(version, players)
        case ("identity",):
            return container([], claimed=True, machineIdentifier=MACHINE, version=version)
        case ("myplex", "account"):
            facts: dict[str, Fact] = {"username": "owner@example.org", "signInState": "ok", "mappingState": "mapped"}
            return Node("MyPlex", {**facts, "subscriptionActive": False, "subscriptionState": "Inactive"})
        case ("library",):
            names = ("sections", "recentlyAdded", "onDeck", "search")
            nodes = [Node("Directory", {"key": name, "title": name}) for name in names]
            return container(
                nodes, identifier="com.plexapp.plugins.library", title1="Plex Library", content="secondary"
            )
        case ("library", "sections") | ("library", "sections", "all"):
            nodes = [told_section(section) for section in library.sections.values()]
            return container(nodes, allowSync=False, title1="Plex Library")
        case ("activities",):
            return container(_activities(library.sections.values()))
        case ("accounts",) | ("accounts", _):
            return container(_accounts(parts[1:]), identifier="com.plexapp.system.accounts")
        case ("devices",) | ("devices", _):
            return container(_devices(parts[1:]), identifier="com.plexapp.system.devices")
        case ("clients",):
            return container([_client()])
        case ("transcode", "sessions"):
            return container(told_transcode(playing) for playing in players.playing.values() if playing.transcoded)
        case _:
            return _odd(parts)


def _odd(parts: tuple[str, ...]) -> Node | None:  # noqa: PLR0911 -- one a path
    """Return what few ask for."""
    match parts:
        case ("servers",):
            facts: dict[str, Fact] = {
                "name": "Stub",
                "host": "127.0.0.1",
                "port": "32400",
                "machineIdentifier": MACHINE,
            }
            return container([Node("Server", facts)])
        case ("system", "agents"):
            facts = {"hasPrefs": False, "identifier": "tv.plex.agents.movie", "primary": True}
            return container([Node("Agent", {**facts, "name": "Plex Movie", "title": "Plex Movie"})])
        case (":", "prefs"):
            facts = {"id": "FriendlyName", "label": "Friendly name", "type": "text", "default": "", "value": "Stub"}
            return container(
                [Node("Setting", {**facts, "summary": "", "hidden": False, "advanced": False, "group": ""})]
            )
        case ("butler",) | ("butler", _):
            facts = {"interval": 1, "scheduleRandomized": True, "enabled": True}
            return Node("ButlerTasks", {}, [Node("ButlerTask", {"name": name, **facts}) for name in BUTLER])
        case ("updater", "status"):
            return container([], canInstall=False, checkedAt=BEGINNING, status=0)
        case ("playlists",) | ("hubs",) | ("status", "sessions", "background"):
            return container([])
        case _:
            return None


def told_section(section: Section) -> Node:
    """Return a library's element."""
    scanner = {"movie": "Plex Movie", "show": "Plex TV Series", "artist": "Plex Music", "photo": "Plex Photo Scanner"}
    facts: dict[str, Fact] = {
        "allowSync": True,
        "art": f"/:/resources/{section.type}-fanart.jpg",
        "composite": f"/library/sections/{section.key}/composite/{BEGINNING}",
        "filters": True,
        "refreshing": section.refreshing,
        "thumb": f"/:/resources/{section.type}.png",
        "key": str(section.key),
        "type": section.type,
        "title": section.title,
        "agent": f"tv.plex.agents.{section.type}",
        "scanner": scanner[section.type],
        "language": "en-US",
        "uuid": f"493a64e7-b541-4667-b050-d702beeb{section.key:04}",
        "updatedAt": BEGINNING,
        "createdAt": BEGINNING,
        "scannedAt": section.scanned_at,
        "content": True,
        "directory": True,
        "contentChangedAt": 87_188_911,
        "hidden": 0,
    }
    return Node("Directory", facts, [Node("Location", {"id": section.key + 10, "path": section.location})])


def _root(version: str, players: Players) -> Node:
    facts: dict[str, Fact] = {
        "allowCameraUpload": True,
        "allowChannelAccess": True,
        "allowMediaDeletion": True,
        "allowSharing": True,
        "allowSync": True,
        "backgroundProcessing": True,
        "certificate": True,
        "companionProxy": True,
        "countryCode": "nor",
        "diagnostics": "logs,databases,streaminglogs",
        "eventStream": True,
        "friendlyName": "Stub",
        "hubSearch": True,
        "itemClusters": True,
        "livetv": 7,
        "machineIdentifier": MACHINE,
        "mediaProviders": True,
        "multiuser": True,
        "myPlex": True,
        "myPlexMappingState": "mapped",
        "myPlexSigninState": "ok",
        "myPlexSubscription": False,
        "myPlexUsername": "owner@example.org",
        "ownerFeatures": "",
        "platform": "Linux",
        "platformVersion": "6.1.0",
        "pluginHost": True,
        "readOnlyLibraries": False,
        "streamingBrainABRVersion": 3,
        "streamingBrainVersion": 2,
        "sync": True,
        "transcoderActiveVideoSessions": sum(playing.transcoded for playing in players.playing.values()),
        "transcoderAudio": True,
        "transcoderLyrics": True,
        "transcoderPhoto": True,
        "transcoderSubtitles": True,
        "transcoderVideo": True,
        "transcoderVideoBitrates": "64,96,208,320,720,1500,2000,3000,4000,8000,10000,12000,20000",
        "transcoderVideoQualities": "0,1,2,3,4,5,6,7,8,9,10,11,12",
        "transcoderVideoResolutions": "128,128,160,240,320,480,768,720,720,1080,1080,1080,1080",
        "updatedAt": BEGINNING,
        "updater": True,
        "version": version,
        "voiceSearch": True,
    }
    return container((Node("Directory", {"count": 1, "key": name, "title": name}) for name in TOP), **facts)


def _activities(sections: Iterable[Section]) -> list[Node]:
    return [
        Node(
            "Activity",
            {
                "uuid": activity_id(section),
                "type": "library.update.section",
                "cancellable": True,
                "userID": 1,
                "title": f"Scanning {section.title}",
                "subtitle": section.location,
                "progress": 43,
            },
            [Node("Context", {"accessible": True, "exists": True, "librarySectionID": str(section.key)})],
        )
        for section in sections
        if section.refreshing
    ]


def activity_id(section: Section) -> str:
    """Return the id of a library's scan."""
    return f"d6199ba1-fb5e-4cae-bf17-1a5369c1{section.key:04}"


def _accounts(wanted: tuple[str, ...]) -> list[Node]:
    return [
        Node(
            "Account",
            {
                "id": number,
                "key": f"/accounts/{number}",
                "name": name,
                "defaultAudioLanguage": "en",
                "autoSelectAudio": True,
                "defaultSubtitleLanguage": "en",
                "subtitleMode": 0,
                "thumb": "",
            },
        )
        for number, name in ACCOUNTS.items()
        if not wanted or wanted == (str(number),)
    ]


def _devices(wanted: tuple[str, ...]) -> list[Node]:
    return [
        Node(
            "Device",
            {
                "id": number,
                "name": name,
                "platform": platform,
                "clientIdentifier": f"player-{number}",
                "createdAt": BEGINNING,
            },
        )
        for number, (name, platform) in DEVICES.items()
        if not wanted or wanted == (str(number),)
    ]


def _client() -> Node:
    facts: dict[str, Fact] = {
        "name": "Living Room TV",
        "host": "192.168.1.20",
        "address": "192.168.1.20",
        "port": 8324,
        "machineIdentifier": "player-5",
        "version": "7.11",
        "protocol": "plex",
        "product": "Plex for Roku",
        "deviceClass": "stb",
        "protocolVersion": 2,
        "protocolCapabilities": "playback,playqueues,timeline",
    }
    return Node("Server", facts)
