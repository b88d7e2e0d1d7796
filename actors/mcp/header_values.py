"""What a name or an argument says in an HTTP header, for the transports that mirror it: Mcp-Name, Mcp-Param-*. Pure.

Source: MCP 2026-07-28, Streamable HTTP, value encoding.
"""

from base64 import b64encode

_OPENING, _CLOSING = "=?base64?", "?="


def header_value(value: str | int | bool) -> str:  # noqa: FBT001 -- a boolean is what is written
    """Return `value` as printable ASCII that a server reads back exactly. Never raises for what JSON can say.

    Half a surrogate pair, which JSON can escape and UTF-8 cannot say, becomes the three bytes that UTF-8 would have
    for it: the server finds the header at odds with the body and refuses the call unrun. ValueError: an integer of
    more digits than Python writes; `jsonrpc.encode` refuses it too.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)  # As json does: an enum's own text is its name.
    text = str.__str__(value)
    if text.isascii() and text.isprintable() and text == text.strip(" ") and not _looks_encoded(text):
        return text
    return f"{_OPENING}{b64encode(text.encode(errors='surrogatepass')).decode()}{_CLOSING}"


def _looks_encoded(text: str) -> bool:
    return text.startswith(_OPENING) and text.endswith(_CLOSING)
