"""The HTTP API v3 that Sonarr and Radarr share: lists, pages, queue, commands, health."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias, cast, get_args

from media_servers.answers import Command, Health, Version, at, shortened
from media_servers.application import Access
from media_servers.errors import BackendError, BadAnswerError, FailedError, RefusedError, UnclearError
from media_servers.http import HttpApi, Params, Reply
from media_servers.http_errors import unclear
from media_servers.servarr_resources import Complaint, R, Started, Status, readable

API = "/api/v3"
HEALTH_S = 10.0  # What is merely busy answers this within a second.
LONGEST_QUEUE = 1000  # Entries looked at to tell what is being downloaded.
MOST_NAMED = 20  # In a report; the rest is counted.
RELATED = ("Sonarr", "Radarr", "Lidarr", "Readarr", "Prowlarr", "Whisparr")  # They have such an API too.

Clock: TypeAlias = Callable[[], float]  # Seconds since 1970.
CommandStatus: TypeAlias = Literal["queued", "started", "completed", "failed", "aborted", "cancelled", "orphaned"]


class NotOfferedError(BadAnswerError):
    """Nothing is at a path of the API: another application, or one that has not all of it."""


class Servarr:
    """One Sonarr or Radarr. For any thread; asks nothing before it is asked. All methods raise BackendError."""

    def __init__(self, access: Access, clock: Clock = time.time) -> None:
        self.title = access.title
        self.clock = clock
        self._access = access
        headers = {"X-Api-Key": access.secret, "Accept": "application/json"}
        self._http = HttpApi(access, headers=headers)

    def now(self) -> datetime:
        """Return the present, in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)

    def read(self, path: str, params: Params | None = None, *, timeout_s: float | None = None) -> Any:  # noqa: ANN401 -- JSON
        """Return what stands at `path`, which exists in every Sonarr or Radarr. Raises NotOfferedError if not here."""
        reply = self._http.read(API + path, params, timeout_s=timeout_s)
        if reply.status == 404:
            raise self._not_offered(reply, path)
        return self._content(reply)

    def find(self, path: str, key: int) -> Any:  # noqa: ANN401 -- JSON
        """Return the entry `key` of the list at `path`, or None if nothing has this id."""
        reply = self._http.read(f"{API}{path}/{key}")
        if reply.status != 404:
            return self._content(reply)
        if _is_of_entry(reply, path):
            return None
        # Somebody else's words: the entries may have no paths of their own, and only the list knows.
        return next((row for row in self.listed(path) if is_same(row, "id", key)), None)

    def listed(self, path: str, params: Params | None = None) -> list[object]:
        """Return a list that the application gives whole."""
        return self.rows(self.read(path, params), path)

    def rows(self, document: object, path: str) -> list[object]:
        """Return the entries of a list. Raises BadAnswerError for anything else."""
        if not isinstance(document, list):
            raise self._strange(path)
        return cast("list[object]", document)

    def paged(self, path: str, params: Params, offset: int, limit: int) -> tuple[list[object], int]:
        """Return `limit` entries from `offset` on, and how many there are in all.

        Its pages begin at multiples of their size: what lies across two of them takes two requests. Asked for a page
        behind the last, it answers with the last (as of Sonarr 4 and Radarr 5), so the total decides. What does not
        tell the total, or gives more than was asked for, is no page: then it is cut here.
        """
        number, skipped = offset // limit + 1, offset % limit
        records, total = self._page(path, params, number, limit)
        if total is None:
            records, _ = self._page(path, params, 1, LONGEST_QUEUE)
        if total is None or len(records) > limit:
            return records[offset : offset + limit], len(records)
        if skipped and number * limit < total:
            records = records + self._page(path, params, number + 1, limit)[0]
        return (records[skipped : skipped + limit] if offset < total else []), total

    def post(self, path: str, body: object, *, look_with: str) -> Any:  # noqa: ANN401 -- JSON
        """Send a change and return the answer."""
        reply = self._http.change("POST", API + path, look_with=look_with, body=body)
        if reply.status == 404:
            raise self._not_offered(reply, path)
        return self._content(reply)

    def delete(self, path: str, params: Params, *, look_with: str) -> bool:
        """Delete what stands at `path`; False if there was nothing."""
        reply = self._http.change("DELETE", API + path, look_with=look_with, params=params)
        if reply.status == 404 and reply.is_page:  # Not the application's own words.
            raise self._not_offered(reply, path)
        if reply.status >= 400 and reply.status != 404:
            raise self._refused(reply)
        return reply.status < 400

    def one(self, kind: type[R], document: object, path: str) -> R:
        """Read an entry that was asked for alone. Raises BadAnswerError."""
        read, _ = readable(kind, [document])
        if not read:
            raise self._strange(path)
        return read[0]

    def made(self, kind: type[R], document: object, sent: Mapping[str, object], look_with: str) -> R:
        """Read the answer to a change that was accepted; what it leaves out is as `sent`. Raises UnclearError."""
        whole = [{**sent, **cast("dict[str, object]", document)}] if isinstance(document, dict) else []
        read, _ = readable(kind, whole)
        if not read:
            raise self._unclear(look_with)
        return read[0]

    def catalogue(self, path: str, params: Params) -> Any:  # noqa: ANN401 -- JSON
        """Return what the application finds in its catalogue on the internet."""
        try:
            return self.read(path, params)
        except FailedError as error:
            raise FailedError(
                f"{self.title} could not search its catalogue on the internet ({error.what}): try again later, and "
                f"check {self.title}'s own access to the internet if it stays so.",
                error.what,
            ) from error

    def downloading(self, id_field: str) -> frozenset[str] | None:
        """Return the ids, as text, of episodes or movies for which something is in the queue.

        None if it cannot be had: what is asked for this is worth more than an error.
        """
        params = {"sortKey": "timeleft", "sortDirection": "ascending"}
        try:
            records, _ = self._page("/queue", params, 1, LONGEST_QUEUE, timeout_s=self._soon_s())
        except BackendError:
            return None
        tables = [cast("dict[str, object]", record) for record in records if isinstance(record, dict)]
        return frozenset(str(table.get(id_field)) for table in tables)

    def command(self, name: str, **arguments: object) -> Command:
        """Have the application begin some work."""
        document = self.post("/command", {"name": name, **arguments}, look_with="get_queue")
        started = self.made(Started, document, {}, "get_queue")
        if started.id is None and not started.name + started.status:
            raise self._unclear("get_queue")
        status = started.status.lower()
        known = status if status in get_args(CommandStatus) else "queued"
        return Command(command_id=started.id, name=started.name or name, status=cast("CommandStatus", known))

    def version(self) -> Version:
        """Return the version, of the right application: the address may be another's."""
        status = self.one(Status, self.read("/system/status", timeout_s=self._soon_s()), "/system/status")
        if status.app_name in RELATED and status.app_name != self.title:
            setting = self._access.application.url_setting
            raise BadAnswerError(
                f"{status.app_name:.50} answers at {self._access.url}: set {setting} to the address of {self.title}."
            )
        return Version(application=self.title, version=status.version)

    def health(self) -> Health:
        """Tell what is wrong, unreachability included. Never raises BackendError."""
        try:
            self.version()
            entries = self._complaints()
        except BackendError as error:
            return Health(healthy=False, issues=[str(error)], checked_at=at(self.clock()))
        complaints = [complaint for complaint in readable(Complaint, entries)[0] if complaint.type.lower() != "ok"]
        said = [f"{complaint.type.capitalize()}: {complaint.message}" for complaint in complaints]
        issues = [shortened(self._access.without_secret(issue), 300) for issue in said]
        if len(issues) > MOST_NAMED:
            issues[MOST_NAMED:] = [f"And {len(issues) - MOST_NAMED} more: see {self.title} under System > Status."]
        healthy = all(complaint.type.lower() != "error" for complaint in complaints)
        return Health(healthy=healthy, issues=issues, checked_at=at(self.clock()))

    def _complaints(self) -> list[object]:
        document: object = None
        with suppress(NotOfferedError):
            document = self.read("/health", timeout_s=self._soon_s())
        if isinstance(document, list):
            return cast("list[object]", document)
        # It is well enough to have told its version.
        return [{"type": "notice", "message": f"{self.title} has no list of complaints to look into."}]

    def _soon_s(self) -> float:
        return min(HEALTH_S, self._access.timeout_s)

    def _page(
        self, path: str, params: Params, number: int, size: int, *, timeout_s: float | None = None
    ) -> tuple[list[object], int | None]:
        """Return a page, and how many entries there are in all, if it is told."""
        document = self.read(path, {**params, "page": number, "pageSize": size}, timeout_s=timeout_s)
        if isinstance(document, list):
            whole = cast("list[object]", document)
            return whole, len(whole)
        table = cast("dict[str, object]", document) if isinstance(document, dict) else {}
        total = str(table.get("totalRecords"))
        return self.rows(table.get("records"), path), int(total) if total.isdecimal() else None

    def _content(self, reply: Reply) -> Any:  # noqa: ANN401 -- JSON
        if reply.status >= 400:
            raise self._refused(reply)
        return None if reply.status == 204 else reply.json()  # How ASP.NET writes null.

    def _not_offered(self, reply: Reply, path: str) -> NotOfferedError:
        setting = self._access.application.url_setting
        return NotOfferedError(
            f"There is nothing at {self._access.url}{API}{path} (HTTP {reply.status}): set {setting} to the address "
            f"of {self.title} 3 or newer, with its URL base if it has one."
        )

    def _strange(self, path: str) -> BadAnswerError:
        setting = self._access.application.url_setting
        return BadAnswerError(
            f"{self.title} at {self._access.url} answered {API}{path} with something else than its API promises: check "
            f"{setting} and the version of {self.title}."
        )

    def _unclear(self, look_with: str) -> UnclearError:
        return unclear(self._access, look_with, "answered a change with something strange")

    def _refused(self, reply: Reply) -> RefusedError:
        return RefusedError(
            f"{self.title} refuses this ({self._access.without_secret(_words(reply))}): correct what it names, in the "
            f"call or in {self.title}."
        )


def is_same(row: object, field: str, number: int) -> bool:
    """Tell whether an entry has this number: some write them as texts."""
    return isinstance(row, dict) and str(cast("dict[str, object]", row).get(field)) == str(number)


def _words(reply: Reply) -> str:
    """Return what a refusal says: a list of faults, one message, or ASP.NET's account of what it could not read."""
    try:
        document = json.loads(reply.body)
    except (ValueError, RecursionError):
        document = None
    said: list[object] = []
    if isinstance(document, list):
        for fault in cast("list[object]", document):
            if isinstance(fault, dict):
                table = cast("dict[str, object]", fault)
                said.append(f"{table.get('propertyName') or 'it'}: {table.get('errorMessage') or 'not valid'}")
    elif isinstance(document, dict):
        table = cast("dict[str, object]", document)
        said.append(table.get("message") or table.get("title") or table.get("error") or table.get("detail"))
        if isinstance(faults := table.get("errors"), dict):
            said.extend(f"{name}: {fault}" for name, fault in cast("dict[str, object]", faults).items())
    words = "; ".join(str(text).rstrip(".") for text in said if text)
    return shortened(f"HTTP {reply.status}, {words}" if words else f"HTTP {reply.status}", 400)


def _is_of_entry(reply: Reply, path: str) -> bool:
    """Tell whether a 404 is about an id: the application's own words, or what names the kind, but not the path."""
    words = reply.body.decode(errors="replace").lower()
    if path.removeprefix("/") in words and API not in words:
        return True
    try:
        document = json.loads(words)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and not {"message", "title"}.isdisjoint(cast("dict[str, object]", document))
