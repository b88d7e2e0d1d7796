"""What callers may ask of a server besides tools: prompts, resources, completion. Checked, and turned into calls."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from actors.call import Call, Outcome, ServerName
from actors.calling import Plan
from actors.catalogue import table
from actors.errors import MCPOrchestratorError, MCPToolError
from actors.mcp.paging import TEMPLATES, Entries, Entry, ListMethod, list_all
from actors.messages import SubscribeResource
from actors.results import ToolResult
from mcp_orchestrator.asking import NO_PARAMS, Asking

Fetching: TypeAlias = Generator[Call, Outcome | None, list[Entry]]

_REFERENCES = {"ref/prompt": "name", "ref/resource": "uri"}  # Kinds of reference, each with what it names.
_REFERENCE = "{'type': 'ref/prompt', 'name': …} or {'type': 'ref/resource', 'uri': …}"
_ARGUMENT = "{'name': …, 'value': …}, both text"
_URI = "the URI of a resource, as text"
_CONTEXT = "{'arguments': {…}}"
_METHOD_NOT_FOUND, _INVALID_PARAMS = -32601, -32602  # Some SDKs answer an unknown method by the second.
_BEFORE_COMPLETIONS = "2024-11-05"  # That revision has completion, and no capability to declare it by.


@dataclass(frozen=True, slots=True)
class Offers:
    """For any thread. First come the errors of `Asking.connected`, then those told below."""

    asking: Asking
    submit: Callable[[Plan], Call]
    clock: Callable[[], float]

    def prompt(self, server: str, name: str, arguments: Mapping[str, str] | None, timeout_s: float | None) -> Call:
        """Submit a prompts/get. ValueError for the name, TypeError for the arguments."""
        known = self.asking.connected(server)
        params: dict[str, Any] = {"name": _word(name, "name", "the name of a prompt")}
        if arguments is not None:
            params["arguments"] = _texts(arguments, "arguments")
        return self._submit(known, "prompts", "prompts/get", params, timeout_s)

    def resource(self, server: str, uri: str, timeout_s: float | None) -> Call:
        """Submit a resources/read. ValueError for the URI."""
        known = self.asking.connected(server)
        params = {"uri": _word(uri, "uri", _URI)}
        return self._submit(known, "resources", "resources/read", params, timeout_s)

    def subscription(self, server: str, uri: str, *, wanted: bool) -> tuple[ServerName, SubscribeResource]:
        """Return whom to tell that a resource's changes are to be heard of, and what. ValueError for the URI."""
        known = self.asking.connected(server)
        order = SubscribeResource(uri=_word(uri, "uri", _URI), wanted=wanted)
        if wanted and self._lacks(known, "resources", "subscribe"):
            raise _not_offered(known, "no subscriptions to resources")
        return known, order

    def completion(
        self,
        server: str,
        ref: Mapping[str, Any],
        argument: Mapping[str, str],
        context: Mapping[str, Any] | None,
        timeout_s: float | None,
    ) -> Call:
        """Submit a completion/complete. TypeError for what is no dict, ValueError for what lacks in one."""
        known = self.asking.connected(server)
        named = _REFERENCES.get(str(_dict(ref, "ref", _REFERENCE).get("type")))
        if named is None or not _is_word(ref.get(named)):
            raise ValueError(f"ref must be {_REFERENCE}, not {dict(ref)!r}")
        given = _dict(argument, "argument", _ARGUMENT)
        if not _is_word(given.get("name")) or not isinstance(given.get("value"), str):
            raise ValueError(f"argument must be {_ARGUMENT}, not {dict(given)!r}")
        params: dict[str, Any] = {"ref": ref, "argument": argument}
        if context is not None:
            arguments = _dict(context, "context", _CONTEXT).get("arguments", NO_PARAMS)
            params["context"] = {**context, "arguments": _texts(arguments, "context['arguments']")}
        return self._submit(known, "completions", "completion/complete", params, timeout_s)

    def fetching(self, server: str, kind: ListMethod, timeout_s: float | None) -> Fetching:
        """Yield the calls that fetch a list, page by page within one deadline; each is to be sent its outcome.

        Returns [] for a server that offers no such thing; it is not asked, unless it was not connected yet.
        """
        known = self.asking.connected(server)
        until = self.clock() + self.asking.limit_s(known, None, timeout_s)
        if self._lacks(known, kind.capability):
            return []
        pages = list_all(kind, known)
        request = next(pages)
        while True:
            outcome = yield self.submit(
                Plan(
                    server=known,
                    method=request.method,
                    params=request.params or NO_PARAMS,
                    timeout_s=max(until - self.clock(), 0.0),
                )
            )
            try:
                request = pages.send(cast("Outcome", outcome))
            except StopIteration as end:
                listed: Entries | MCPOrchestratorError = end.value
                break
        if not isinstance(listed, MCPOrchestratorError):
            return listed.entries
        if isinstance(listed, MCPToolError) and self._is_not_offered(known, kind, listed):
            return []
        listed.server = known
        raise listed

    def _submit(
        self, server: ServerName, capability: str, method: str, params: Mapping[str, Any], timeout_s: float | None
    ) -> Call:
        limit_s = self.asking.limit_s(server, None, timeout_s)
        if self._lacks(server, capability):
            raise _not_offered(server, f"no {capability}")
        return self.submit(Plan(server=server, method=method, params=params, timeout_s=limit_s))

    def _is_not_offered(self, server: ServerName, kind: ListMethod, error: MCPToolError) -> bool:
        if kind is TEMPLATES and error.code == _METHOD_NOT_FOUND:
            return True  # No capability tells them from resources: a server that has only those need not know the word.
        return error.code in (_METHOD_NOT_FOUND, _INVALID_PARAMS) and self._lacks(server, kind.capability)

    def _lacks(self, server: ServerName, capability: str, feature: str = "") -> bool:
        """Say if the server, which is connected, did not declare this; without a connection nobody knows."""
        status = self.asking.board.statuses.get(server)
        if status is None or not status.ready:
            return False
        if capability == "completions" and status.protocol == _BEFORE_COMPLETIONS:
            return False
        if feature:
            return table(status.capabilities.get(capability)).get(feature) is not True
        return capability not in status.capabilities


def raw(outcome: object) -> dict[str, Any]:
    """Return what the server said, of a tools/call too, which a caller may send as any other request."""
    return cast("dict[str, Any]", outcome.raw if isinstance(outcome, ToolResult) else outcome)


def _not_offered(server: ServerName, what: str) -> MCPToolError:
    error = MCPToolError(f"the server offers {what}: it does not declare them", executed="no", code=_METHOD_NOT_FOUND)
    error.server = server
    return error


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _word(value: str, what: str, meaning: str) -> str:
    if not _is_word(value):
        raise ValueError(f"{what} must be {meaning}, not {value!r}")
    return value


def _dict(value: object, what: str, shape: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{what} must be a dict, {shape}, not {value!r}")
    return cast("Mapping[str, Any]", value)


def _texts(value: object, what: str) -> Mapping[str, str]:
    """Return a caller's dict of texts; TypeError that names what is none."""
    for key, text in _dict(value, what, "text by name").items():
        if not isinstance(key, str) or not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] -- callers err
            raise TypeError(f"{what} must be text by name: write {str(key)!r}: {str(text)!r}, not {key!r}: {text!r}")
    return cast("Mapping[str, str]", value)
