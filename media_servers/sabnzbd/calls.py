"""SABnzbd's API as questions and orders, for `api`: each is a mode with fields, and errors hide in successes.

An error is HTTP 200 with {"status": false, "error": words}. The key goes in the query of a question and in the form of
an order; so no address of a question is ever shown or logged.
"""

from typing import Any, Final, cast

from typing_extensions import override

from media_servers.application import Access
from media_servers.errors import BackendError, BadAnswerError, RefusedError, SecretRefusedError, UnknownIdError
from media_servers.http import HttpApi, Reply
from media_servers.http_errors import unclear
from media_servers.sabnzbd.names import without_keys
from media_servers.sabnzbd.reading import Table, table, text

OLDEST = "3.7"
_ERRORS: Final[dict[str, tuple[type[BackendError], str]]] = {
    "item does not exist": (
        UnknownIdError,
        "SABnzbd no longer knows this id: get_queue and get_history list those it does.",
    ),
    "file does not exist": (
        RefusedError,
        "There is no such file on SABnzbd's machine: give the path as SABnzbd sees it, in its container if it has one.",
    ),
    "no file given": (
        RefusedError,
        "SABnzbd takes no such file: give an .nzb, .nzb.gz, .nzb.bz2, .zip, .rar or .7z.",
    ),
    "configuration locked": (
        RefusedError,
        "SABnzbd's configuration is locked: its owner has to switch config_lock off.",
    ),
    "config item does not exist": (
        RefusedError,
        "SABnzbd does not let this setting be changed: its owner can, under Config.",
    ),
}


class Calls(HttpApi):
    """Asks and tells one SABnzbd. For any thread; raises BackendError."""

    def __init__(self, access: Access) -> None:
        super().__init__(access, headers={"Accept": "application/json"})

    def ask(self, mode: str, timeout_s: float | None = None, /, **fields: str | int) -> Table:
        """Send a question, which may be repeated."""
        return self._sound(mode, self.read("/api", self._fields(mode, fields), timeout_s=timeout_s))

    def tell(self, mode: str, *, look_with: str, **fields: str | int) -> Table:
        """Send an order, once. `look_with`: the tool that shows whether it was carried out."""
        return self._sound(mode, self.change("POST", "/api", look_with=look_with, form=self._fields(mode, fields)))

    def order(self, mode: str, *, look_with: str, **fields: str | int) -> Table:
        """Tell what SABnzbd answers with yes or no, and return what it says beside yes."""
        answer = self.tell(mode, look_with=look_with, **fields)
        if not self.agrees(answer, look_with):
            raise RefusedError(f"SABnzbd says no to {mode}, and not why: see its log.")
        return answer

    def agrees(self, answer: Table, look_with: str) -> bool:
        """Tell whether an answer says yes. Raises UnclearError if it says neither yes nor no."""
        agrees = answer.get("status")
        if not isinstance(agrees, bool):
            raise unclear(self.access, look_with, "gave an answer that makes no sense")
        return agrees

    @override
    def refusal(self, reply: Reply) -> BackendError:
        words = reply.body[:500].decode(errors="replace").lower()
        if "hostname" in words:
            return RefusedError(
                "SABnzbd does not answer to this name (HTTP 403): add the host of SABNZBD_URL to host_whitelist under "
                "Config > Special, or use its IP address."
            )
        if "api key" not in words and "access denied" in words:
            return RefusedError(
                "SABnzbd does not let this machine use its API (HTTP 403): set External internet access under "
                "Config > General to at least Full API, or add this network to its local ranges."
            )
        return super().refusal(reply)

    def _fields(self, mode: str, fields: dict[str, str | int]) -> dict[str, str | int]:
        return {"mode": mode, "output": "json", "apikey": self.access.secret, **fields}

    def _sound(self, mode: str, reply: Reply) -> Table:
        """Return the answer if it is one, and none of SABnzbd's errors."""
        if reply.status >= 400:
            raise BadAnswerError(
                f"SABnzbd's API is not at {self.access.url}/api (HTTP {reply.status}): correct "
                f"{self.access.application.url_setting}; it ends before /api."
            )
        answer = reply.json()
        if not isinstance(answer, dict):
            if reply.look_with is not None:
                raise unclear(self.access, reply.look_with, "gave an answer that makes no sense")
            raise BadAnswerError(
                f"What answers at {self.access.url} is not SABnzbd {OLDEST} or later: correct "
                f"{self.access.application.url_setting}, or update."
            )
        fields = table(cast("object", answer))
        words = text(fields, "error")
        if words and not fields.get("status"):
            raise self._error(mode, words)
        return fields

    def _error(self, mode: str, words: str) -> BackendError:
        told = words.lower().rstrip(".")
        if told in _ERRORS:
            kind, sentence = _ERRORS[told]
            return kind(sentence)
        if told == "not implemented":
            return BadAnswerError(f"This SABnzbd does not know {mode}: update it to {OLDEST} or later.")
        if "api key" in told:
            application = self.access.application
            return SecretRefusedError(
                f"SABnzbd refuses the key ({words:.80}): set {application.secret_setting} to what stands under "
                f"{application.secret_found}."
            )
        shown = without_keys(self.access.without_secret(words))
        return RefusedError(f"SABnzbd refuses {mode} ({shown:.300}): correct what it names, or see its log.")


def shape(what: str) -> BadAnswerError:
    """Say that a part of an answer is not there."""
    return BadAnswerError(f"SABnzbd's answer has no {what}: update it to {OLDEST} or later, or see its log.")


def part(answer: Table, key: str) -> Any:  # noqa: ANN401 -- whatever it is
    """Return what stands under `key`. Raises BadAnswerError."""
    if key not in answer:
        raise shape(key)
    return answer[key]
