"""What must hold of a request of revision 2026-07-28, step by step; the first that fails is the answer. Pure.

Source: MCP 2026-07-28, basic protocol and Streamable HTTP; the order is that of the official Python server.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from actors.catalogue import table
from actors.mcp.envelope import LEGACY_VERSIONS, MODERN_VERSIONS, PROTOCOL_VERSION
from actors.mcp.header_params import HeaderParam, headers_of
from mcp_orchestrator.gateway.http_request import Headers
from mcp_orchestrator.gateway.refusals import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    UNSUPPORTED_VERSION,
    RefusedError,
)
from mcp_orchestrator.gateway.shapes import PREFIX

CAPABILITIES, LOG_LEVEL = f"{PREFIX}clientCapabilities", f"{PREFIX}logLevel"
VERSION_HEADER = "mcp-protocol-version"

_METHOD_HEADER, _NAME_HEADER = "mcp-method", "mcp-name"
_NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_OPENING, _CLOSING = "=?base64?", "?="


def is_modern(message: Mapping[str, Any], headers: Headers | None) -> bool:
    """Say which era a message belongs to; each says so by itself, whatever came before it. `headers`: see climb."""
    version = headers.get(VERSION_HEADER) if headers is not None else None
    if version is not None and version not in LEGACY_VERSIONS:
        return True
    params = table(message.get("params"))
    return PROTOCOL_VERSION in table(params.get("_meta")) or message.get("method") == "server/discover"


def climb(message: Mapping[str, Any], headers: Headers | None, knows: Callable[[str], bool]) -> Mapping[str, Any]:
    """Return the params of a request that is in order so far, or raise RefusedError. `headers`: None: it has none."""
    method, params = message["method"], message.get("params")
    meta = table(table(params).get("_meta"))
    version = meta.get(PROTOCOL_VERSION)
    if not isinstance(version, str) or not isinstance(meta.get(CAPABILITIES), dict):
        raise RefusedError(
            INVALID_PARAMS, f"params._meta must have {PROTOCOL_VERSION} (text) and {CAPABILITIES} (an object)"
        )
    if headers is not None:
        _check_header(headers, VERSION_HEADER, version)
        _check_header(headers, _METHOD_HEADER, method)
        name = table(params).get(_NAMED_BY.get(method, ""))
        if isinstance(name, str):
            _check_header(headers, _NAME_HEADER, name)
    if version not in MODERN_VERSIONS:
        raise RefusedError(
            UNSUPPORTED_VERSION,
            f"Unsupported protocol version: {version}",
            {"supported": list(MODERN_VERSIONS), "requested": version},
        )
    if not knows(method):
        raise RefusedError(METHOD_NOT_FOUND, f"Method not found: {method}")
    return table(params)


def check_header_params(params: tuple[HeaderParam, ...], arguments: object, headers: Headers) -> None:
    """Raise RefusedError unless the arguments that a tool wants mirrored are in the headers, and are the same."""
    for param in params:
        wanted = headers_of((param,), arguments).get(param.header)
        name = param.header.lower()
        given = headers.get(name)
        if (given is None) != (wanted is None) or headers.is_repeated(name):
            raise _mismatch(param.header)
        if given is not None and wanted is not None and not _is_same(_read(given, param.header), wanted, param.header):
            raise _mismatch(param.header)


def _is_same(given: str, wanted: str, header: str) -> bool:
    known = _read(wanted, header)
    if given == known:
        return True
    try:  # 42 and 42.0 are one integer.
        return float(given) == float(known)
    except ValueError:
        return False


def _check_header(headers: Headers, name: str, wanted: str) -> None:
    given = headers.get(name)
    if given is None or headers.is_repeated(name) or _read(given, name) != wanted:
        raise _mismatch(name)


def _read(value: str, header: str) -> str:
    """Return what a header's value stands for; RefusedError if it can stand for nothing."""
    if not (value.startswith(_OPENING) and value.endswith(_CLOSING)):
        return value
    try:
        text = b64decode(value[len(_OPENING) : -len(_CLOSING)], validate=True)
        return text.decode(errors="surrogatepass")
    except ValueError as error:
        raise _mismatch(header) from error


def _mismatch(header: str) -> RefusedError:
    return RefusedError(HEADER_MISMATCH, f"Header mismatch: {header} is missing, repeated, or not what the body says")
