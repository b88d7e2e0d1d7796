"""What a session of the revisions up to 2025-11-25 adds to every HTTP request. Pure but for its one assignment."""

import re
from collections.abc import Mapping
from typing import Any

from actors.mcp.http_headers import PROTOCOL_VERSION, SESSION_ID, post_headers
from actors.transport import Reply, Request

_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")


class LegacySession:
    """The headers before initialize was answered, and those after. Any thread may read.

    `path`: where initialize was answered, perhaps after a redirect; None before.
    """

    def __init__(self, configured: Mapping[str, str]) -> None:
        self._bare = self.headers = post_headers(configured)
        self.path: str | None = None

    @property
    def has_id(self) -> bool:
        """Whether the server keeps a session for us, that wants a DELETE in the end."""
        return SESSION_ID in self.headers

    def headers_for(self, message: Request | Reply) -> Mapping[str, str]:
        """Return what to send this message with. Initialize never names a session: it asks for one."""
        return self._bare if is_initialize(message) else self.headers

    def begin(self, headers: Mapping[str, str], result: Mapping[str, Any], path: str) -> None:
        """Take the session from the answer to initialize, 2xx with a result: some servers put an id on refusals."""
        session_id, version = headers.get(SESSION_ID), result.get("protocolVersion")
        taken = dict(self._bare)
        if session_id and _VISIBLE_ASCII.fullmatch(session_id):
            taken[SESSION_ID] = session_id
        if isinstance(version, str) and _VISIBLE_ASCII.fullmatch(version):
            taken[PROTOCOL_VERSION] = version
        self.headers, self.path = taken, path


def is_initialize(message: Request | Reply) -> bool:
    """Whether the message opens a session."""
    return isinstance(message, Request) and message.method == "initialize"
