"""What went wrong between us and an application, for `http`: in which words, and whether it can have been sent."""

import json
import ssl
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import cast

from requests.exceptions import ChunkedEncodingError, ReadTimeout
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

from media_servers.application import Access
from media_servers.errors import UnclearError

CONNECT_S = 5.0


def unclear(access: Access, look_with: str, what: str = "was told, and its answer did not come") -> UnclearError:
    """Say that a change may have been made, and how to find out."""
    return UnclearError(
        f"{access.title} {what}: the change may have been made. Look with {look_with} before you repeat it."
    )


def said(body: bytes) -> str:
    """Return ", its words" where an error answer has any: `message` in an object, or of the first in a list."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if isinstance(document, list) and document:
        document = cast("list[object]", document)[0]
    if not isinstance(document, dict):
        return ""
    table = cast("dict[str, object]", document)
    words = table.get("errorMessage") or table.get("message") or table.get("error")
    return f", {words!s:.200}" if words else ""


def causes(error: BaseException | None) -> list[BaseException]:
    """Return the error and what it is made of: requests and urllib3 wrap each other's, and the system's."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        inner = getattr(error, "reason", None)
        inner = (
            inner
            if isinstance(inner, BaseException)
            else next(
                (part for part in error.args if isinstance(part, BaseException)), error.__cause__ or error.__context__
            )
        )
        error = inner
    return found


def too_slow(error: BaseException) -> bool:
    """Tell whether the application was there and did not answer in time."""
    return any(isinstance(cause, ReadTimeout | ReadTimeoutError) for cause in causes(error))


def broken_off(error: BaseException) -> bool:
    """Tell whether the application began to answer and did not end."""
    return any(isinstance(cause, ChunkedEncodingError | IncompleteRead) for cause in causes(error))


def never_sent(error: BaseException) -> bool:
    """Tell whether the request cannot have reached the application."""
    return any(isinstance(cause, ConnectTimeoutError) for cause in causes(error))


def ignored(error: BaseException | None) -> bool:
    """Tell whether nobody said yes or no to a connection. The other kind, a refused one, is derived from this."""
    return isinstance(error, ConnectTimeoutError) and not isinstance(error, NewConnectionError)


def _tls(found: list[BaseException]) -> str:
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in found):
        return "its certificate is not trusted, or is for another name; say what to trust with ca_file"
    if any(isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER" for cause in found):
        return "it does not speak https; write http"
    return "TLS failed; is it https?"


def reason(error: BaseException) -> str:
    """Say why nobody answers, in a few words, without the URL, which may hold the key."""
    found = causes(error)
    if any(isinstance(cause, ssl.SSLError) for cause in found):
        return _tls(found)
    if any(ignored(cause) for cause in found):
        return f"no connection within {CONNECT_S:g} s"
    for cause in reversed(found):
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        if isinstance(cause, HTTPException) and not isinstance(cause, RemoteDisconnected):
            return "it does not speak HTTP"
    return "the connection broke"
