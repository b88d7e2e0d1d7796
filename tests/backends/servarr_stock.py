"""What Sonarr and Radarr have beside a library: profiles, root folders, tags, health, status. For the stubs."""

from dataclasses import dataclass
from typing import Any

from tests.backends.servarr_answers import Document
from tests.backends.servarr_queue import ENGLISH, quality

KNOWN_COMMANDS = frozenset({"Backup", "Housekeeping", "ImportListSync", "RefreshMonitoredDownloads", "RssSync"})


@dataclass(kw_only=True)
class RootFolder:
    """A folder for titles. One that cannot be read has no free space."""

    id: int
    path: str
    accessible: bool = True
    free_space: int | None = 1_500_000_000_000

    def document(self) -> Document:
        """Return what the API says of it."""
        return {
            "path": self.path,
            "accessible": self.accessible,
            "freeSpace": self.free_space if self.accessible else None,
            "unmappedFolders": [],
            "id": self.id,
        }


@dataclass(kw_only=True)
class Profile:
    """A quality profile. The first is often one that nobody made for new titles."""

    id: int
    name: str

    def document(self, title: str) -> Document:
        """Return what the application of that title says of it. Radarr's have a language."""
        items: list[Any] = [
            {
                "quality": {"id": 0, "name": "Unknown", "source": "unknown", "resolution": 0},
                "items": [],
                "allowed": False,
            },
            {
                "id": 1000,
                "name": "WEB 1080p",
                "items": [{"quality": quality(title)["quality"], "items": [], "allowed": True}],
                "allowed": True,
            },
        ]
        document: Document = {
            "name": self.name,
            "upgradeAllowed": False,
            "cutoff": 1000,
            "items": items,
            "minFormatScore": 0,
            "cutoffFormatScore": 0,
            "minUpgradeFormatScore": 1,
            "formatItems": [],
            "id": self.id,
        }
        return {**document, "language": ENGLISH} if title == "Radarr" else document


def status(title: str, version: str, url_base: str) -> Document:
    """Return what `system/status` says of an application in a container."""
    return {
        "appName": title,
        "instanceName": title,
        "version": version,
        "buildTime": "2025-06-09T17:14:53Z",
        "isDebug": False,
        "isProduction": True,
        "isAdmin": False,
        "isUserInteractive": False,
        "startupPath": f"/app/{title.lower()}/bin",
        "appData": "/config",
        "osName": "alpine",
        "osVersion": "3.22.0",
        "isNetCore": True,
        "isLinux": True,
        "isOsx": False,
        "isWindows": False,
        "isDocker": True,
        "mode": "console",
        "branch": "main",
        "authentication": "forms",
        "migrationVersion": 217,
        "urlBase": url_base,
        "runtimeVersion": "6.0.36",
        "runtimeName": ".NET",
        "startTime": "2025-07-01T06:30:11Z",
        "packageVersion": f"{version}-ls290",
        "packageAuthor": "the image's makers",
        "packageUpdateMechanism": "docker",
        "databaseVersion": "3.49.2",
        "databaseType": "sqLite",
    }


def health(source: str, kind: str, text: str) -> Document:
    """Make an entry of `health`. `kind`: notice, warning or error."""
    return {"source": source, "type": kind, "message": text, "wikiUrl": "https://wiki.servarr.com/system#health"}
