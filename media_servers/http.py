"""One application's HTTP API, for the tools that read it and change it: errors of one sentence, no repeated change."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

import requests
from typing_extensions import override
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import HTTPError, MaxRetryError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from media_servers.application import Access
from media_servers.deadline import passed_s
from media_servers.errors import BackendError, BadAnswerError, FailedError, SecretRefusedError, UnreachableError
from media_servers.http_deadline import PatientAdapter
from media_servers.http_errors import CONNECT_S, broken_off, ignored, never_sent, reason, said, too_slow, unclear

LARGEST_BYTES = 256 * 1024 * 1024  # A library of twenty thousand movies is about 110 MB.
LARGEST_CHANGE_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 65536
AGAIN_S = 5.0  # So long into a call: it would else take three times its limit behind a proxy that waits as long.
LEAST_SHARE = 0.1  # Of the limit, for a change: one that is cut off may have been made, and nobody would know.
_CONNECTIONS = 16  # Kept open; the SDK runs tools on up to 40 threads.

Params: TypeAlias = Mapping[str, str | int]


class _ReadRetry(Retry):
    """For reads: a connection that was lost and 502 to 504 are tried again, early in a call; what was slow is not."""

    @override
    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        if error is not None and (ignored(error) or isinstance(error, ReadTimeoutError) or passed_s() > AGAIN_S):
            raise error
        if passed_s() > AGAIN_S:
            raise MaxRetryError(cast("ConnectionPool", _pool), url or "")  # Then the answer is taken as it is.
        return super().increment(method, url, response, error, _pool, _stacktrace)


_READS = _ReadRetry(
    total=2,
    connect=1,
    redirect=False,
    backoff_factor=0.1,
    status_forcelist=(502, 503, 504),
    allowed_methods=("GET",),
    raise_on_status=False,
    respect_retry_after_header=False,
)
_CHANGES = Retry(0, redirect=False, raise_on_status=False)


def session(access: Access, retries: Retry = _READS) -> requests.Session:
    """Make a session that several threads may share: no cookies, no proxies or passwords from the environment.

    Its timeout for reading is for a whole answer, from its first byte to its last.
    """
    # Its words about a retry or a broken header quote the address, which may hold the key.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    made = requests.Session()
    made.headers["User-Agent"] = "mcp-orchestrator"  # SABnzbd names it to its owner, of whoever has no right key.
    made.trust_env = False
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.verify = access.ca_file or True
    for scheme in ("http://", "https://"):
        made.mount(scheme, PatientAdapter(max_retries=retries, pool_maxsize=_CONNECTIONS))
    return made


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of less than 500 that is neither 401, 403 nor a redirect: the client of the API judges the rest.

    `look_with`: of an answer to a change, the tool that shows whether it was made.
    """

    access: Access
    look_with: str | None
    status: int
    media_type: str  # "application/json"; lower case, without parameters.
    body: bytes

    @property
    def is_page(self) -> bool:
        """Tell whether it is a web page, such as a login or a proxy's. Some call a plain OK HTML, or nothing at all."""
        start = self.body.lstrip()[:15].lower()
        is_html = "html" in self.media_type and start.startswith(b"<")
        return is_html or start.startswith((b"<!doctype html", b"<html"))

    def json(self) -> Any:  # noqa: ANN401 -- whatever it is
        """Return what the body says. Raises BadAnswerError if it is no JSON; UnclearError if that is about a change."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            if self.look_with is not None:
                raise unclear(self.access, self.look_with) from None
            where = f"{self.access.title}'s API at {self.access.url}"
            if "html" in self.media_type or self.body.lstrip()[:1] == b"<":
                raise BadAnswerError(
                    f"A web page came in place of {where}: check {self.access.application.url_setting}; "
                    "a login page or a proxy may stand in front of it."
                ) from None
            raise BadAnswerError(
                f"{where} broke off or garbled its answer ({len(self.body)} bytes, no JSON): try again, and look into "
                f"{self.access.title}'s log if it stays so."
            ) from None


class HttpApi:
    """Sends requests to one application. For any thread.

    * Reads are repeated, a little, when a connection is lost or a proxy says 502 to 504. Changes never are, and each
      has a connection of its own: a kept one may be half dead, and nobody could tell whether the change was made.
    * `timeout_s` of the access is for a whole call of a tool, all its answers together; connecting has 5 s more.
    * Redirects are not followed: the key would go along.
    """

    def __init__(self, access: Access, *, headers: Mapping[str, str]) -> None:
        self.access = access
        self._headers = dict(headers)
        self._reads = session(access)
        self._reads.headers.update(headers)

    def read(
        self,
        path: str,
        params: Params | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Reply:
        """GET `path`; `headers` are added to the session's. Raises BackendError."""
        wanted_s = timeout_s or self.access.timeout_s
        limit_s = min(wanted_s, self._left_s())
        told_s = wanted_s if limit_s == wanted_s else self.access.timeout_s
        if limit_s <= 0:
            raise self._too_slow(told_s)
        try:
            return self._converse(self._reads, "GET", path, limit_s, params=params, headers=headers)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise self._no_answer(error, told_s) from None

    def change(  # noqa: PLR0913 -- what a request may have
        self,
        method: str,
        path: str,
        *,
        look_with: str,
        params: Params | None = None,
        form: Params | None = None,
        body: object = None,
    ) -> Reply:
        """Send a change, once: `form` as fields, `body` as JSON. `look_with`: the tool that shows whether it was made.

        Raises UnclearError if it was sent and no answer came; any other BackendError: it was not made. A web page is no
        answer, though it come with success: none of the applications tells of a change by one.
        """
        left_s = self._left_s()
        if left_s < LEAST_SHARE * self.access.timeout_s:
            raise self._too_slow(self.access.timeout_s, ", and nothing was changed")
        try:
            with session(self.access, _CHANGES) as http:
                http.headers.update({**self._headers, "Connection": "close"})
                reply = self._converse(
                    http,
                    method,
                    path,
                    left_s,
                    look_with=look_with,
                    params=params,
                    data=form,
                    json=body,
                )
        except (requests.RequestException, HTTPError, OSError) as error:
            if never_sent(error):
                raise self._unreachable(error) from None
            raise unclear(self.access, look_with) from None
        if reply.status < 400 and reply.is_page:
            raise unclear(self.access, look_with, "was told, and a web page came in place of its answer")
        return reply

    def _converse(  # noqa: PLR0913 -- as above
        self,
        http: requests.Session,
        method: str,
        path: str,
        limit_s: float,
        *,
        look_with: str | None = None,
        headers: Mapping[str, str] | None = None,
        params: Params | None = None,
        data: Params | None = None,
        json: object = None,
    ) -> Reply:
        with http.request(
            method,
            f"{self.access.url}{path}",
            headers=headers,
            params=params,
            data=data,
            json=json,
            timeout=(CONNECT_S, limit_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = bytearray()
            for chunk in response.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > (LARGEST_BYTES if look_with is None else LARGEST_CHANGE_BYTES):
                    body.clear()  # The error would keep it.
                    raise self._too_large(look_with)
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return self._judged(response, Reply(self.access, look_with, response.status_code, media_type, bytes(body)))

    def _too_large(self, look_with: str | None) -> BackendError:
        if look_with is not None:
            return unclear(self.access, look_with, f"answered with more than {LARGEST_CHANGE_BYTES} bytes")
        return BadAnswerError(
            f"{self.access.title}'s answer is larger than {LARGEST_BYTES} bytes, as none should be: check "
            f"{self.access.application.url_setting}."
        )

    def refusal(self, reply: Reply) -> BackendError:
        """Say what an answer of 401 or 403 means. For a client whose application has more than one meaning for it."""
        application = self.access.application
        return SecretRefusedError(
            f"{self.access.title} refuses the key at {self.access.url} (HTTP {reply.status}): set "
            f"{application.secret_setting} to what stands under {application.secret_found}."
        )

    def _judged(self, response: requests.Response, reply: Reply) -> Reply:
        title, application = self.access.title, self.access.application
        if reply.status in {401, 403}:
            raise self.refusal(reply)
        if 300 <= reply.status < 400:
            target = self.access.without_secret(response.headers.get("Location", "elsewhere").partition("?")[0])
            raise BadAnswerError(
                f"{self.access.url} redirects to {target:.200}: set {application.url_setting} to the address where "
                f"{title} itself answers, with its URL base if it has one."
            )
        if reply.status >= 500:
            what = self.access.without_secret(f"HTTP {reply.status}{said(reply.body)}")
            if reply.look_with is not None:
                raise unclear(self.access, reply.look_with, f"failed ({what})")
            raise FailedError(f"{title} failed ({what}): look into its log, and try again later.", what)
        return reply

    # Raised from None: the errors of the libraries quote the address, and with it the key.

    def _no_answer(self, error: BaseException, limit_s: float) -> BackendError:
        """Say why a question got none."""
        if too_slow(error):
            return self._too_slow(limit_s)
        if broken_off(error):
            title = self.access.title
            return BadAnswerError(f"{title} broke off its answer: try again, and look into its log if it stays so.")
        return self._unreachable(error)

    def _left_s(self) -> float:
        """Return how much time the call of a tool has left."""
        return self.access.timeout_s - passed_s()

    def _too_slow(self, limit_s: float, what: str = "") -> BadAnswerError:
        return BadAnswerError(
            f"{self.access.title} did not answer within {limit_s:g} s{what}: it is busy, so try again later, or set "
            f"{self.access.application.timeout_setting} higher."
        )

    def _unreachable(self, error: BaseException) -> UnreachableError:
        title, setting = self.access.title, self.access.application.url_setting
        return UnreachableError(
            f"{title} cannot be reached at {self.access.url} ({reason(error)}): start it, or correct {setting}."
        )
