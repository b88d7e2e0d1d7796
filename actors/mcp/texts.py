"""Texts out of what a peer sent, which may be anything: also lists too deep for Python to write them out."""

_MOST_LETTERS = 100


def text_of(value: object) -> str:
    """Return `value` if it is a text; else an empty one."""
    return value if isinstance(value, str) else ""


def shown(value: object) -> str:
    """Return what an error says of `value`: its beginning, or of what kind it is."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return repr(value[:_MOST_LETTERS] if isinstance(value, str) else value)
