"""What servers may ask of us: the user's handlers, what each is given, and what may go out as an answer.

Source: MCP, sampling, elicitation and roots of all revisions; the shapes are the same in requests of a legacy server
and in the `inputRequests` of a modern one.
"""

import inspect
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, cast

from actors.call import Result
from actors.catalogue import table
from actors.errors import ConfigurationError
from actors.mcp.elicitation import with_defaults
from actors.mcp.texts import shown, text_of

logger = logging.getLogger(__name__)

METHOD_UNKNOWN, BAD_PARAMS, NO_ANSWER = -32601, -32602, -32603

_CARRIED = ("inputResponses", "requestState")
_ACTIONS = ("accept", "decline", "cancel")
_ROLES = ("assistant", "user")
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Elicitation:
    """A server asks the user for something, through `on_elicitation`.

    * `mode`: "form": data, as `requested_schema` says, a flat JSON Schema; "url": to open `url`, after a look at it.
    * `params`: all that the server sent, raw.
    """

    server: str
    message: str
    mode: Literal["form", "url"]
    requested_schema: Mapping[str, Any]
    url: str | None
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """A server asks for the words of a language model, through `on_sampling`. `params`: all that it sent, raw."""

    server: str
    messages: Sequence[Mapping[str, Any]]
    system_prompt: str | None
    max_tokens: int | None
    params: Mapping[str, Any]


Root: TypeAlias = str | os.PathLike[str] | Mapping[str, str]
Roots: TypeAlias = Sequence[Root] | Callable[[], Sequence[Root]]
OnSampling: TypeAlias = Callable[[Sampling], Mapping[str, Any]]
OnElicitation: TypeAlias = Callable[[Elicitation], Mapping[str, Any]]
Question: TypeAlias = Callable[[], Result]  # Runs a handler; may block for minutes; raises InputRefusedError only.


class InputRefusedError(Exception):
    """A server's question gets no answer. The text is for the server; `code`: of the JSON-RPC error."""

    def __init__(self, text: str, code: int = NO_ANSWER) -> None:
        super().__init__(text)
        self.code = code


class Inputs(Protocol):
    """What answers servers: the user's handlers, or whoever calls through a gateway."""

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What is declared to every server."""
        ...

    def question(self, server: str, method: str, params: Mapping[str, Any]) -> Question:
        """Return what answers a server. InputRefusedError: it may not ask that, or not like that."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InputHandlers:
    """The user's answers to what servers ask; those that are None are neither declared nor given.

    They run on threads apart, never on an actor's. ConfigurationError for what can be no handler.
    """

    on_sampling: OnSampling | None = None
    on_elicitation: OnElicitation | None = None
    roots: Roots | None = None

    def __post_init__(self) -> None:
        """Find now what would fail when a server asks."""
        for name, handler in (("on_sampling", self.on_sampling), ("on_elicitation", self.on_elicitation)):
            if handler is not None:
                _check_handler(name, handler)
        if callable(self.roots):
            _check_handler("roots", self.roots)
        elif self.roots is not None:
            try:
                _listed(self.roots)
            except (TypeError, ValueError) as error:
                raise ConfigurationError(f"roots: {error}") from error

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What is declared to every server: of sampling no tools, of elicitation both modes."""
        # Before 2025-11-25 elicitation was an object without keys; there, the two are keys that nobody knows.
        declared: dict[str, dict[str, Any] | None] = {
            "sampling": {} if self.on_sampling is not None else None,
            "elicitation": {"form": {}, "url": {}} if self.on_elicitation is not None else None,
            "roots": {} if self.roots is not None else None,
        }
        return {name: value for name, value in declared.items() if value is not None}

    def question(self, server: str, method: str, params: Mapping[str, Any]) -> Question:
        """Return what answers a server. InputRefusedError: it may not ask that, or not like that."""
        match method:
            case "sampling/createMessage" if self.on_sampling is not None:
                ask = partial(self.on_sampling, _sampling(server, params))
                return partial(_run, server, "on_sampling", ask, _sampled)
            case "elicitation/create" if self.on_elicitation is not None:
                asked = _elicitation(server, params)
                return partial(_run, server, "on_elicitation", partial(self.on_elicitation, asked), _elicited(asked))
            case "roots/list" if self.roots is not None:
                roots = self.roots
                return partial(_run, server, "roots", lambda: roots() if callable(roots) else roots, _rooted)
            case _:
                raise InputRefusedError(f"{method}: this client offers no such method", METHOD_UNKNOWN)


def carried(params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the params of a request with what the user gave since the one before; nothing older is carried along."""
    return params if not inputs else {**{key: params[key] for key in params if key not in _CARRIED}, **inputs}


def _check_handler(name: str, handler: object) -> None:
    if not callable(handler):
        raise ConfigurationError(f"{name} must be callable, not {handler!r}")
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(getattr(handler, "__call__", None)):  # noqa: B004 -- an object with `async def __call__`
        raise ConfigurationError(f"{name} is a coroutine function: it goes with AsyncMCPOrchestrator")


def _run(server: str, name: str, ask: Callable[[], object], checked: Callable[[Any], Result]) -> Result:
    """Run the user's code and return what may go out. On a thread apart, whose outermost frame this is."""
    try:
        answer = ask()
    except BaseException as error:  # Also sys.exit(): it is a handler's way to say no.
        logger.warning(
            "%s: %s raised, the server gets no answer", server, name, exc_info=True, extra={"server": server}
        )
        raise InputRefusedError(f"{name} of this client gave no answer") from error
    if inspect.iscoroutine(answer):
        answer.close()  # Of a function that is no coroutine function to look at. It says what it is, below.
    try:
        result = checked(answer)
        json.dumps(result, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        logger.warning("%s: %s gave an answer that cannot be sent: %s", server, name, error, extra={"server": server})
        raise InputRefusedError(f"{name} of this client gave an answer that cannot be sent") from error
    return result


def _sampling(server: str, params: Mapping[str, Any]) -> Sampling:
    messages, prompt, most = params.get("messages"), params.get("systemPrompt"), params.get("maxTokens")
    if not isinstance(messages, list):
        raise InputRefusedError("sampling/createMessage without a list of messages", BAD_PARAMS)
    if params.get("tools") or params.get("toolChoice"):
        raise InputRefusedError("sampling with tools, which this client does not declare", BAD_PARAMS)
    return Sampling(
        server=server,
        messages=[table(message) for message in cast("list[object]", messages)],
        system_prompt=prompt if isinstance(prompt, str) else None,
        max_tokens=most if type(most) is int else None,
        params=params,
    )


def _elicitation(server: str, params: Mapping[str, Any]) -> Elicitation:
    mode, schema, url = params.get("mode", "form"), params.get("requestedSchema"), params.get("url")
    if mode == "form" and not isinstance(schema, dict):
        raise InputRefusedError("elicitation/create of a form without its requestedSchema", BAD_PARAMS)
    if mode == "url" and not (isinstance(url, str) and url):
        raise InputRefusedError("elicitation/create of a URL without the URL", BAD_PARAMS)
    if mode not in ("form", "url"):
        raise InputRefusedError(f"elicitation/create: unknown mode {shown(mode)}", BAD_PARAMS)
    return Elicitation(
        server=server,
        message=text_of(params.get("message")),
        mode=mode,
        requested_schema=table(params.get("requestedSchema")) if mode == "form" else {},
        url=url if mode == "url" else None,
        params=params,
    )


def _sampled(answer: object) -> Result:
    result = _object(answer)
    if result.get("role") not in _ROLES:
        raise ValueError(f'role must be "assistant" or "user", not {result.get("role")!r}')
    if not isinstance(result.get("content"), Mapping | list):
        raise TypeError('content must be a content block such as {"type": "text", "text": ...}')
    if not isinstance(result.get("model"), str):
        raise TypeError("model must be the name of the model that answered")
    return result


def _elicited(asked: Elicitation) -> Callable[[object], Result]:
    def checked(answer: object) -> Result:
        result = _object(answer)
        action, content = result.get("action"), result.get("content")
        if action not in _ACTIONS:
            raise ValueError(f"action must be one of {', '.join(_ACTIONS)}, not {action!r}")
        if action != "accept" or asked.mode == "url":
            return {"action": action}
        given = {} if content is None else _object(content)
        for name, value in given.items():
            words = cast("list[object]", value) if isinstance(value, list) else None
            if not (isinstance(value, _PLAIN) if words is None else all(isinstance(word, str) for word in words)):
                raise TypeError(f"content.{name} must be a string, a number, a boolean or a list of strings")
        return {"action": action, "content": with_defaults(asked.requested_schema, given)}

    return checked


def _rooted(answer: object) -> Result:
    return {"roots": _listed(answer)}


def _listed(roots: object) -> list[dict[str, str]]:
    if isinstance(roots, str | Mapping) or not isinstance(roots, Sequence):
        raise TypeError(f"give a list of paths, file URIs or dicts of uri and name, not {roots!r}")
    return [_root(root) for root in cast("Sequence[object]", roots)]


def _root(root: object) -> dict[str, str]:
    given = _object(cast("object", root)) if isinstance(root, Mapping) else {"uri": root}
    uri, name = given.get("uri"), given.get("name")
    if set(given) - {"uri", "name"} or not isinstance(name, str | None):
        raise ValueError(f"a root has a uri and perhaps a name, both strings, not {root!r}")
    if isinstance(uri, os.PathLike) or (isinstance(uri, str) and uri and "://" not in uri):
        uri = Path(cast("str", uri)).absolute().as_uri()
    if not isinstance(uri, str) or not uri.startswith("file://"):
        raise ValueError(f"a root is a path or a file:// URI, not {root!r}")
    return {"uri": uri} if name is None else {"uri": uri, "name": name}


def _object(answer: object) -> dict[str, Any]:
    if not isinstance(answer, Mapping):
        raise TypeError(f"it must be a dict, not {type(answer).__name__}")
    return dict(cast("Mapping[str, Any]", answer))
