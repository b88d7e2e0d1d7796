"""Plex's HTTP API as plexapi wants it: a path in, the MediaContainer out; errors of one sentence, which name Plex's."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element

import requests
from typing_extensions import override

from media_servers import VERSION
from media_servers.application import Access
from media_servers.errors import BadAnswerError, FailedError, RefusedError, SecretRefusedError
from media_servers.http import HttpApi, Params, Reply
from media_servers.plex.json_answers import parsed_json
from media_servers.plex.typed import parsed

# How Plex calls us in its list of devices. The identifier stays the same, or each start would be a new device.
IDENTIFICATION = {
    "X-Plex-Client-Identifier": "mcp-orchestrator-media-servers",
    "X-Plex-Product": "MCP Orchestrator",
    "X-Plex-Version": VERSION,
    "X-Plex-Device": "MCP server",
    "X-Plex-Device-Name": "MCP Orchestrator",
    "X-Plex-Platform": "Python",
    "X-Plex-Provides": "controller",
}


class NothingThereError(BadAnswerError):
    """Plex does not know the path (HTTP 404). Where an id is in it, that is unknown."""


class PlexHttp(HttpApi):
    """Asks Plex, and nobody else. For any thread. The token goes in a header: addresses land in logs."""

    def __init__(self, access: Access) -> None:
        super().__init__(access, headers={**IDENTIFICATION, "Accept": "application/xml", "X-Plex-Token": access.secret})

    def ask(self, path: str, params: Params, headers: Mapping[str, str], timeout_s: float | None = None) -> Element:
        """GET `path`. Raises BackendError."""
        reply = self.read(path, params, headers=headers, timeout_s=timeout_s)
        where = f"Plex's API at {self.access.url}"
        text = reply.body.decode("utf-8", "replace")
        try:
            root = parsed_json(text) if text.lstrip().startswith("{") else parsed(text)
        except (ValueError, RecursionError):
            root = None
        if root is not None and root.tag == "MediaContainer":
            return root
        if root is not None or "html" in reply.media_type or b"<html" in reply.body[:1000].lower():
            raise BadAnswerError(
                f"Something else came in place of {where}: check {self.access.application.url_setting}; a login "
                "page or a proxy may stand in front of it."
            )
        raise BadAnswerError(
            f"{where} broke off or garbled its answer ({len(reply.body)} bytes, no XML): try again, and look into "
            "Plex's log if it stays so."
        )

    def scan(self, library_id: int) -> None:
        """Begin a scan. Raises UnclearError if no answer came, any other BackendError: it was not begun.

        Plex takes a GET for it. It goes the way of changes all the same: a repeat would do no harm, but a caller who
        is told that the answer was lost can look, and one whose repeat is lost too would wait three times as long.
        """
        path = f"/library/sections/{library_id}/refresh"
        try:
            self.change("GET", path, look_with="get_libraries")
        except (NothingThereError, RefusedError):  # Then it takes what Plex's documents say, and only that.
            self.change("POST", path, look_with="get_libraries")

    @override
    def _judged(self, response: requests.Response, reply: Reply) -> Reply:
        setting = self.access.application.secret_setting
        match reply.status:
            case 401:
                raise SecretRefusedError(
                    f"Plex refuses the token at {self.access.url} (HTTP 401): set {setting} to the "
                    f"{self.access.application.secret_found}."
                )
            case 403:
                raise SecretRefusedError(
                    f"Plex does not allow this with the token it was given (HTTP 403): set {setting} to the token of "
                    "the server's owner."
                )
            case 404:
                raise NothingThereError(
                    f"Plex at {self.access.url} has nothing under {_path(response)} (HTTP 404): check "
                    f"{self.access.application.url_setting}."
                )
            case 503:
                what = f"HTTP 503{_told(reply.body)}"
                raise FailedError(f"Plex is starting, or in maintenance ({what}): try again in some minutes.", what)
            case status if 400 <= status < 500:
                raise RefusedError(
                    f"Plex refuses {_path(response)} (HTTP {status}): look into its log, and check that its version is "
                    "not years old."
                )
            case _:
                return super()._judged(response, reply)


def _path(response: requests.Response) -> str:
    return (response.request.path_url or "/").partition("?")[0]


def _told(body: bytes) -> str:
    """Return ", its words" of what Plex answers while it migrates its database: <Response status="…"/>."""
    try:
        root = parsed(body.decode("utf-8", "replace"))
    except ValueError:
        return ""
    words = None if root is None else root.get("status")
    return f", {words.rstrip('.'):.200}" if words else ""
