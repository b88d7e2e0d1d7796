"""A daemon seen from outside: what its control API tells, for the commands that take --attach."""

import json
import os
import ssl
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.auth import AuthBase

from actors.call import ServerName
from actors.catalogue import table
from actors.mcp.sse import EventTooLargeError, SseParser
from actors.status import Incident
from mcp_orchestrator.cli.exits import NotReadyError, UsageError

VARIABLE = "MCP_ORCHESTRATOR_TOKEN"
_CONNECT_S, _SILENCE_S = 5.0, 10.0  # A daemon that lives says something every 2 s.
_MOST_BYTES = 64 * 1024 * 1024  # Of one event.
_MOST_INCIDENTS = 1000
_LONGEST = 200  # Characters of what a daemon says for a refusal.


class AwayError(NotReadyError):
    """The daemon cannot be reached, or has ended. It may be back in a moment."""


class Attached:
    """Reads one daemon's control API. `url`: where it is; `token`: "" without one. Blocks; errors are one sentence.

    AwayError: try again. UsageError: trying again makes no sense.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url, self._has_token = _checked(url), bool(token)
        self._session = requests.Session()
        self._session.trust_env = False  # Neither somebody's proxy nor another password of his from ~/.netrc.
        self._session.auth = _Bearer(token)
        paths = ssl.get_default_verify_paths()
        self._session.verify = paths.cafile or paths.capath or True  # What this machine trusts; else what comes along.

    def overview(self) -> Mapping[str, Any]:
        """Return all at one glance."""
        with self._get("/overview", "application/json") as response:
            return _object(response.content)

    def events(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield what happens, from an overview on, until the daemon ends it: AwayError."""
        parser = SseParser(_MOST_BYTES)
        with self._get("/events", "text/event-stream") as response:
            for piece in response.iter_content(chunk_size=None):
                for event in parser.feed(piece):
                    if event.data:
                        yield event.event, _object(event.data)
        raise AwayError(f"the daemon at {self.url} has ended")

    @contextmanager
    def _get(self, path: str, kind: str) -> Generator[requests.Response]:
        has_begun = False
        try:
            with self._session.get(
                f"{self.url}/api/v1{path}",
                headers={"accept": kind},
                stream=True,
                timeout=(_CONNECT_S, _SILENCE_S),
                allow_redirects=False,
            ) as response:
                self._check(response, kind)
                has_begun = True
                yield response
        except requests.exceptions.SSLError as error:
            raise UsageError(f"there is no trusted connection to {self.url}: {_reason(error)}") from error
        except requests.exceptions.Timeout as error:
            raise AwayError(f"the daemon at {self.url} says nothing") from error
        except (requests.exceptions.RequestException, EventTooLargeError) as error:
            why = (
                f"the connection to {self.url} broke"
                if has_begun
                else f"no daemon answers at {self.url}: {_reason(error)}"
            )
            raise AwayError(why) from error

    def _check(self, response: requests.Response, kind: str) -> None:
        """Raise UsageError for what will not be another time."""
        if response.status_code == requests.codes.unauthorized:
            if self._has_token:
                raise UsageError(f"{self.url} does not take this token: make one with mcp-orchestrator token create")
            raise UsageError(
                f"{self.url} asks for a token: --token-file FILE, or ${VARIABLE}; make one with "
                "mcp-orchestrator token create"
            )
        if response.status_code == requests.codes.service_unavailable:
            raise AwayError(f"the daemon at {self.url} is shutting down, or has no room")
        if response.status_code in (requests.codes.forbidden, requests.codes.misdirected_request):
            raise UsageError(f"{self.url} refuses: {_said(response)}")
        if not response.ok or kind not in response.headers.get("content-type", "") or response.is_redirect:
            raise UsageError(
                f"{self.url} is no daemon of ours (HTTP {response.status_code}): give the address that "
                "mcp-orchestrator serve has said"
            )


class Picture:
    """What a daemon has said so far; see Seen. `away`: why nothing is known now, "" while it tells."""

    def __init__(self) -> None:
        self.away = "not asked yet"
        self.overview: Mapping[str, Any] = {}
        self._servers: dict[str, Mapping[str, Any]] = {}
        self._incidents: list[Incident] = []
        self._stats: Mapping[str, Any] = {}

    def take(self, event: str, data: Mapping[str, Any]) -> None:
        """Take an event in."""
        match event:
            case "overview":
                self.away, self.overview = "", data
                self._servers = {server["server"]: server for server in data["servers"]}
                self._incidents = [_incident(one) for one in data["incidents"]]
                self._stats = data["statistics"]
            case "server":
                self._servers[data["server"]] = data
            case "incident":
                self._incidents = [*self._incidents[1 - _MOST_INCIDENTS :], _incident(data)]
            case "statistics":
                self._stats = data
            case _:
                pass  # Samples, and news of later versions.

    def lose(self, why: str) -> None:
        """Know nothing any more."""
        self.away = why

    def statuses(self) -> Sequence[Mapping[str, Any]]:
        """See Seen."""
        return list(self._servers.values())

    def incidents(self) -> Sequence[Incident]:
        """See Seen."""
        return self._incidents

    def stats(self) -> Mapping[str, Any]:
        """See Seen."""
        return self._stats

    def ready(self) -> tuple[int, int]:
        """Return how many servers are ready, of how many that are to be."""
        enabled = [server for server in self._servers.values() if server["enabled"]]
        return sum(server["connected"] for server in enabled), len(enabled)


class _Bearer(AuthBase):
    """Shows a token, or nothing. As `auth`, so that requests looks for no other."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """See requests."""
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def token_of(file: Path | None, environ: Mapping[str, str] = os.environ) -> str:
    """Return the token that a file holds, else $MCP_ORCHESTRATOR_TOKEN, else "". UsageError: it can be none."""
    where, token = f"${VARIABLE}", environ.get(VARIABLE, "")
    if file is not None:
        where = str(file)
        try:
            token = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"there is no token in {file}: {_reason(error)}") from error
    token = token.strip()
    if (file is not None and not token) or not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError(f"there is no token in {where}: it is one word, as mcp-orchestrator token create has said it")
    return token


def _checked(url: str) -> str:
    """Return the address without what the control API adds. UsageError: it is none."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address, parts = False, urlsplit("")
    if not is_address:
        raise UsageError(f"{url} is no address of a daemon: write it as http://127.0.0.1:8600")
    path = parts.path.rstrip("/").removesuffix("/mcp").removesuffix("/api/v1")
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", ""))


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        return table(cast("object", json.loads(text)))
    except ValueError as error:
        raise AwayError("what came is no JSON") from error


def _incident(told: Mapping[str, Any]) -> Incident:
    return Incident(at=told["at"], server=ServerName(told["server"]), kind=told["kind"], text=told["text"])


def _said(response: requests.Response) -> str:
    """Return the reason that a daemon gives."""
    with suppress(AwayError):  # Somebody else's page.
        said = table(_object(response.content).get("error")).get("message")
        if isinstance(said, str):
            return said[:_LONGEST]
    return f"HTTP {response.status_code}"


def _reason(error: BaseException) -> str:
    """Return the innermost words of an error: what is around them tells of libraries."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
