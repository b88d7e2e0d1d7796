"""The heads of requests and answers, without what http.client and email do for every kind of message."""

import http.client
from http.client import HTTPException, HTTPMessage
from typing import Any

_MOST_LINE_BYTES, _MOST_LINES = 65536, 100  # As http.client has them.
_MOST_INTERIM = 100  # Heads before the one that counts. Arbitrary.
_BODILESS = {204, 304}


class Response(http.client.HTTPResponse):
    """http.client's answer; its head is read line by line instead of by the parser for e-mail (a sixth of a call).

    A line that is no header is an HTTPException: the answer cannot be trusted.
    """

    def begin(self) -> None:
        """Read the head. Raises HTTPException, OSError. Called by http.client."""
        inner: Any = self  # http.client keeps the types of its inner methods to itself.
        for _ in range(_MOST_INTERIM + 1):
            version, self.status, reason = inner._read_status()  # noqa: SLF001 -- as `begin` of the base does
            self.headers = self.msg = self._read_head()
            # Any 1xx says that the answer is still to come (RFC 9110, 15.2); with 101 no HTTP follows.
            if self.status >= http.client.OK or self.status == http.client.SWITCHING_PROTOCOLS:
                break
        else:
            raise HTTPException(f"got more than {_MOST_INTERIM} heads that are no answer")
        self.code, self.reason = self.status, reason.strip()
        if not version.startswith(("HTTP/1.", "HTTP/0.9")):
            raise http.client.UnknownProtocol(version)
        self.version = 10 if version in {"HTTP/1.0", "HTTP/0.9"} else 11
        self.chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        length = self.headers.get("content-length", "")
        self.length = int(length) if length.isascii() and length.isdigit() and not self.chunked else None
        if self.status in _BODILESS or inner._method == "HEAD":  # noqa: SLF001 -- as above
            self.length = 0
        closes = inner._check_close()  # noqa: SLF001 -- as above
        self.will_close = closes or (not self.chunked and self.length is None)

    def _read_head(self) -> HTTPMessage:
        head = HTTPMessage()
        name, value = "", ""
        for _ in range(_MOST_LINES + 1):
            line = self.fp.readline(_MOST_LINE_BYTES + 1)
            if len(line) > _MOST_LINE_BYTES:
                raise http.client.LineTooLong("header line")
            if not line:  # http.client takes this for the end of the head: half a 404 is no refusal.
                raise HTTPException("the head ended early")
            text = line.decode("iso-8859-1").rstrip("\r\n")
            if name and text[:1] in {" ", "\t"}:  # A value that goes on, as old servers write them.
                value = f"{value} {text.strip()}"
                continue
            if name:
                head[name] = value
            if not text:
                return head
            name, colon, value = text.partition(":")
            if not colon or not name or name != name.strip():
                raise HTTPException(f"no header: {text[:80]!r}")
            value = value.strip()
        raise HTTPException(f"got more than {_MOST_LINES} headers")
