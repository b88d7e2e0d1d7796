"""A peer's JSON, copied so that what is done with it costs no more than its size says. Pure; for `output_schema`.

Libraries write whole values into their messages, again and again: here a value says of itself no more than a few
words, and each knows its size, so that work on it can be counted before it is done.
"""

import math
from typing import Any, TypeAlias, cast

Json: TypeAlias = Any

_SHOWN = 40  # Characters of a text that a message quotes.
_CHARACTERS_A_STEP = 32  # To compare so many costs about as much as to look at one value.


class TooLargeError(ValueError):
    """More values or levels, or a longer text, than there is room for."""


class Object(dict[str, Any]):
    """A copied object. `size`: see the function."""

    __slots__ = ("size",)
    size: int

    def __repr__(self) -> str:
        """Say no more than that it is one."""
        return "{…}"


class Array(list[Any]):
    """A copied array."""

    __slots__ = ("size",)
    size: int

    def __repr__(self) -> str:
        """Say no more than that it is one."""
        return "[…]"


class _Text(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return f"{str.__repr__(self[:_SHOWN])}…"


def bounded(value: Json, *, most_values: int, most_levels: int, longest_text: float = math.inf) -> Json:
    """Return a copy of `value`, made of Object, Array and subclasses of str. Raises TooLargeError."""
    return _Copier(most_values, longest_text).copy(value, most_levels)


def size(value: Json) -> int:
    """Return how many steps it takes to look at all of a copied value: one for each part, more for a long text."""
    if isinstance(value, Object | Array):
        return value.size
    return 1 + len(value) // _CHARACTERS_A_STEP if isinstance(value, str) else 1


def canonical(value: Json) -> object:
    """Return what is equal, and hashes equally, for equal copied values: 1 is 1.0, but not true.

    Numbers are written out: a peer can choose numbers that all have one hash, not so texts.
    """
    if isinstance(value, str):
        return f"'{value}"
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Object):
        return frozenset((key, canonical(inner)) for key, inner in value.items())
    if isinstance(value, Array):
        return tuple(canonical(inner) for inner in value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class _Copier:
    def __init__(self, most_values: int, longest_text: float) -> None:
        self._left, self._longest_text = most_values, longest_text

    def copy(self, value: Json, levels: int) -> Json:
        """Copy a part that may have so many levels within."""
        self._left -= 1
        if self._left < 0 or levels < 0:
            raise TooLargeError
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            members = Object()
            for key, inner in cast("dict[str, Json]", value).items():
                members[self._text(key)] = self.copy(inner, levels - 1)
            members.size = 1 + sum(size(key) + size(inner) for key, inner in members.items())
            return members
        if isinstance(value, list):
            items = Array(self.copy(inner, levels - 1) for inner in cast("list[object]", value))
            items.size = 1 + sum(size(inner) for inner in items)
            return items
        return value

    def _text(self, value: str) -> str:
        if len(value) > self._longest_text:
            raise TooLargeError
        return _Text(value) if len(value) > _SHOWN else value
