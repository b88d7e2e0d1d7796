"""A stand-in for what Sonarr 4 and Radarr 5 share: key, routes, errors, queue, commands, health."""

import abc
import gzip
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from typing_extensions import override

from tests.backends.servarr_answers import (
    JSON,
    Document,
    RefusedError,
    empty,
    failure,
    invalid,
    iso,
    message,
    problem,
    without_nulls,
)
from tests.backends.servarr_queue import KEYS as QUEUE_KEYS
from tests.backends.servarr_queue import Download, page_of
from tests.backends.servarr_requests import Body, Paging, Query
from tests.backends.servarr_stock import KNOWN_COMMANDS, Profile, RootFolder, health, status
from tests.backends.stub import Answer, Request, Stub

Handler: TypeAlias = Callable[[Request, int], Any]

INDEX = Answer(body=b"<!doctype html><html><body><div id=root></div></body></html>", media_type="text/html")
UNAUTHORIZED = Answer(status=401)
# For `next`: what comes while the application starts.
STARTING_UP = Answer.of({"errorMessage": "The application is starting up, please try again later"}, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A handler's answer for what it has made."""

    document: Document
    path: str


@dataclass(kw_only=True)
class Command:
    """A command that was asked for. `body`: as it came."""

    id: int
    name: str
    body: Document
    queued: datetime
    state: str = "queued"
    result: str = "unknown"

    def document(self) -> Document:
        """Return what the API says of it."""
        over = self.state == "completed"
        return {
            "name": self.name,
            "commandName": re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.name),
            "message": "Completed" if over else None,
            "body": {**self.body, "sendUpdatesToClient": True, "trigger": "manual", "name": self.name},
            "priority": "normal",
            "status": self.state,
            "result": self.result,
            "queued": iso(self.queued),
            "started": None if self.state == "queued" else iso(self.queued),
            "ended": iso(self.queued) if over else None,
            "duration": "00:00:03.0712250" if over else None,
            "trigger": "manual",
            "stateChangeTime": None if self.state == "queued" else iso(self.queued),
            "sendUpdatesToClient": True,
            "updateScheduledTask": True,
            "id": self.id,
        }


class ServarrStub(Stub):
    """Knows what both have; `routes` and the library are the application's own. `now` is when it was made.

    * Names in paths and parameters have no case. What is null is left out, unless `nulls` is set.
    * `url_base` is as in the settings: "" or "/name".
    """

    title: str
    version: str
    searches: frozenset[str]  # Commands that look for releases.
    commands_known: frozenset[str]

    def __init__(self, secret: str, root: str) -> None:
        super().__init__()
        self.secret = secret
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.url_base = ""
        self.nulls = False
        self.root_folders = [RootFolder(id=1, path=root)]
        self.profiles = [Profile(id=4, name="HD-1080p"), Profile(id=6, name="Ultra-HD")]
        self.tags: dict[int, str] = {1: "kids", 2: "größer"}
        self.health: list[Document] = [
            health("IndexerStatusCheck", "warning", "Indexers unavailable due to failures: Indexer")
        ]
        self.queue: list[Download] = []
        self.commands: list[Command] = []
        self.folders_deleted: list[str] = []
        self.exclusions: list[int] = []
        self._last_id = 0
        self.routes: dict[tuple[str, str], Handler] = {
            ("GET", "system/status"): lambda _r, _i: status(self.title, self.version, self.url_base),
            ("GET", "health"): lambda _r, _i: self.health,
            ("GET", "rootfolder"): lambda _r, _i: [folder.document() for folder in self.root_folders],
            ("GET", "qualityprofile"): lambda _r, _i: self._profiles(),
            ("GET", "tag"): lambda _r, _i: [{"label": label, "id": key} for key, label in self.tags.items()],
            ("GET", "queue"): lambda request, _i: self._queue_page(Query(request)),
            ("DELETE", "queue/#"): lambda _r, entry: self._remove(entry),
            ("GET", "command"): lambda _r, _i: [self._told(command).document() for command in self.commands],
            ("GET", "command/#"): lambda _r, key: self._told(self._command(key)).document(),
            ("POST", "command"): lambda request, _i: self._start_command(Body.of(request)),
        }

    @override
    def answer(self, request: Request) -> Answer:
        try:
            answer = self._authorized(request)
        except RefusedError as refused:
            answer = refused.answer
        if answer.body and answer.media_type == "application/json":
            answer = replace(answer, media_type=JSON)
        headers = {**answer.headers, "X-Application-Version": self.version}
        body = answer.body
        if body and "gzip" in request.headers.get("accept-encoding", ""):
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            body = gzip.compress(body, 1)
        return replace(answer, headers=headers, body=body)

    def new_id(self) -> int:
        """Return an id that was never used."""
        self._last_id += 1
        return self._last_id

    def refused_paths(self, body: Body) -> list[Document]:
        """Return what is wrong with a new title's quality profile, path and root folder."""
        path, root = body.text("path"), body.text("rootFolderPath")
        failures: list[Document] = []
        profile = body.number("qualityProfileId")
        if profile <= 0:
            text = "'Quality Profile Id' must be greater than '0'."
            failures.append(failure("QualityProfileId", text, profile, "GreaterThanValidator"))
        elif profile not in {one.id for one in self.profiles}:
            failures.append(
                failure("QualityProfileId", "Quality Profile does not exist", profile, "QualityProfileExistsValidator")
            )
        if path is None and root is None:
            failures += [empty("Path"), empty("RootFolderPath")]
        elif root is not None and root.rstrip("/") not in {one.path.rstrip("/") for one in self.root_folders}:
            failures.append(
                failure("RootFolderPath", f"Root folder '{root}' does not exist", root, "RootFolderExistsValidator")
            )
        return failures

    def starts(self, name: str, body: Document) -> Command:
        """Put a command into the list."""
        command = Command(id=self.new_id(), name=name, body=body, queued=self.now)
        self.commands.append(command)
        return command

    def grab(self) -> list[int]:
        """Let the searches that were asked for find what they look for. Returns the new entries of the queue."""
        found: list[int] = []
        for command in self.commands:
            if command.name in self.searches and command.state != "completed":
                found += [self._fetches(item, title) for item, title in self.looked_for(command)]
                command.state, command.result = "completed", "successful"
        return found

    def arrive(self, entry: int) -> None:
        """Let a download be done and imported."""
        download = next(one for one in self.queue if one.id == entry)
        self.queue.remove(download)
        if download.item is not None:
            self.has_arrived(download.item, download)

    @abc.abstractmethod
    def looked_for(self, command: Command) -> list[tuple[int, str]]:
        """Return item and release title of what a search finds and is not on its way."""

    @abc.abstractmethod
    def has_arrived(self, item: int, download: Download) -> None:
        """Make the file of a download."""

    @abc.abstractmethod
    def queued(self, download: Download, query: Query) -> Document:
        """Return what an entry of the queue says of its item."""

    @abc.abstractmethod
    def shown(self, download: Download, query: Query) -> bool:
        """Say whether an entry of the queue is asked for."""

    def _authorized(self, request: Request) -> Answer:
        path = request.path.lower()
        if path == f"{self.url_base}/ping":
            return Answer.of({"status": "OK"})
        bare = path.removeprefix(self.url_base) if path.startswith(f"{self.url_base}/") else path
        is_api = bare == "/api" or bare.startswith(("/api/", "/feed/"))
        if is_api and self._key(request) != self.secret:
            return UNAUTHORIZED
        if self.url_base and bare == path:
            return Answer(status=307, headers={"Location": f"{self.url_base}{request.path}"})
        if is_api:
            return self._routed(request, bare.removeprefix("/api/v3/").rstrip("/"))
        return INDEX if request.method == "GET" and "." not in bare else Answer(status=404)

    @staticmethod
    def _key(request: Request) -> str | None:
        pairs = {name.lower(): value for name, value in request.pairs}
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        return pairs.get("apikey") or request.headers.get("x-api-key") or bearer

    def _routed(self, request: Request, path: str) -> Answer:
        match = re.fullmatch(r"(.+)/(\d{1,10})", path)
        route, key = (f"{match[1]}/#", int(match[2])) if match else (path, 0)
        handler = self.routes.get((request.method, route))
        if handler is None:
            return Answer(status=405 if any(known == route for _, known in self.routes) else 404)
        made = handler(request, key)
        if made is None or isinstance(made, Answer):
            return made or Answer()
        if isinstance(made, Created):
            location = {"Location": f"{self.url}{self.url_base}/api/v3/{made.path}"}
            return replace(self._written(made.document, 201), headers=location)
        return self._written(made)

    def _written(self, document: Any, status_code: int = 200) -> Answer:
        body = json.dumps(document if self.nulls else without_nulls(document)).encode()
        return Answer(status=status_code, body=body)

    def _profiles(self) -> list[Document]:
        return [profile.document(self.title) for profile in self.profiles]

    def _queue_page(self, query: Query) -> Document:
        shown = [download for download in self.queue if self.shown(download, query)]
        asked = Paging.of(query, QUEUE_KEYS, key=QUEUE_KEYS[0])
        paging, page = page_of(shown, asked)
        records = [{**self.queued(download, query), **download.document(self.title, self.now)} for download in page]
        return paging.envelope(records, len(shown))

    def _remove(self, entry: int) -> None:
        download = next((one for one in self.queue if one.id == entry), None)
        if download is None:
            raise RefusedError(message(404, "NotFound"))
        self.queue.remove(download)

    def _fetches(self, item: int, title: str) -> int:
        entry = 1_000_000_000 + self.new_id()
        self.queue.append(
            Download(
                id=entry,
                title=title,
                item=item,
                size=1_400_000_000,
                left=1_400_000_000,
                seconds_left=900,
                download_id=f"SABnzbd_nzo_{entry:x}",
                added=self.now,
            )
        )
        return entry

    def _command(self, key: int) -> Command:
        for command in self.commands:
            if command.id == key:
                return command
        raise RefusedError(problem(404))

    def _told(self, command: Command) -> Command:
        """Let time go by for a command whose state is asked for."""
        if command.state == "queued":
            command.state = "started"
        elif command.name not in self.searches:
            command.state, command.result = "completed", "successful"
        return command

    def _start_command(self, body: Body) -> Created:
        name = body.text("name")
        if name is None:
            raise RefusedError(invalid([empty("Name")]))
        known = self.commands_known | self.searches | KNOWN_COMMANDS
        named = next((one for one in known if one.lower() == name.lower()), None)
        if named is None:
            text = "Sequence contains no matching element"
            raise RefusedError(message(500, text, "System.InvalidOperationException"))
        command = self.starts(named, {key: value for key, value in body.document.items() if key != "name"})
        return Created(document=command.document(), path=f"command/{command.id}")
